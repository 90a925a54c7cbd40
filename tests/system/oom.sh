#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# oom.sh - libstaticcall finds no memory: each of its allocations in turn fails,
# at start, while a library is loaded, in updates and in walks.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

# once N: the Nth fails; sets "seen" to how many there were
once()
{
	LD_PRELOAD=$here/.libs/preload.so PRELOAD_DOES=fail=$1 \
		"$here/oom_$b" "$tests/$b/.libs/libconfdso.so" \
		>"$work/out" 2>&1 || return
	seen=$(sed -n 's/^allocations //p' "$work/out")
	[ -n "$seen" ] && [ "$seen" -ge 0 ]
}

# Each allocation fails once.
each_in_turn()
{
	local n

	for ((n = 1; n < 200; n++)); do
		if ! once $n; then
			echo "allocation $n:"
			cat "$work/out"
			return 1
		fi
		[ "$seen" -ge $n ] || break
	done
	echo "$((n - 1)) allocations failed in turn"
	# If none failed, the test has shown nothing; but the tables of a small
	# program are static, and the generic backend has nothing else.
	{ [ $n -gt 1 ] || [ "$b" = generic ]; } && [ $n -lt 200 ]
}

for b in $(built); do
	check "$b: no memory" each_in_turn
done
finish
