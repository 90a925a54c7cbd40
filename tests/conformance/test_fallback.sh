#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_fallback.sh - static_call_fallback.h, which needs no library: each macro in
# strict C99 and C++11, and the part of the suite that asks nothing of a library.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

suite=$abs_top_srcdir/tests/conformance
headers=-I$abs_top_srcdir/include
cd "$work" || exit 99

# Other compilers are for this machine and its C library alone.
has()
{
	[[ ${#emulator[@]} = 0 && ${cc[0]} != musl-* ]] || [ "${1%% *}" = "${cc[0]}" ] ||
		[ "${1%% *}" = "${cxx[0]}" ] || return
	# "false" is what configure found instead of a C++ compiler.
	[ "$1" != false ] && command -v "${1%% *}" >/dev/null
}

# two_files COMPILER OPTION...: compiles, links and runs.
two_files()
{
	local words

	read -ra words <<<"$1"
	rm -f one.o other.o program
	"${words[@]}" "${@:2}" "$headers" -c "$suite/fallback.c" -o one.o &&
		"${words[@]}" "${@:2}" "$headers" -DOTHER_FILE \
			-c "$suite/fallback.c" -o other.o &&
		"${words[@]}" one.o other.o -o program &&
		"${emulator[@]}" ./program
}

# strict COMPILER OPTION...
strict()
{
	if has "$1"; then
		check "$*" two_files "$@"
	else
		skip "$*" "$1 is not there"
	fi
}

warnings='-pedantic-errors -Wall -Wextra -Werror'
for compiler in "${cc[*]}" clang; do
	# shellcheck disable=SC2086 # a list
	strict "$compiler" -std=c99 $warnings
	# shellcheck disable=SC2086
	strict "$compiler" -std=c99 -U__ATOMIC_ACQUIRE $warnings
	strict "$compiler" -O2 -fvisibility=hidden
done
for compiler in "${cxx[*]}" clang++; do
	# shellcheck disable=SC2086
	strict "$compiler" -x c++ -std=c++11 $warnings
	strict "$compiler" -x c++ -std=c++20 -O2
done
strict tcc

# By decltype alone, of functions.
cat >functions.cc <<-'SOURCE'
#include "static_call_fallback.h"
static int plus_one(int x) { return x + 1; }
static int plus_two(int x) { return x + 2; }
int any(int x);
DECLARE_STATIC_CALL(number, plus_one);
DEFINE_STATIC_CALL(number, plus_one);
DEFINE_STATIC_CALL_NULL(nothing, any);
DEFINE_STATIC_CALL_RET0(zero, &any);
int main()
{
	static_call_cond(nothing)(1);
	return !(static_call(number)(1) == 2 && static_call(zero)(1) == 0 &&
		 static_call_update(number, plus_two) == 0 &&
		 static_call_query(number) == plus_two &&
		 static_call_query(nothing) == nullptr &&
		 static_call(number)(1) == 3);
}
SOURCE
by_decltype()
{
	"${cxx[@]}" -std=c++11 -U__GNUC__ "$headers" functions.cc -o functions &&
		"${emulator[@]}" ./functions
}
has "${cxx[*]}" && check 'C++ with decltype alone' by_decltype

# ---- what it refuses --------------------------------------------------------

echo '#include "static_call_fallback.h"' >alone.c
cat >both.c <<-'SOURCE'
#include <static_call.h>
#include "static_call_fallback.h"
SOURCE
cat >wrong.c <<-'SOURCE'
#include "static_call_fallback.h"
static int number(int x) { return x; }
static int string(char *s) { return *s; }
DEFINE_STATIC_CALL(hook, number);
int main(void) { return static_call_update(hook, string); }
SOURCE
check_fails 'a compiler that cannot name types' 'needs a compiler with' \
	"${cc[@]}" -std=c99 -U__GNUC__ -U__clang__ "$headers" -c alone.c
check_fails 'both headers' 'included already' \
	"${cc[@]}" "${include[@]}" -c both.c
check_fails 'a target of another type' 'incompatible' \
	"${cc[@]}" -Werror "$headers" -c wrong.c

# ---- the suite --------------------------------------------------------------

# Nothing is patched, so there are no sites to look at.
mkdir as_if
ln -s "$abs_top_srcdir/include/static_call_fallback.h" as_if/static_call.h
cat >sites.c <<-'SOURCE'
void sites_match_their_keys(void) { }
int text_is_patched(void) { return 0; }
SOURCE
read -ra check_flags <<<"${CHECK_CFLAGS:-}"
read -ra check_libs <<<"${CHECK_LIBS:--lcheck -lsubunit -lm -lrt -lpthread}"
suite_flags=(-Ias_if "-I$suite" "${check_flags[@]}")

common_part()
{
	"${cc[@]}" -std=gnu11 "${suite_flags[@]}" -c "$suite/suite.c" &&
		"${cc[@]}" -c sites.c
}

# part COMPILER NAME OPTION...: one program of the suite.
part()
{
	local words

	read -ra words <<<"$1"
	rm -f part.o part
	"${words[@]}" "${@:3}" "${suite_flags[@]}" -c "$suite/$2.c" -o part.o &&
		"${cc[@]}" part.o suite.o sites.o -o part "${check_libs[@]}" &&
		"${emulator[@]}" ./part
}

check 'what the programs of the suite share' common_part
for name in test_batch test_call test_fork test_forms test_idioms test_init \
	test_signals test_tail test_values; do
	for compiler in "${cc[*]}" clang tcc; do
		if ! has "$compiler"; then
			skip "$compiler: $name" "$compiler is not there"
			continue
		fi
		# A vector comes back in memory on i386, and gcc warns.
		options=(-std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter
			-Wno-psabi -Werror)
		if [ "$compiler" = tcc ]; then
			options=()
			# The others want what it has not: <stdatomic.h>,
			# complex numbers, constructors, weak functions.
			case $name in
			*_batch | *_call) ;;
			*) continue ;;
			esac
		fi
		check "$compiler: $name" part "$compiler" "$name" "${options[@]}"
	done
done

finish
