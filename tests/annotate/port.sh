#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The format serves another architecture: trampolines, records and notes of
# aarch64, by hand, through its assemblers and linkers; every offset leads to where
# it should.
. "$(dirname "$0")/annotate.sh"

tests=$abs_top_srcdir/tests/annotate
# shellcheck disable=SC2086 # a list of flags
check "the reader" "${CC%% *}" -O1 -Wall $include "$tests/port.c" -o reader -lelf

# assemble WITH FILE [SYMBOL]: with that symbol defined.
assemble()
{
	{ echo "${3:+.equ $3, 1}" && cat "$tests/port.s"; } >port.s
	if [ "$1" = clang ]; then
		clang --target=aarch64-linux-gnu -c port.s -o "$2"
	else
		"$1" port.s -o "$2"
	fi
}

# reads NAME FILE EXPECTED
reads()
{
	./reader "$2" >reader.out 2>reader.err
	same "$1" "$(cat reader.out reader.err)" "$3"
}

found='modules 1, definitions 1, sites 2 direct,'
library="$found 0 by slot, 0 by PLT, wrong 0"
program="$found 1 by slot, 0 by PLT, wrong 0"

# links WITH LINKER...: a library and programs.
links()
{
	local name="$1, ${*:2}" mode expected

	check "$name: library links" "${@:2}" -shared "$1-library.o" -o library.so
	reads "$name: library reads right" library.so "$library"
	for mode in -no-pie -pie "-shared -Bsymbolic"; do
		# shellcheck disable=SC2086 # a list of flags
		check "$name $mode: program links" "${@:2}" $mode \
			"$1-program.o" library.so -o program
		expected=$program
		# A word for a function, in a program that is not PIE.
		[[ $mode$2 = -no-pie*-ld.* ]] &&
			expected="$found 0 by slot, 1 by PLT, wrong 0"
		reads "$name $mode: program reads right" program "$expected"
	done
	check "$name: with a bad record links" "${@:2}" -pie "$1-spoilt.o" \
		library.so -o program
	check "$name: a bad record is seen" \
		fails 1 "a record leads to no branch" ./reader program
}

tried=
for with in aarch64-linux-gnu-as clang; do
	if ! command -v $with >/dev/null ||
		! assemble $with $with-program.o 2>as.err; then
		skip "$with" "it is not there, or not for aarch64"
		continue
	fi
	assemble $with $with-library.o LIBRARY
	assemble $with $with-spoilt.o SPOIL
	for ld in aarch64-linux-gnu-ld.bfd aarch64-linux-gnu-ld.gold \
		"ld.lld -m aarch64linux"; do
		if ! command -v "${ld%% *}" >/dev/null; then
			skip "$with, $ld" "it is not there"
			continue
		fi
		tried=1
		# shellcheck disable=SC2086 # words
		links $with $ld
	done
done
[ -n "$tried" ] || skip "another architecture" "no assembler and linker for it"
finish
