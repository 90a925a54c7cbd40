#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Annotation is done in place: all or nothing, once, with all else kept.
. "$(dirname "$0")/annotate.sh"

cc="${CC%% *}"
cc "$cc" -O2 -g -c one.c
cc "$cc" -O2 -g -c two.c
cp one.o old.o
before=$(objdump -d old.o | tail -n +4)
cp one.o again.o
chmod 640 one.o
"$tool" annotate one.o
same "the mode is kept" "$(stat -c %a one.o)" 640
same "the code is kept" "$(objdump -d one.o | tail -n +4)" "$before"
same "symbols are kept" "$(nm -n one.o)" "$(nm -n old.o)"
same "debug information is kept" \
	"$(objdump --dwarf=info,rawline one.o | tail -n +4)" \
	"$(objdump --dwarf=info,rawline old.o | tail -n +4)"
"$tool" annotate again.o
check "two runs make the same object" cmp one.o again.o

inode=$(stat -c %i.%Y one.o)
"$tool" annotate one.o
check "a second run changes nothing" cmp one.o again.o
same "and does not even write" "$(stat -c %i.%Y one.o)" "$inode"

cp old.o target.o
ln -s target.o link.o
"$tool" annotate link.o
check "a symbolic link stays one" test -L link.o
check "and what it leads to is annotated" cmp target.o one.o

"$cc" -O2 -c library.c
inode=$(stat -c %i.%Y library.o)
check "an object without static calls is no error" "$tool" annotate library.o
same "and is not touched" "$(stat -c %i.%Y library.o)" "$inode"

cp two.o fresh.o
ld -r one.o fresh.o -o mixed.o
check "a mix of annotated and not" "$tool" annotate mixed.o
same "gets what it lacks" "$(tool_sites mixed.o recorded)" \
	"$(objdump_sites mixed.o)"
same "and nothing twice" \
	"$(objdump -r -j .static_call_sites mixed.o | grep -c R_X86_64_PC32)" \
	"$(objdump_sites mixed.o | wc -l)"

for i in 1 2 3 4 5 6 7 8; do
	cp old.o race.o
	for j in 1 2 3 4; do "$tool" annotate race.o & done
	wait
	cmp -s race.o one.o || check "concurrent run $i.$j" false
done
check "concurrent runs on one file agree" cmp race.o one.o
same "no temporary file is left" "$(find . -name '*.o.*')" ""

# More than 65,279 sections: numbers no longer fit in 16 bits.
{
	echo '#include <static_call.h>'
	echo 'int add(int x);'
	echo 'DECLARE_STATIC_CALL(there, add);'
	seq -f 'int f%.0f(int x) { return static_call(there)(x); }' 12000
} >huge.c
include+=$without_hook
cc "$cc" -O1 -ffunction-sections -fno-asynchronous-unwind-tables -c huge.c
cat >huge_main.c <<'END'
#include <static_call.h>
static int add(int x) { return x + 1; }
DEFINE_STATIC_CALL(there, add);
int f1(int), f12000(int);
int main(void) { return f1(1) == 2 && f12000(3) == 4 ? 0 : 1; }
END
cc "$cc" -O1 -c huge_main.c
check "an object with very many sections" "$tool" annotate huge.o
check "has more than 16 bits can number" \
	test "$(readelf -h huge.o | awk '/Number of section headers/ {
		gsub(/[()]/, ""); print $NF }')" -gt 65280
same "has a record of each call" "$(tool_sites huge.o recorded | wc -l)" 12000
for ld in $(linkers "$cc"); do
	"$cc" -fuse-ld="$ld" huge.o huge_main.o library.o -o huge
	check "$ld links it and it runs" ./huge
	same "$ld keeps all records" "$(calls huge)" 12000
done
finish
