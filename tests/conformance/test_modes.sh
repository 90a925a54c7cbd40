#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_modes.sh - programs of the suite, compiled and linked in ways that give
# other instructions; where the backend patches call sites, the forms that each
# way is known to give must be among them.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

export SC_TEST_SHORT=1
suite=$abs_top_srcdir/tests/conformance
read -ra check_cflags <<<"${CHECK_CFLAGS:-}"
read -ra check_libs <<<"${CHECK_LIBS:-}"
library=("-L$libs" "-Wl,-rpath,$libs" "-lstaticcall-$backend")

object() # NAME FLAG...
{
	local name=$1
	shift
	"${cc[@]}" "$@" "${include[@]}" "${check_cflags[@]}" -c \
		-o "$work/$name.o" "$suite/$name.c"
}

program() # "FLAGS" NAME SOURCE...
{
	local flags name=$2 source objects=()
	read -ra flags <<<"$1"
	shift 2
	for source; do
		object "$source" "${flags[@]}" || return
		objects+=("$work/$source.o")
	done
	"${cc[@]}" "${flags[@]}" ${hook:+"$hook"} -o "$work/$name" \
		"${objects[@]}" "$work/suite.o" "$work/suite_sites.o" \
		"${extra[@]}" "${library[@]}" "${check_libs[@]}"
}

supported() # FLAG...
{
	echo 'int main(void) { return 0; }' >"$work/probe.c"
	"${cc[@]}" -Werror "$@" -o "$work/probe" "$work/probe.c" \
		>"$work/log" 2>&1
}

# mode NAME "FLAGS" KINDS TEST: builds the test so and runs it
mode()
{
	local name="$4 with $1" flags kinds=$3
	read -ra flags <<<"$2"

	if ! supported "${flags[@]}"; then
		skip "$name" 'the compiler does not know this'
		return
	fi
	[ "$backend" = inline ] || kinds=
	check "$name is built" program "$2" "$4" "$4"
	check "$name passes" env SC_TEST_KINDS="$kinds" \
		"${emulator[@]}" "$work/$4"
}

is_clang()
{
	"${cc[@]}" --version | grep -q clang
}

# Conditional tail calls: clang's -Os has them, gcc has not.
conditional=02
is_clang && conditional=024

extra=()
check 'common part is built' object suite -O2 -fPIE
check 'look at the sites is built' object suite_sites -O2 -fPIE

mode -O0 '-O0' 0 test_tail
mode -O1 '-O1' 0 test_tail
mode -O2 '-O2' 02 test_tail
mode -O3 '-O3' 02 test_tail
mode -Os '-Os' $conditional test_tail
mode -no-pie '-O2 -fno-pie -no-pie' 02 test_tail
mode -no-pie '-O2 -fno-pie -no-pie' 0 test_call
mode -fPIC '-O2 -fPIC' 02 test_tail
# The linker makes 67 E8 and E9 of these, if it may.
mode -fno-plt '-O2 -fPIE -pie -fno-plt' 12 test_tail
mode '-fno-plt, unrelaxed' \
	'-O2 -fPIE -pie -fno-plt -Wa,-mrelax-relocations=no' 13 test_tail
mode -fcf-protection '-O2 -fcf-protection=full' 02 test_tail
mode --gc-sections '-O2 -ffunction-sections -Wl,--gc-sections' 02 test_tail
mode -pg '-O2 -pg' 0 test_call
mode -fstack-protector-all '-O2 -fstack-protector-all' 0 test_call
is_clang || mode -masm=intel '-O2 -masm=intel' 02 test_tail

# Calls of another module's functions keep their form: FF 15, FF 25.
check 'library is built' object confdso -O2 -fPIC
check 'library is linked' "${cc[@]}" -shared ${hook:+"$hook"} \
	-o "$work/libconfdso.so" "$work/confdso.o" "${library[@]}"
extra=("-L$work" "-Wl,-rpath,$work" -lconfdso -ldl)
mode 'an import' '-O2' 02 test_dso
mode 'an import and -no-pie' '-O2 -fno-pie -no-pie' 02 test_dso
mode 'an import and -fno-plt' '-O2 -fPIE -pie -fno-plt' 13 test_dso
check 'library is built with -fno-plt' object confdso -O2 -fPIC -fno-plt
check 'library is linked again' "${cc[@]}" -shared ${hook:+"$hook"} \
	-o "$work/libconfdso.so" "$work/confdso.o" "${library[@]}"
mode 'an import of a library with -fno-plt' '-O2' 012 test_dso

# A form that cannot be patched: slow, not wrong.
extra=()
if [ "$backend" = inline ]; then
	export SC_TEST_NO_SITES=1
	mode -mcmodel=large '-O2 -mcmodel=large' '' test_tail
fi

finish
