#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tools.sh - a program whose calls are updated under strace, perf and uprobes.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

# ---- strace -------------------------------------------------------------------

straced()
{
	strace -f -o "$work/strace" "$@" >"$work/out" 2>&1 || return
	cat "$work/out"
	grep -q 'wrong 0' "$work/out"
}

# after PATTERN: calls of that kind once the program was set up (it looks for
# SIGTERM just before)
after()
{
	sed -n '/rt_sigaction(SIGTERM/,$p' "$work/strace" | grep -Ec "$1"
}

has_membarrier()
{
	grep 'membarrier(MEMBARRIER_CMD_QUERY' "$work/strace" |
		grep -q 'PRIVATE_EXPEDITED_SYNC_CORE'
}

each_update_synchronises()
{
	local n

	n=$(after 'membarrier\(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE')
	echo "$n calls of membarrier"
	[ "$n" -ge 100 ]
}

no_calls_of_the_engine()
{
	local n

	n=$(after 'mremap|membarrier|unshare|ioctl|/proc/(self|thread-self)')
	echo "$n calls"
	[ "$n" = 0 ]
}

with_strace()
{
	missing "$b: strace -f" strace && return
	if ! strace -o "$work/strace" true >"$work/log" 2>&1; then
		skip "$b: strace -f" "$(tail -n 1 "$work/log")"
		return
	fi
	check "$b: strace -f" straced "$here/target_$b" 100 2
	if has_membarrier; then
		check "$b: each update synchronises all threads" \
			each_update_synchronises
	else
		skip "$b: each update synchronises all threads" \
			'this kernel has no membarrier for code'
	fi
	check "$b: strace -f, STATIC_CALL_PATCH=0" \
		straced env STATIC_CALL_PATCH=0 "$here/target_$b" 100 2
	check "$b: STATIC_CALL_PATCH=0 calls nothing of the system's" \
		no_calls_of_the_engine
}

# ---- perf ---------------------------------------------------------------------

# Until there are enough samples: a busy machine runs the program little, and its
# second thread, which has most of them, perhaps never.
record()
{
	local rounds=2000

	until [ "$(samples | wc -l)" -ge 200 ] || [ $rounds -gt 512000 ]; do
		timeout "$patience" perf record -q -F 2000 -e cpu-clock \
			-o "$work/perf" "$here/target_$b" $rounds 1 200 \
			>"$work/out" 2>&1 || return
		cat "$work/out"
		grep -q 'wrong 0' "$work/out" || return
		rounds=$((rounds * 2))
	done
}

# Samples in the program's text, as symbol and file.
samples()
{
	perf script -i "$work/perf" -F ip,sym,dso 2>/dev/null |
		grep "target_$b)"
}

# The functions that run most are called through sites that change all the time.
# They share the time evenly; their callers and trampolines have next to none.
names_functions()
{
	local all one two

	all=$(samples | wc -l)
	one=$(samples | grep -cw target_one)
	two=$(samples | grep -cw target_two)
	echo "$all samples, $one in target_one, $two in target_two"
	samples | awk '{ print $2 }' | sort | uniq -c
	[ "$one" -gt 0 ] && [ "$two" -gt 0 ] &&
		[ $((one + two)) -gt $((all / 2)) ]
}

with_perf()
{
	missing "$b: perf record" perf && return
	if ! perf record -q -e cpu-clock -o "$work/perf" true \
		>"$work/log" 2>&1; then
		skip "$b: perf record" "$(tail -n 1 "$work/log")"
		return
	fi
	check "$b: perf record" record
	check "$b: perf names the functions after updates" names_functions
}

# ---- uprobes ------------------------------------------------------------------

tracing=/sys/kernel/tracing
probe=sc_test_$$

offset_of() # SYMBOL: in the file
{
	local value
	value=$(nm "$here/target_$b" | awk -v s="$1" '$3 == s { print $1 }')
	[ -n "$value" ] || return
	readelf -lW "$here/target_$b" | awk -v v="$((16#$value))" '
		function hex(s, i, n) {
			s = tolower(substr(s, 3))
			for (i = 1; i <= length(s); i++)
				n = n * 16 + index("0123456789abcdef",
					substr(s, i, 1)) - 1
			return n
		}
		$1 == "LOAD" && v >= hex($3) && v < hex($3) + hex($6) {
			print v - hex($3) + hex($2)
		}'
}

add_probe() # OFFSET
{
	printf 'p:%s/at %s:0x%x\n' "$probe" "$here/target_$b" "$1" \
		>>$tracing/uprobe_events &&
		echo 1 >$tracing/events/"$probe"/at/enable
}

remove_probe()
{
	echo 0 >$tracing/events/"$probe"/at/enable
	echo "-:$probe/at" >>$tracing/uprobe_events
}

probe_hits()
{
	awk '$2 == "at" || $2 ~ /\/at$/ { print $3 }' $tracing/uprobe_profile
}

# A probe on a function of a page that is patched all the time.  An update may
# cost it hits, and costs the program nothing.
probed_from_the_start()
{
	local hits rc

	add_probe "$(offset_of busy_call)" || return
	"$here/target_$b" 500 1 200 >"$work/out" 2>&1
	rc=$?
	hits=$(probe_hits)
	remove_probe
	cat "$work/out"
	echo "$hits hits, exit status $rc"
	[ $rc = 0 ] && grep -q 'wrong 0' "$work/out"
}

# probed_on_and_off SYMBOL [MICROSECONDS]: probes come and go while calls are
# updated, with that pause: none is left behind.
probed_on_and_off()
{
	local pid i rc offset

	offset=$(offset_of "$1") || return
	"$here/target_$b" 0 1 "${2:-50}" >"$work/out" 2>&1 &
	pid=$!
	until_ready $pid || return
	for ((i = 0; i < 15; i++)); do
		add_probe "$offset" || break
		sleep 0.02
		remove_probe
		sleep 0.01
		kill -0 $pid 2>/dev/null || break
	done
	kill -TERM $pid 2>/dev/null
	wait $pid
	rc=$?
	cat "$work/out"
	echo "$i times, exit status $rc"
	[ $rc = 0 ] && [ $i = 15 ] && grep -q 'wrong 0' "$work/out"
}

can_probe()
{
	if [ ! -e $tracing/uprobe_events ]; then
		echo 'no tracefs, or no uprobes in this kernel'
		return 1
	fi
	add_probe "$(offset_of watched_call)" 2>&1 || return
	remove_probe 2>&1
}

with_uprobes()
{
	if ! can_probe >"$work/log" 2>&1; then
		skip "$b: uprobe" "$(tail -n 1 "$work/log")"
		return
	fi
	check "$b: uprobe beside patched sites" probed_from_the_start
	check "$b: uprobes on a function come and go" \
		probed_on_and_off busy_call
	check "$b: uprobes on another function of the page come and go" \
		probed_on_and_off watched_call
	# The probed instruction never changes.  The probe comes and goes between
	# two updates, because an update takes it out.
	check "$b: uprobes on a trampoline come and go" \
		probed_on_and_off __SCT__watched 300000
}

# tracefs is mounted for this script alone where it is not mounted.
if [ ! -e $tracing/uprobe_events ] && [ -z "${TOOLS_MOUNTED:-}" ] &&
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	export TOOLS_MOUNTED=1
	exec unshare -m "$BASH" -c \
		'mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null
		exec "$BASH" "$0"' "$0"
fi
for b in $(patching); do
	with_strace
	with_perf
	with_uprobes
done
finish
