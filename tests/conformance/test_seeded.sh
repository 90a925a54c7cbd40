#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# valgrind, run as for the rest of the suite, reports the faults of programs that
# have one on purpose, and nothing of the others.
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

read -ra valgrind <<<"${SC_VALGRIND:?}"
# shellcheck disable=SC2317 # check calls it
silent()
{
	"${valgrind[@]}" ./seeded "$1" && ! grep -q '^==' "$work/log"
}

check 'what is read before it is freed' silent sound
check 'threads with a lock' silent locked
check 'an update that hands over, and says so' silent told
case $SC_VALGRIND_TOOL in
memcheck)
	check_fails 'memory that was freed is seen' 'Invalid read of size 1' \
		"${valgrind[@]}" ./seeded read ;;
helgrind)
	check_fails 'a race is seen' 'Possible data race during' \
		"${valgrind[@]}" ./seeded race
	check_fails 'an update that hands over is not known' \
		'Possible data race during' "${valgrind[@]}" ./seeded handed ;;
esac
finish
