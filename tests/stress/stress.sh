#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A short run of the stress program with each engine that must be right.
set -u
build=${STRESS_BUILD:-.}
short=${SC_TEST_SHORT:+1}
n=0 failed=0

# run PROGRAM SECONDS WHAT [ARGUMENT...]
run()
{
	local out program=$1 seconds=$2 what=$3

	shift 3
	n=$((n + 1))
	if [ ! -x "$build/$program" ]; then
		echo "ok $n - $what # SKIP not built here"
		return
	fi
	if out=$("$build/$program" "$seconds" "$@" 2>&1); then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		failed=1
	fi
	printf '%s\n' "$out" | sed 's/^/# /'
}

run stress "${short:-10}" 'the inline backend under stress'
run stress "${short:-6}" 'copies that come and go, and descriptors that run out' soak
run stress-trampoline "${short:-4}" 'the trampoline backend under stress'
run failing-steps "${short:-4}" 'the inline backend, its steps failing at random'
echo "1..$n"
exit "$failed"
