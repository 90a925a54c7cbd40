#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# runs.sh SECONDS: long runs of the stress program, then what it must catch.
set -u
build=${STRESS_BUILD:-.}
here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-60}
failed=0

# run PROGRAM SECONDS
run()
{
	[ -x "$build/$1" ] || return 0
	echo "---- $1, $2 s"
	"$build/$1" "$2" || failed=1
}

# under TOOL OPTION...: the same under valgrind.
under()
{
	[ "${STRESS_VALGRIND:-}" ] || return 0
	echo "---- under $1"
	SC_VALGRIND="$STRESS_VALGRIND --tool=$*" \
		STRESS_VALGRIND_SECONDS=$((seconds / 8 + 1)) \
		bash "$here/under_valgrind.sh" || failed=1
}

run stress "$seconds"
run stress-trampoline $((seconds / 4 + 1))
run failing-steps $((seconds / 4 + 1))
under memcheck --leak-check=no
under helgrind --history-level=approx
echo "---- engines that must be caught"
bash "$here/controls.sh" || failed=1
exit "$failed"
