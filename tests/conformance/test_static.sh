#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_static.sh - programs of the suite, linked statically.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

suite=$abs_top_srcdir/tests/conformance
archive=$libs/libstaticcall-$backend.a
static_libs=$("${PKG_CONFIG:-pkg-config}" --static --libs check 2>/dev/null)
read -ra check_libs <<<"${static_libs:-${CHECK_LIBS:-}} -lpthread"
read -ra check_cflags <<<"${CHECK_CFLAGS:-}"

build() # HOW NAME SOURCE...
{
	local how=$1 name=$2 objects=() source pie=-fno-pie
	shift 2
	[ "$how" = -static-pie ] && pie=-fPIE
	for source; do
		objects+=("$work/$source$pie.o")
		[ -e "$work/$source$pie.o" ] ||
			"${cc[@]}" -O2 "$pie" "${include[@]}" "${check_cflags[@]}" \
				-c -o "$work/$source$pie.o" "$suite/$source.c" ||
			return
	done
	"${cc[@]}" "$how" ${hook:+"$hook"} -o "$work/$name" "${objects[@]}" \
		"$archive" "${check_libs[@]}"
}

can_link() # HOW
{
	printf '#include <check.h>\nint main(void) { return !suite_create("x"); }' \
		>"$work/probe.c"
	"${cc[@]}" -fPIE "$1" "${check_cflags[@]}" -o "$work/probe" "$work/probe.c" \
		"${check_libs[@]}" >"$work/log" 2>&1 &&
		"${emulator[@]}" "$work/probe"
}

if [ ! -e "$archive" ]; then
	skip 'static programs' 'the library was built shared only'
	finish
fi
# The two differ in where code may be changed.
hows=(-static)
[ "$backend" = generic ] || hows+=(-static-pie)
for how in "${hows[@]}"; do
	if ! can_link $how; then
		skip "programs linked with $how" 'no static libraries here'
		continue
	fi
	for test in call tail batch info init threads fork; do
		check "test_$test links, $how" build $how "test_$test" \
			"test_$test" suite suite_sites
		check "test_$test passes, $how" "${emulator[@]}" "$work/test_$test"
	done
	check "test_many links, $how" build $how test_many test_many \
		many_here many_there suite suite_sites
	check "test_many passes, $how" "${emulator[@]}" "$work/test_many"
done

finish
