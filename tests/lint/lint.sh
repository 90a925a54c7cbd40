# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the lints share: TAP, and the tree they look at.  Sourced.

# A copy with a fault in it, when a lint is tested itself.
root=${SC_LINT_ROOT:-${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}}
cd "$root" || exit 99

export LC_ALL=C
tap_n=0 tap_failed=0

# report NAME FINDINGS: pass if there is nothing to say.
report()
{
	tap_n=$((tap_n + 1))
	if [ -z "$2" ]; then
		echo "ok $tap_n - $1"
	else
		echo "not ok $tap_n - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
		tap_failed=1
	fi
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

finish()
{
	echo "1..$tap_n"
	exit "$tap_failed"
}

# The project's own files, also where there is no version control and where it was
# built in the source tree: configure makes a static_call/config.h per backend.
sources()
{
	find "$@" \( -name '.git' -o -path './build' -o -name 'autom4te.cache' \
		-o -name '.libs' -o -name '.deps' \
		-o -path '*include/*/static_call/config.h' \) -prune -o \
		-type f -print 2>/dev/null | sort
}

# lines_of FILE...: without comments, each line as "FILE:LINE:TEXT".
lines_of()
{
	[ $# -gt 0 ] && awk '
	FNR == 1 { inside = 0 }
	{
		line = $0; out = ""
		while (line != "") {
			if (inside) {
				i = index(line, "*/")
				if (!i) { line = ""; break }
				line = substr(line, i + 2); inside = 0
			} else {
				i = index(line, "/*")
				if (!i) { out = out line; break }
				out = out substr(line, 1, i - 1)
				line = substr(line, i + 2); inside = 1
			}
		}
		print FILENAME ":" FNR ":" out
	}' "$@"
}

# code FILE: without comments, lines kept.
code()
{
	lines_of "$1" | cut -d: -f3-
}

# includes FILE...: the names they include, as "FILE includes NAME", where NAME is
# "name" or <name>.
includes()
{
	lines_of "$@" | sed -n 's/^\([^:]*\):[0-9]*:[ \t]*#[ \t]*include[ \t]*\([<"][^>"]*[>"]\).*/\1 includes \2/p'
}
