#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A short run of the stress program with each engine that must be right.
set -u
build=${STRESS_BUILD:-.}
short=${SC_TEST_SHORT:+1}
n=0 failed=0

# run PROGRAM SECONDS WHAT
run()
{
	local out

	n=$((n + 1))
	if [ ! -x "$build/$1" ]; then
		echo "ok $n - $3 # SKIP not built here"
		return
	fi
	if out=$("$build/$1" "$2" 2>&1); then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		failed=1
	fi
	printf '%s\n' "$out" | sed 's/^/# /'
}

run stress "${short:-10}" 'the inline backend under stress'
run stress-trampoline "${short:-4}" 'the trampoline backend under stress'
run failing-steps "${short:-4}" 'the inline backend, its steps failing at random'
echo "1..$n"
exit "$failed"
