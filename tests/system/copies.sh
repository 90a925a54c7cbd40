#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# copies.sh - runs "copies" for each backend.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

# Set where the suite runs under valgrind: this is a program of the library's.
read -ra under <<<"${SC_VALGRIND:-}"
for b in "${backends[@]}"; do
	[ -x "$here/copies_$b" ] || continue
	check "$b: several copies of the library" \
		"${under[@]}" "$here/copies_$b" "$here/.libs/copya_$b.so" \
		"$here/.libs/copyb_$b.so"
done
finish
