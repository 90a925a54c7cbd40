#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --gc-sections loses no record of a live call; dead functions still go, with
# the linkers that can.
. "$(dirname "$0")/annotate.sh"
include+=$without_hook

cat >parts.cc <<'END'
#include <static_call.h>
extern "C" int add(int);
DECLARE_STATIC_CALL(here, add);
DECLARE_STATIC_CALL(there, add);
#define NOINLINE __attribute__((noinline))
template <int N> NOINLINE int tmpl(int x) { return static_call(here)(x) + N; }
inline NOINLINE int shared_inline(int x) { return static_call(there)(x) * 2; }
#ifdef FIRST
extern "C" int first(int x) { return tmpl<1>(x) + shared_inline(x); }
extern "C" int dead_one(int x) { return tmpl<2>(x) + static_call(here)(x); }
#else
extern "C" int second(int x) { return tmpl<1>(x) + shared_inline(x); }
extern "C" int dead_two(int x) { return tmpl<2>(x) + static_call(there)(x); }
#endif
END
cat >live.c <<'END'
#include <static_call.h>
int first(int), second(int), add(int x);
DEFINE_STATIC_CALL(here, add);
DECLARE_STATIC_CALL(there, add);
int add(int x) { return x + 1; }
int live(int x) { return static_call(here)(x) + static_call(there)(x); }
int dead(int x) { return static_call(here)(x) + static_call(there)(x); }
int main(int argc, char **argv)
{
	(void)argv;
	return live(argc) + first(argc) + second(argc) == 4 + 2 * 7 ? 0 : 1;
}
END
cat >there.c <<'END'
#include <static_call.h>
static int add_one(int x) { return x + 1; }
DEFINE_STATIC_CALL(there, add_one);
END

# compile COMPILER C++COMPILER
compile()
{
	local flags="-O2 -ffunction-sections -fPIE"

	# shellcheck disable=SC2086 # a list of flags
	cc "$1" $flags -c live.c && cc "$1" $flags -c there.c &&
		cc "$2" $flags -DFIRST -c parts.cc -o first.o &&
		cc "$2" $flags -c parts.cc -o second.o &&
		"$1" $flags -c library.c
}
objects="live.o there.o first.o second.o library.o"
# live(): 2, tmpl<1>: 1, shared_inline: 1 are live.
live=4

# kept NAME: no live call without its record.
kept()
{
	check "$1: it runs" ./program
	check "$1: no live call is lost" test "$(calls program)" -ge "$live"
}

# exact NAME: and nothing else is there.
exact()
{
	same "$1: just the live calls" "$(calls program)" "$live"
	same "$1: dead functions are dropped" \
		"$(nm program | grep -cE ' (dead|dead_one|dead_two|_Z4tmplILi2)')" 0
}

links()
{
	# shellcheck disable=SC2086 # a list of objects
	"$cc" -pie -fuse-ld="$ld" -Wl,--gc-sections "$@" -o program 2>ld.err ||
		{ check "$ld links" "$BASH" -c 'cat ld.err; false'; false; }
}

for cc in $(compilers); do
	cxx=${cc/%gcc/g++} cxx=${cxx/%clang/clang++}
	if ! compile "$cc" "$cxx"; then
		skip "${cc##*/}" "no C++ compiler"
		continue
	fi
	# shellcheck disable=SC2086 # a list of objects
	check "${cc##*/}: annotate" "$tool" annotate $objects
	for ld in $(linkers "$cc"); do
		# shellcheck disable=SC2086 # a list of objects
		links $objects || continue
		kept "${cc##*/} $ld"
		# mold keeps every note, and what it leads to.
		[ "$ld" = mold ] || exact "${cc##*/} $ld"

		for r in bfd gold lld; do
			command -v ld.$r >/dev/null || continue
			# shellcheck disable=SC2086 # a list of objects
			ld.$r -r $objects -o all.o 2>ld.err || continue
			links all.o || continue
			kept "${cc##*/} $ld, after ld.$r -r"
			cp all.o again.o
			"$tool" annotate again.o
			same "${cc##*/} ld.$r -r: nothing is left to annotate" \
				"$(cmp all.o again.o)" ""
		done
	done
done
finish
