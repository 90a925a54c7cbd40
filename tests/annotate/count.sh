#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tool finds exactly the calls that a disassembler shows, whatever the
# compiler and its flags.
. "$(dirname "$0")/annotate.sh"

# one COMPILER FLAGS
one()
{
	local cc=$1 flags=$2 there

	# shellcheck disable=SC2086 # a list of flags
	if ! cc "$cc" $flags -c one.c -o one.o 2>cc.err; then
		skip "${cc##*/} $flags" "the compiler does not know it"
		return
	fi
	there=$(objdump_sites one.o)
	same "${cc##*/} $flags: every call is found" "$(tool_sites one.o)" \
		"$there"
	"$tool" annotate one.o
	same "${cc##*/} $flags: each has a record" \
		"$(tool_sites one.o recorded)" "$there"
	[ "$(echo "$there" | grep -c .)" -ge "${3:-9}" ] ||
		check "${cc##*/} $flags: there are calls" false
}

for cc in $(compilers); do
	for flags in -O0 -O1 -O2 -O3 -Os -Oz \
		"-O2 -fPIC" "-O2 -fno-pie" "-Os -fno-pie" "-O2 -fno-plt -fPIC" \
		"-O2 -ffunction-sections" "-O2 -fcf-protection=full" \
		"-O2 -pg" "-O2 -pg -mfentry" "-O2 -fpatchable-function-entry=8" \
		"-O2 -fsanitize=address" "-O1 -fsanitize=undefined" \
		"-O2 -fsanitize=thread" "-O2 --coverage" "-O2 -g3" \
		"-O2 -g -gsplit-dwarf" "-O2 -g -gz" "-O2 -mcmodel=medium" \
		"-O2 -mindirect-branch=thunk" "-O2 -mretpoline" \
		"-O2 -masm=intel" "-O2 -mharden-sls=all"; do
		one "$cc" "$flags"
	done
	# Calls through a register cannot be patched, and are no sites.
	one "$cc" "-O2 -mcmodel=large" 0
done
finish
