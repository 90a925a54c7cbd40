#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The stress program sees each wrong engine fail.
set -u
build=${STRESS_BUILD:-.}
# Until it is caught: a busy machine seldom runs two threads of it at a time.
limit=${STRESS_CONTROL_SECONDS:-1200}
n=0 failed=0

# What it took: time, calls, updates, and the fault.
summary()
{
	awk '/^time/ { t = $2 } /^calls/ { c = $2 } /^updates/ { u = $2 }
		/^fault / { sub(/^fault +/, ""); f = $0 }
		END { printf "%s s, %d calls, %d updates: %s\n", t, c, u,
			f ? f : "no fault" }'
}

# caught PROGRAM WHAT ROLE...: it must fail.
caught()
{
	local program=$1 what=$2 out

	shift 2
	n=$((n + 1))
	if out=$("$build/$program" "$limit" "$@" 2>&1); then
		echo "not ok $n - $what is caught"
		failed=1
	else
		echo "ok $n - $what is caught"
	fi
	echo "# $(printf '%s\n' "$out" | summary)"
}

# perhaps PROGRAM WHAT ROLE...: whether it can fail depends on the machine.
perhaps()
{
	local program=$1 what=$2 out

	shift 2
	n=$((n + 1))
	if out=$("$build/$program" 5 "$@" 2>&1); then
		echo "ok $n - $what is caught # SKIP not observable on this machine"
	else
		echo "ok $n - $what is caught"
	fi
	echo "# $(printf '%s\n' "$out" | summary)"
}

# Few places, so that the callers are often where text changes.
few=(keys=1 plain=1 blocked=1 single=1)
if [ "$(nproc)" = 1 ]; then
	echo "1..0 # SKIP one processor: nothing is torn"
	exit 0
fi
caught unsafe-bytes 'text written byte by byte' "${few[@]}"
caught unsafe-word 'text written by single stores' "${few[@]}"
caught unsafe-mem 'live text written through /proc/self/mem' "${few[@]}"
caught unsafe-trap 'the int3 protocol' "${few[@]}"
caught broken-crossing 'a place across pages that is patched' \
	plain=2 single=1 give=1
caught broken-stale 'an old target that stays' "${few[@]}"
perhaps broken-sync 'an update that ends without synchronisation' "${few[@]}"
echo "1..$n"
exit "$failed"
