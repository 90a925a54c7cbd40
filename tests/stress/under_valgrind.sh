#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The stress program under valgrind, with all that can run there.  One thread
# runs at a time, and text is patched in place: valgrind looks for errors of
# memory and races in the library, not for torn instructions.
set -u
build=${STRESS_BUILD:-.}
seconds=10
[ -z "${SC_TEST_SHORT:-}" ] || seconds=2
seconds=${STRESS_VALGRIND_SECONDS:-$seconds}
read -ra valgrind <<<"${SC_VALGRIND:?}"
roles=(plain=1 blocked=1 storm=1 small=1 single=2 batch=1 fork=1 clone=1 load=1
	map=1 give=1 lock=1 spawn=1)
n=0 failed=0
log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT

# missing REPORT: what a role should have left behind and did not.
missing()
{
	local what

	for what in plain 'all signals blocked' 'in a storm of signals' \
		'small stack' 'in handlers' 'in other processes' 'in plugins' \
		'in short threads' single batch forks 'raw clones' \
		'vfork children' loads mappings 'pages given back' \
		'runs of pages locked' threads; do
		grep -q "[ :]$what [1-9]" <<<"$1" || echo "no $what"
	done
}

# run PROGRAM WHAT
run()
{
	local out time rc lacks

	n=$((n + 1))
	if [ ! -x "$build/$1" ]; then
		echo "ok $n - $2 # SKIP not built here"
		return
	fi
	# Longer where some thread had no turn.
	for time in "$seconds" $((seconds * 4)) $((seconds * 16)) \
		$((seconds * 64)) $((seconds * 256)); do
		# Not by a pipe: a child that is left over would hold it open.
		"${valgrind[@]}" "$build/$1" "$time" "${roles[@]}" \
			>"$log" 2>&1
		rc=$?
		out=$(<"$log")
		lacks=$(missing "$out")
		if [ "$rc" != 0 ] || [ -z "$lacks" ]; then
			break
		fi
	done
	# A report ends no process: look for what valgrind writes.
	if [ "$rc" = 0 ] && [ -z "$lacks" ] && ! grep -q '^==' <<<"$out"; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
	printf '%s\n' "$out" "$lacks" | sed '/^$/d; s/^/# /'
}

# without ROLE WHY
without()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

run stress 'the inline backend under valgrind'
run stress-trampoline 'the trampoline backend under valgrind'
without share 'valgrind knows no process that runs in the memory of another'
without watch "valgrind's own mappings are writable and executable"
without 'steps that fail' 'they are those of moving text, which valgrind has not'
echo "1..$n"
exit "$failed"
