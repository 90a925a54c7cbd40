#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tool that "configure --without-libdw" makes: it compiles, says what it lacks, and
# answers all that names and lines are not needed for.
. "$(dirname "$0")/annotate.sh"

sources=()
for file in "$abs_top_srcdir"/tools/{common,elf,annotate,inspect}/*.c; do
	[ "${file##*/}" = signature.c ] || sources+=("$file")
done
# shellcheck disable=SC2086 # lists
check "it compiles" ${CC%% *} -Wall -Wextra -Wno-unused-parameter -Werror -D_GNU_SOURCE \
	-DHAVE_STATUS -I"$abs_top_srcdir/tools" -I"$abs_top_srcdir/src" \
	-I"$abs_top_srcdir/src/x86_64" $include ${LIBELF_CFLAGS:-} \
	"${sources[@]}" "$abs_top_srcdir/src/x86_64/insn.c" ${LIBELF_LIBS:--lelf} \
	-o static-call
[ -x static-call ] || finish
check "its version does not name libdw" test -z "$(./static-call -V | grep libdw)"
SC_TEST_TOOL=$PWD/static-call "$BASH" "$abs_top_srcdir/tests/annotate/answers.sh" \
	>answers.out 2>&1
same "what people and scripts get from it" \
	"$(grep -A 9 '^not ok\|^Bail' answers.out)" ""
check "it says so of a core" grep -q '^ok .* - a core, without libdw$' answers.out
finish
