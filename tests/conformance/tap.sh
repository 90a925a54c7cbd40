# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# tap.sh - what the shell tests have in common; sourced by them.

set -u

backend=${SC_TEST_BACKEND:-generic}
# shellcheck disable=SC2034
{
	hook=${SC_TEST_HOOK:-}
	read -ra cc <<<"${CC:-cc}"
	read -ra cxx <<<"${CXX:-c++}"
	# Before each program of this machine's compiler that is run: an emulator.
	read -ra emulator <<<"${SC_TEST_EMULATOR:-}"
	libs=${abs_top_builddir:?}/src/.libs
	include=("-I$abs_top_builddir/include/$backend"
		"-I${abs_top_srcdir:?}/include")
}
# What a compiler makes code for, where a test has to know.
machine_of() # COMPILER...
{
	"$@" -dM -E -x c /dev/null |
		sed -n 's/^#define __\(i386\|x86_64\)__ 1$/\1/p'
}
# shellcheck disable=SC2034
machine=$(machine_of "${cc[@]}")
# A command that takes more seconds hangs; others take far fewer.
# shellcheck disable=SC2034
patience=1200
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
count=0
failed=0

report() # RESULT NAME [FILE WITH THE REASON]
{
	count=$((count + 1))
	echo "$1 $count - $2"
	if [ "$1" != ok ]; then
		failed=1
		[ $# -lt 3 ] || sed 's/^/# /' "$3" | head -20
	fi
}

skip() # NAME REASON
{
	report ok "$1 # SKIP $2"
}

# check NAME COMMAND...: the command must succeed
check()
{
	local name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		report ok "$name"
	else
		report 'not ok' "$name" "$work/log"
	fi
}

# check_fails NAME PATTERN COMMAND...: it must fail, and say why
check_fails()
{
	local name=$1 pattern=$2
	shift 2
	if "$@" >"$work/log" 2>&1; then
		echo 'it did not fail' >>"$work/log"
		report 'not ok' "$name" "$work/log"
	elif grep -Eq "$pattern" "$work/log"; then
		report ok "$name"
	else
		report 'not ok' "$name: the message" "$work/log"
	fi
}

finish()
{
	echo "1..$count"
	exit $failed
}
