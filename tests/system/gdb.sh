#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gdb.sh - breakpoints at a call site and around it: they are hit every time while
# the site is updated, nothing else stops the program, and it ends right.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

needs gdb
debug=(gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'set confirm off'
	-ex 'set breakpoint pending off')
limit=(timeout "$patience")

# hits N: how often breakpoint N was hit, by the log
hits()
{
	awk -v n="$1" '$1 == n && /breakpoint/ { seen = 1; next }
		/^[0-9]/ { seen = 0 }
		seen && /already hit/ { print $4 }' "$work/gdb"
}

# no_other_stop: nothing but our breakpoints
no_other_stop()
{
	! grep -E 'SIG(TRAP|SEGV|ILL|BUS)|Cannot (insert|access)' "$work/gdb"
}

# from_the_start ROUNDS THREADS: breakpoints are set before the first update.
# A backend without sites has none at the site.
from_the_start()
{
	local rounds=$1 threads=$2 n at_site=()

	[ "$b" = inline ] && at_site=(-ex 'break *(long)site_of_watched'
		-ex 'break *((long)site_of_watched + 5)')
	"${limit[@]}" "${debug[@]}" -ex 'break ready' -ex 'run' -ex 'delete' \
		-ex 'break watched_call' "${at_site[@]}" \
		-ex 'ignore 2 1000000' \
		${at_site:+-ex 'ignore 3 1000000' -ex 'ignore 4 1000000'} \
		-ex 'continue' -ex 'info breakpoints' \
		--args "$here/target_$b" "$rounds" "$threads" \
		>"$work/gdb" 2>&1
	cat "$work/gdb"
	no_other_stop || return
	grep -q "rounds $rounds wrong 0" "$work/gdb" || return
	grep -q 'exited normally' "$work/gdb" || return
	for n in 2 ${at_site:+3 4}; do
		if [ "$(hits "$n")" != "$rounds" ]; then
			echo "breakpoint $n was hit $(hits "$n") times"
			return 1
		fi
	done
}

# A debugger comes and goes while the program runs.
come_and_go()
{
	local i pid rc site=watched_call

	[ "$b" = inline ] && site='*(long)site_of_watched'
	"$here/target_$b" 0 2 100 >"$work/out" 2>&1 &
	pid=$!
	until_ready $pid || return
	for ((i = 0; i < 2; i++)); do
		"${limit[@]}" "${debug[@]}" -p $pid -ex 'break watched_call' \
			-ex "break $site" -ex 'ignore 1 10' -ex 'ignore 2 20' \
			-ex 'continue' -ex 'continue' -ex 'info breakpoints' \
			-ex 'detach' >"$work/gdb" 2>&1
		if ! no_other_stop || [ "$(hits 1)" -lt 11 ] ||
			! kill -0 $pid 2>/dev/null; then
			kill -9 $pid 2>/dev/null
			wait $pid
			rc=$?
			echo "visit $i: $(hits 1) hits, exit status $rc"
			grep -vE '^\[|^Using|^$' "$work/gdb"
			return 1
		fi
	done
	kill -TERM $pid
	wait $pid
	rc=$?
	echo "exit status $rc after the last visit"
	cat "$work/out"
	[ $rc = 0 ] && grep -q 'wrong 0' "$work/out"
}

# A checkpoint is a child that gdb makes by fork(): there the program goes on after
# updates of its own, and then the first one does.
goes_on_from_a_checkpoint()
{
	"${limit[@]}" "${debug[@]}" -ex 'break ready' -ex 'run' -ex 'checkpoint' \
		-ex 'break watched_call' -ex 'ignore 2 10' -ex 'continue' \
		-ex 'restart 1' -ex 'delete' -ex 'continue' \
		--args "$here/target_$b" 50 0 >"$work/gdb" 2>&1
	cat "$work/gdb"
	no_other_stop && grep -q 'rounds 50 wrong 0' "$work/gdb" &&
		grep -q 'exited normally' "$work/gdb"
}

# A call that was patched leads to a function that has source lines.
steps_into_the_target()
{
	"${limit[@]}" "${debug[@]}" -ex 'break watched_call' -ex 'run' \
		-ex 'step' -ex 'frame' --args "$here/target_$b" 5 0 \
		>"$work/gdb" 2>&1
	cat "$work/gdb"
	grep -qE '^#0 +target_(one|two) ' "$work/gdb"
}

if ! gdb -nx -batch -ex run --args true >"$work/log" 2>&1 ||
	! grep -q 'exited normally' "$work/log"; then
	echo "1..0 # SKIP gdb cannot run programs here: $(tail -n 1 "$work/log")"
	exit 0
fi
for b in $(patching); do
	check "$b: breakpoints from the start, alone" from_the_start 50 0
	check "$b: breakpoints from the start, threads" from_the_start 30 1
	check "$b: gdb comes and goes" come_and_go
	check "$b: a checkpoint" goes_on_from_a_checkpoint
	[ "$b" != inline ] ||
		check "$b: step goes into the target" steps_into_the_target
done
finish
