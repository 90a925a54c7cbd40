#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# textrel.sh - text that is relocated is not patched.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

needs readelf

# build BACKEND OPTION...: the program, with more options for the linker
build()
{
	local b=$1 h=()
	shift
	[ "$b" = inline ] && h=("${HOOK:?}")
	"${cc[@]}" -O2 -fPIE -pie "-I$abs_top_builddir/include/$b" \
		"-I$abs_top_srcdir/include" "${h[@]}" "$@" -o "$work/textrel" \
		"$abs_top_srcdir/tests/system/textrel.c" \
		"$abs_top_srcdir/tests/system/calls.c" \
		"-L$libs" "-lstaticcall-$b" "-Wl,-rpath,$libs"
}

has_textrel()
{
	readelf -d "$work/textrel" | grep -q TEXTREL
}

for b in $(patching); do
	if ! build "$b" -Wl,-z,notext >"$work/log" 2>&1 || ! has_textrel; then
		skip "$b: text relocations" \
			"the linker makes none: $(tail -n 1 "$work/log")"
		continue
	fi
	check "$b: text relocations" "$work/textrel"
done
finish
