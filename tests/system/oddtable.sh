#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# oddtable.sh - site records at every alignment.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

# Compiled and linked without the hook: its records are written by hand.
build()
{
	"${cc[@]}" -O2 -fPIE -pie "-I$abs_top_builddir/include/inline" \
		"-I$abs_top_srcdir/include" -DSTATIC_CALL_NO_HOOK \
		-o "$work/oddtable" \
		"$abs_top_srcdir/tests/system/oddtable.c" \
		"-L$libs" -lstaticcall-inline "-Wl,-rpath,$libs"
}

if ! built | grep -q '^inline$'; then
	echo '1..0 # SKIP the inline backend is not tested here'
	exit 0
fi
check 'a table at every alignment: build' build
check 'a table at every alignment' "$work/oddtable"
check 'a table at every alignment, STATIC_CALL_PATCH=0' \
	env STATIC_CALL_PATCH=0 "$work/oddtable"
finish
