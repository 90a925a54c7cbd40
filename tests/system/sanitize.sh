#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sanitize.sh - library, tool and conformance suite built with sanitizers, and
# run.  Not part of make check, for it builds all again:
#
#   sanitize.sh DIRECTORY [address,undefined | thread]
#
# The hook runs the annotator under ASan on every object of the suite, so a leak
# in it fails the build.  No suppressions.
set -u

[ $# -ge 1 ] || { sed -n '3,10p' "$0"; exit 2; }
source=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
kinds=${2:-address,undefined}
mkdir -p "$1" && cd "$1" || exit 1

# A sanitizer's own handlers are not the library's.
keep=handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0
export ASAN_OPTIONS=$keep:handle_abort=0 TSAN_OPTIONS=$keep:halt_on_error=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export SC_TEST_SHORT=1

flags="-g -O1 -fsanitize=$kinds -fno-omit-frame-pointer"
[[ $kinds = *undefined* ]] && flags+=" -fno-sanitize-recover=undefined"

build()
{
	[ -f config.status ] || "$source/configure" CFLAGS="$flags" \
		CXXFLAGS="$flags" || return
	make -j"${JOBS:-2}" || return
	for b in generic trampoline inline; do
		[ -f tests/$b/Makefile ] || continue
		make -j"${JOBS:-2}" -C tests/$b check TESTS= || return
	done
}

if ! build >build.log 2>&1; then
	tail -n 40 build.log
	echo "the build with -fsanitize=$kinds failed"
	exit 1
fi
ran=0 failed=0
for program in tests/{generic,trampoline,inline}/test_*; do
	case $program in *.*) continue ;; esac
	[ -x "$program" ] || continue
	ran=$((ran + 1))
	(cd "${program%/*}" && timeout 300 "./${program##*/}") \
		>one.log 2>&1 && continue
	failed=$((failed + 1))
	echo "---- $program:"
	grep -E '^not ok|ERROR|WARNING|SUMMARY|runtime error' one.log |
		head -n 20
done
echo "-fsanitize=$kinds: $ran programs, $failed failed"
[ "$ran" -gt 0 ] && [ "$failed" = 0 ]
