#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# neighbours.sh - others that write code in the same pages, or stop at it: XRay,
# uftrace's dynamic tracing, ltrace.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

# ---- XRay: each function begins and ends with code that is patched ------------

build_xray()
{
	local h=()

	[ "$b" = inline ] && h=("${HOOK:?}")
	clang -O2 -fxray-instrument "-I$abs_top_builddir/include/$b" \
		"-I$abs_top_srcdir/include" "${h[@]}" -o "$work/xray" \
		"$abs_top_srcdir/tests/system/beside_xray.c" "-L$libs" \
		"-lstaticcall-$b" "-Wl,-rpath,$libs" -lpthread
}

with_xray()
{
	missing "$b: XRay" clang && return
	if ! clang -fxray-instrument -x c -o "$work/xray" - \
		<<<'int main(void) { return 0; }' >"$work/log" 2>&1; then
		skip "$b: XRay" "$(tail -n 1 "$work/log")"
		return
	fi
	check "$b: a program with XRay builds" build_xray
	check "$b: XRay patches and unpatches between updates, alone" \
		"$work/xray" 300 0
	check "$b: XRay patches and unpatches between updates, threads" \
		"$work/xray" 300 2
}

# ---- uftrace: a jump at the entry of each function -----------------------------

# Every call is seen: nothing else runs while a page is updated.
uftraced()
{
	rm -rf "$work/uftrace"
	uftrace record --no-event -P . -d "$work/uftrace" "$@" \
		>"$work/out" 2>&1 || return
	cat "$work/out"
	grep -q 'wrong 0' "$work/out"
}

sees_all_calls()
{
	uftrace report -d "$work/uftrace" >"$work/out" 2>&1
	cat "$work/out"
	awk '$NF == "watched_call" { n = $(NF - 1) } END { exit n != 100 }' \
		"$work/out"
}

with_uftrace()
{
	missing "$b: uftrace" uftrace && return
	if ! uftraced "$here/target_generic" 10 ||
		! uftrace report -d "$work/uftrace" 2>&1 | grep -q watched_call; then
		skip "$b: uftrace" "it does not trace here: $(tail -n 1 "$work/out")"
		return
	fi
	check "$b: uftrace -P" uftraced "$here/target_$b" 100
	check "$b: uftrace -P sees every call" sees_all_calls
}

# ---- ltrace: breakpoints on calls of libraries ---------------------------------

ltraced()
{
	timeout "$patience" ltrace -f -e 'static_call*+__static_call*' \
		-o "$work/ltrace" "$here/target_$b" 20 1 >"$work/out" 2>&1
	cat "$work/out"
	grep -q 'wrong 0' "$work/out"
}

with_ltrace()
{
	missing "$b: ltrace" ltrace && return
	if ! ltrace -o "$work/ltrace" true >"$work/log" 2>&1; then
		skip "$b: ltrace" "$(tail -n 1 "$work/log")"
		return
	fi
	check "$b: ltrace -f" ltraced
}

for b in $(patching); do
	with_xray
	with_uftrace
	with_ltrace
done
finish
