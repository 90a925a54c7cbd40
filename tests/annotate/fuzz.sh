#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzes the tool: fuzz.sh [SECONDS [DIRECTORY]].  The corpus is made from
# sources; what libFuzzer finds is added to DIRECTORY, and kept if it is given.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-60}
if [ $# -ge 2 ]; then
	work=$2
	mkdir -p "$work"
else
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
fi
work=$(cd "$work" && pwd)
cd "$work"
mkdir -p corpus headers/static_call
clang=${CLANG:-clang}

sed 's/@[A-Za-z_]*@/0/g' "$top/include/config/inline.h.in" \
	>headers/static_call/config.h
flags="-Iheaders -I$top/include"
sources=
for file in annotate cleanup image message object pool rewrite_llvm \
	rewrite_new rewrite_old sites; do
	sources="$sources $top/tools/$file.c"
done
# shellcheck disable=SC2086 # lists
"$clang" -g -O1 -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined -D_GNU_SOURCE -I"$top/tools" $flags \
	"$top/tests/annotate/fuzz.c" $sources -lelf -o fuzz

cat >seed.cc <<'END'
#include <static_call.h>
extern "C" int add(int x);
DECLARE_STATIC_CALL(there, add);
inline __attribute__((noinline)) int f(int x)
{
	return static_call(there)(x) + 1;
}
#ifdef DEFINE
DEFINE_STATIC_CALL(here, add);
int add(int x) { return x; }
int h(int x) { return static_call(here)(x); }
#endif
int g(int x) { return f(x) + static_call(there)(x); }
END
n=0
for cc in "$clang" gcc; do
	command -v "$cc" >/dev/null || continue
	for options in -O0 -O2 "-Os -fno-plt" "-O2 -DDEFINE" \
		"-O2 -ffunction-sections -g0 -fcf-protection=full"; do
		n=$((n + 1))
		# shellcheck disable=SC2086 # lists
		"$cc" $options $flags -fno-asynchronous-unwind-tables \
			-xc++ -c seed.cc -o "corpus/seed-$n"
	done
done
for seed in corpus/seed-?; do
	ld -r "$seed" -o "$seed-r"
	ld -shared --unresolved-symbols=ignore-all "$seed" -o "$seed-so" ||
		rm -f "$seed-so"
done
exec ./fuzz -max_total_time="$seconds" -max_len=32768 -timeout=10 \
	-print_final_stats=1 corpus
