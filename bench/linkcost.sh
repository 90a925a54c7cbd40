#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the build hook adds to links.  Compilations have no part in it.
# linkcost.sh BUILD [ROUNDS]
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:?usage: linkcost.sh BUILD [ROUNDS]}" && pwd)
rounds=${2:-15}
# A trial needs no more than a few.
objects=${QUICK:+10} calls=${QUICK:+500}
objects=${objects:-250} calls=${calls:-50000}
hook=$build/tools/stand-ins
# So that it links without the hook, too.
flags="-DSTATIC_CALL_NO_HOOK -I$build/include/inline -I$top/include"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export LC_ALL=C

# compare NAME LINKER COMMAND...
compare()
{
	local name=$1 ld=$2

	shift 2
	"$build/bench/linkcost" "$name" "$ld" "$rounds" "@$hook/hook.rsp" "$@"
}

heading()
{
	printf '%s, milliseconds\n%50s  %33s  %33s\n%50s' "$1" "" \
		"time" "processor time" ""
	printf '  %8s %8s %8s %6s' without with more ratio without with more ratio
	echo
}

# The objects of a project: half of them with five calls each.
many_objects()
{
	local i

	cat >main.c <<-'SOURCE'
	#include <static_call.h>
	int add(int x) { return x + 1; }
	DEFINE_STATIC_CALL(there, add);
	int main(void) { return 0; }
	void static_call_module_leave(char *s) { (void)s; }
	void static_call_headers_are_for_backend_inline(char *s) { (void)s; }
	SOURCE
	cat >many.c <<-'SOURCE'
	#include <stdio.h>
	#ifdef CALLS
	#include <static_call.h>
	int add(int x);
	DECLARE_STATIC_CALL(there, add);
	#define CALL(x) static_call(there)(x)
	#else
	int add(int x);
	#define CALL(x) add(x)
	#endif
	#define GLUE(a, b) a##b
	#define NAME(a, b) GLUE(a, b)
	#define F(n) int NAME(N, _##n)(int x)				\
	{								\
		printf("%d\n", x); return CALL(x) + n;			\
	}
	F(1) F(2) F(3) F(4) F(5)
	SOURCE
	for i in $(seq "$objects"); do
		echo "gcc -O2 -g -c many.c -DN=p$i -o p$i.o"
		echo "gcc -O2 -g -c $flags many.c -DCALLS -DN=c$i -o c$i.o"
	done | xargs -P "$(nproc)" -I{} sh -c '{}'
	# shellcheck disable=SC2086 # a list
	gcc -O2 -c $flags main.c
}

# An object of about 50 MB with 50,000 calls: code, relocations, names.
big_object()
{
	awk -v call="$1" -v calls="$calls" 'BEGIN {
		for (i = 0; i < calls; i++) {
			print ".text\n.globl big_function_" i "\nbig_function_" \
				i ":\n\tcall " call "\n\t.skip 500, 0x90\n\tret"
			print "\t.data"
			for (j = 0; j < 14; j++)
				print "\t.quad big_function_" i "+" j
		}
		print ".section .note.GNU-stack,\"\",@progbits"
	}' >big.s
	as big.s -o big.o
}

# links NAME OBJECT...: with each linker.
links()
{
	local name=$1 ld only

	shift
	for ld in bfd gold lld mold; do
		only=
		# Else a child links, and nobody counts its processor time.
		[ $ld != mold ] || only=-Wl,--no-fork
		# shellcheck disable=SC2086 # a list
		gcc -fuse-ld=$ld main.o -o out 2>/dev/null || continue
		compare "$name" "$ld" gcc -fuse-ld=$ld -no-pie $only \
			main.o "$@" -o out
	done
}

many_objects
all=$(printf '%s ' p[0-9]*.o c[0-9]*.o)
heading "A link of $((2 * objects)) objects, half of them with static calls"
# shellcheck disable=SC2086 # a list
links "$((2 * objects)) objects by the link" $all
"$build/tools/static-call" annotate c[0-9]*.o main.o
# shellcheck disable=SC2086 # a list
links "$((2 * objects)) objects annotated before" $all
rm -f p[0-9]*.o c[0-9]*.o
big_object add
heading "A link of one object of $(($(stat -c %s big.o) / 1000000)) MB"
links "one object without calls" big.o
big_object __SCT__there
links "one object of $calls calls by the link" big.o
"$build/tools/static-call" annotate big.o
links "one object of $calls calls annotated before" big.o
