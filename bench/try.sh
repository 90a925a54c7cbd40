#!/bin/sh
# SPDX-License-Identifier: MIT
# try.sh OUTPUT COMMAND...: build OUTPUT by a command that some machines cannot run;
# there OUTPUT becomes a script that says so.
output=$1
shift
if why=$("$@" -o "$output" 2>&1); then
	exit 0
fi
{
	echo '#!/bin/sh'
	echo "cat <<'END'"
	echo "not built: $1 cannot do it here"
	printf '%s\n' "$why" | grep -m 1 -iE 'error|unsupported|not found'
	echo END
} >"$output"
chmod +x "$output"
