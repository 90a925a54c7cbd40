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

# A debugger comes and goes while the program runs.  What it writes in the middle of
# an update may be lost with the page that stands in (the manual says so), and then
# it waits for ever; so it first goes on to where the program pauses.
come_and_go()
{
	local i pid rc site=watched_call

	[ "$b" = inline ] && site='*(long)site_of_watched'
	"$here/target_$b" 0 2 100 >"$work/out" 2>&1 &
	pid=$!
	until_ready $pid || return
	for ((i = 0; i < 2; i++)); do
		"${limit[@]}" "${debug[@]}" -p $pid -ex 'tbreak usleep' \
			-ex 'continue' -ex 'break watched_call' \
			-ex "break $site" -ex 'ignore 2 10' -ex 'ignore 3 20' \
			-ex 'continue' -ex 'continue' -ex 'info breakpoints' \
			-ex 'detach' >"$work/gdb" 2>&1
		if ! no_other_stop || [ "$(hits 2)" -lt 11 ] ||
			! kill -0 $pid 2>/dev/null; then
			kill -9 $pid 2>/dev/null
			wait $pid
			rc=$?
			echo "visit $i: $(hits 2) hits, exit status $rc"
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
# updates of its own, and then the first one does.  gdb gives the file that both write
# to the position that it had; what is appended is not written over then.
goes_on_from_a_checkpoint()
{
	rm -f "$work/gdb"
	"${limit[@]}" "${debug[@]}" -ex 'break ready' -ex 'run' -ex 'checkpoint' \
		-ex 'break watched_call' -ex 'ignore 2 10' -ex 'continue' \
		-ex 'restart 1' -ex 'delete' -ex 'continue' \
		--args "$here/target_$b" 50 0 >>"$work/gdb" 2>&1
	cat "$work/gdb"
	no_other_stop && grep -q 'rounds 50 wrong 0' "$work/gdb" &&
		grep -q 'exited normally' "$work/gdb"
}

# The line with the call of watched_call(): at its beginning a function may have more
# steps than one.
call=target.c:$(grep -n 'static_call(watched)(x)' \
	"$abs_top_srcdir/tests/system/target.c" | sed 's/:.*//;q')

# A call that was patched leads to a function that has source lines.
steps_into_the_target()
{
	"${limit[@]}" "${debug[@]}" -ex "break $call" -ex 'run' \
		-ex 'step' -ex 'frame' --args "$here/target_$b" 5 0 \
		>"$work/gdb" 2>&1
	cat "$work/gdb"
	grep -qE '^#0 +target_(one|two) ' "$work/gdb"
}

# ---- the script that gdb loads with the library ------------------------------

# auto_load: the script where gdb looks for it, by the path of the library
auto_load()
{
	local library

	library=$(readlink -f "$abs_top_builddir/src/.libs/libstaticcall-$b.so") ||
		return
	mkdir -p "$work/auto${library%/*}" &&
		cp "$abs_top_srcdir/tools/gdb/static_calls.py" \
			"$work/auto$library-gdb.py"
	with_script=(-iex "add-auto-load-scripts-directory $work/auto"
		-iex "add-auto-load-safe-path $work/auto")
}

# ask ARGUMENT...: gdb's answers, of target_$b
ask()
{
	"${limit[@]}" "${debug[@]}" "$@" --args "$here/target_$b" 5 0 \
		>"$work/gdb" 2>&1
	cat "$work/gdb"
	no_other_stop
}

# The backend has no records of sites where all calls go through trampolines.
row()
{
	case $b in
	inline) echo "^watched +2 +$1 +target_(one|two) at .*target\.c:[0-9]+\$" ;;
	*) echo '^watched +0 +0 +target_(one|two)( at .*target\.c:[0-9]+)?$' ;;
	esac
}

lists_the_calls()
{
	rm -f "$work/core"
	ask "${with_script[@]}" -ex 'break watched_call' -ex run \
		-ex 'info static-calls' -ex "gcore $work/core" -ex continue || return
	grep -qE "$(row 2)" "$work/gdb" || return
	# a core, too
	"${limit[@]}" "${debug[@]}" "${with_script[@]}" \
		-ex 'info static-calls ^wat' "$here/target_$b" "$work/core" \
		>"$work/gdb" 2>&1
	cat "$work/gdb"
	grep -qE "$(row 2)" "$work/gdb" || return
	[ "$b" != inline ] ||
		grep -qE '^  0x[0-9a-f]+ watched_call\+[0-9]+ at .*, direct$' \
			"$work/gdb"
}

lists_what_is_not_direct()
{
	STATIC_CALL_PATCH=0 ask "${with_script[@]}" -ex 'break watched_call' \
		-ex run -ex 'info static-calls nope' -ex 'info static-calls w.t' ||
		return
	grep -q '^No static calls match "nope"\.$' "$work/gdb" &&
		grep -qE "$(row 0)" "$work/gdb" || return
	[ "$b" != inline ] || grep -q ', through the trampoline$' "$work/gdb"
}

without_the_script()
{
	ask -ex 'break watched_call' -ex run -ex 'info static-calls'
	grep -q 'Undefined info command' "$work/gdb"
}

# step_into HOW...: "step" at a call that is not patched, twice, and to the end
step_into()
{
	STATIC_CALL_PATCH=0 ask "$@" -ex "break $call" -ex run \
		-ex step -ex 'info symbol $pc' -ex continue -ex step \
		-ex 'info symbol $pc' -ex delete -ex continue || return
	grep -q 'exited normally' "$work/gdb" && ! grep -q '^__SCT__' "$work/gdb"
}
steps_through_the_trampoline()
{
	step_into "${with_script[@]}" &&
		[ "$(grep -cE '^target_(one|two)( \+ |\.| in )' "$work/gdb")" = 2 ]
}
passes_over_it_without()
{
	step_into && ! grep -qE '^target_(one|two)( \+ |\.| in )' "$work/gdb"
}

# One instruction at a time there is nothing to hide; and "step" leads out of it.
shows_the_trampoline()
{
	STATIC_CALL_PATCH=0 ask "${with_script[@]}" -ex 'break ready' -ex run \
		-ex 'break *(long)site_of_watched' -ex continue -ex stepi \
		-ex 'info symbol $pc' -ex step -ex frame || return
	grep -q '^__SCT__watched in section' "$work/gdb" &&
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
if ! gdb -nx -batch -ex 'python print(1)' 2>/dev/null | grep -q 1; then
	skip 'the script' 'gdb has no Python here'
	finish
fi
for b in $(patching); do
	auto_load || continue
	check "$b: info static-calls, of a process and a core" lists_the_calls
	check "$b: info static-calls, not patched" lists_what_is_not_direct
	check "$b: control: without the script" without_the_script
	check "$b: step goes through a trampoline" steps_through_the_trampoline
	check "$b: control: not without the script" passes_over_it_without
	[ "$b" != inline ] ||
		check "$b: stepi shows the trampoline" shows_the_trampoline
done
finish
