#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# wx.sh - nothing is ever mapped writable and executable, in the whole
# conformance suite and under the restrictions that change how text is written.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

export SC_TEST_SHORT=1

# caught HOW: the tracer sees what wxsin does
caught()
{
	"$here/wxtrace" "$here/wxsin" "$1"
	[ $? = 100 ]
}

# watched DIR COMMAND...: it passes, and the tracer had something to see
watched()
{
	cd "$1" || return
	shift
	"$here/wxtrace" "$@"
}

"$here/wxtrace" "$here/wxsin" nothing 2>"$work/log"
if [ $? = 77 ]; then
	echo "1..0 # SKIP no tracing here: $(tail -n 1 "$work/log")"
	exit 0
fi
for how in mmap mprotect thread fork personality; do
	check "the tracer catches $how" caught $how
done
check 'the tracer lets writable, then executable pass' \
	watched "$here" ./wxsin nothing

for b in $(built); do
	for test in "${conformance[@]}"; do
		[ -x "$tests/$b/test_$test" ] || continue
		check "$b: test_$test" watched "$tests/$b" "./test_$test"
	done
	# No mem file: the moved copy is edited by mprotect.
	for how in 'not dumpable, another user' 'pwrite: EPERM' \
		'mremap and madvise: EPERM' 'text anonymous after start'; do
		watched "$here" "./locked_$b" "$how" threads >"$work/log" 2>&1
		case $? in
		0) report ok "$b: $how" ;;
		77) skip "$b: $how" "$(head -n 1 "$work/log")" ;;
		*) report 'not ok' "$b: $how" "$work/log" ;;
		esac
	done
done
finish
