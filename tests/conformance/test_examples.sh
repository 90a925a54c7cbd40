#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_examples.sh - the examples, built and run as examples/README says; what they
# print is what it says.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

if ! "${PKG_CONFIG:-pkg-config}" --version >/dev/null 2>&1; then
	echo '1..0 # SKIP no pkg-config'
	exit 0
fi
# Helgrind has nothing to add, and what it does to a program takes long.
if [ "${SC_VALGRIND_TOOL:-memcheck}" != memcheck ]; then
	echo '1..0 # SKIP memcheck runs it'
	exit 0
fi
# With what a careful project asks for.
cc+=(-Wall -Wextra -Werror -Wshadow)
cxx+=(-Wall -Wextra -Werror -Wshadow)
# shellcheck source=tests/conformance/session.sh
. "$abs_top_srcdir/tests/conformance/session.sh"

examples=$abs_top_srcdir/examples
mkdir "$work/copy" && cd "$work/copy" || exit 99
cp "$examples"/*.[ch] "$examples"/*.cc "$examples"/*.map . || exit 99
# A daemon that was left behind, because a command before "stop" failed.
trap '[ ! -S socket ] || ./featurectl ./socket stop >/dev/null; rm -rf "$work"' EXIT

sessions README <"$examples/README"

# Each example is in README.
for file in *.c *.cc; do
	grep -qF " $file" "$examples/README" || echo "$file"
done >"$work/missing"
check 'README has each example' test ! -s "$work/missing"

# A session that shows something else is noticed.
before=$failed
out=$(sessions control <<'END2'
	$ echo right
	wrong
END2
)
failed=$before
check 'another output is a failure' grep -q '^not ok' <<<"$out"

finish
