#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# verify tells of calls that are defined to return 0 and whose result type an
# integer register cannot hold, where the compiler could not.
. "$(dirname "$0")/annotate.sh"
include+=$without_hook

cat >good.c <<'END'
#include <static_call.h>
enum colour { RED };
typedef const enum colour shade;
struct pair { long a, b; };
DEFINE_STATIC_CALL_RET0(with_int, int(float));
DEFINE_STATIC_CALL_RET0(with_enum, shade(char));
DEFINE_STATIC_CALL_RET0(with_pointer, struct pair *(short));
DEFINE_STATIC_CALL_RET0(with_void, void(char));
int main(void) { return 0; }
END
echo 'long __static_call_return0(void) { return 0; }' >return0.c
# The compiler of C cannot refuse these: default promotion changes a parameter,
# or the result is a structure.
sed 's/^int main/typedef double real;\
DEFINE_STATIC_CALL_RET0(with_double, real(float));\
DEFINE_STATIC_CALL_RET0(with_pair, struct pair(void));\
&/' good.c >bad.c

build()
{
	cc "$CC_HERE" -g "$1.c" library.c return0.c -Wl,--emit-relocs -o "$1"
}

one_compiler()
{
	CC_HERE=$1
	check "$1: programs are built" eval 'build good && build bad'
	check "$1: what can return 0 is accepted" "$tool" verify good
	check "$1: a double is named, typedef or not" \
		fails 1 'with_double is defined to return 0' "$tool" verify bad
	check "$1: a structure is named, with its place" \
		fails 1 'which its result type pair cannot do' "$tool" verify bad
	same "$1: and nothing else" "$(grep -c . fails.err)" 2
}

"$tool" --version | grep -q libdw || {
	echo "1..0 # SKIP the tool was built without libdw"
	exit 0
}
for compiler in $(compilers); do
	one_compiler "$compiler"
done
finish
