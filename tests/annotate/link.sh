#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# After the link each call has its record, whatever the linker; verify says so,
# and says so too when one has none.
. "$(dirname "$0")/annotate.sh"

# Names of functions take libdw.
plain=plain
"$tool" --version | grep -q libdw || plain='?'
include+=$without_hook

cc="${CC%% *}"
cc "$cc" -O2 -fPIC -ffunction-sections -c one.c -o one.o
cc "$cc" -O2 -fPIC -c two.c -o two.o
"$cc" -O2 -fPIC -c library.c -o library.o
cp one.o bare.o
"$tool" annotate one.o two.o
there=$(($(objdump_sites one.o | wc -l) + $(objdump_sites two.o | wc -l)))

# linked NAME: all records are there, it runs.
linked()
{
	check "$1: verify finds it complete" "$tool" verify program
	same "$1: as many records as calls" "$(calls program)" "$there"
	same "$1: each has a name" "$("$tool" list program | grep -c '?')" 0
	"$cc" -O2 -c library.c 2>/dev/null
	check "$1: it runs" ./program
	strip -s program -o stripped
	same "$1: stripped, the records are still found" \
		"$("$tool" list stripped | awk '{ print $2, $3 }')" \
		"$("$tool" list program | awk '{ print $2, $3 }')"
}

for ld in $(linkers "$cc"); do
	for mode in -no-pie -pie -static -static-pie "-pie -Wl,-z,now" \
		"-pie -Wl,--icf=all" "-no-pie -Wl,-z,noseparate-code"; do
		# shellcheck disable=SC2086 # a list of flags
		if ! "$cc" -fuse-ld="$ld" $mode -Wl,--emit-relocs one.o two.o \
			library.o -o program 2>ld.err; then
			skip "$ld $mode" "it cannot: $(head -n 1 ld.err)"
			continue
		fi
		linked "$ld $mode"
	done

	"$cc" -fuse-ld="$ld" -shared -Wl,--emit-relocs one.o two.o library.o \
		-o program
	check "$ld -shared: verify finds it complete" "$tool" verify program
	same "$ld -shared: as many records as calls" "$(calls program)" "$there"

	"$cc" -fuse-ld="$ld" -Wl,--emit-relocs bare.o two.o library.o -o program
	check "$ld: verify names each call without a record" \
		fails 1 "no record of the call of here (in $plain at" \
		"$tool" verify program
	same "$ld: and counts them" "$(grep -c 'no record of' fails.err)" \
		"$(objdump_sites bare.o | wc -l)"
done

# Assembly knows nothing of the module's state byte, to which notes are anchored.
cat >bare.s <<'END'
	.text
	.globl	from_assembly
	.type	from_assembly, @function
from_assembly:
	jmp	__SCT__here@PLT
	.size	from_assembly, .-from_assembly
	.section .note.GNU-stack, "", @progbits
END
for as in $(compilers); do
	"$as" -c bare.s -o bare.o
	cp bare.o again.o
	check "assembly, $as: is annotated" "$tool" annotate bare.o
	cp bare.o again.o
	check "assembly, $as: once" "$tool" annotate again.o
	check "assembly, $as: the same" cmp bare.o again.o
	same "assembly, $as: brings the state byte" \
		"$(readelf -sW bare.o | awk '/__static_call_module_state/ {
			print $3, $4, $5, $6 }')" "1 OBJECT WEAK HIDDEN"
	for ld in $(linkers "$cc"); do
		"$cc" -fuse-ld="$ld" -shared bare.o -o program
		same "assembly, $as, $ld: links alone" \
			"$("$tool" list program | awk '{ print $3, $4 }')" \
			"jump here"
		"$cc" -fuse-ld="$ld" -Wl,--emit-relocs bare.o one.o two.o \
			library.o -o program
		check "assembly, $as, $ld: verify finds it complete" \
			"$tool" verify program
		same "assembly, $as, $ld: one state byte" \
			"$(nm program | grep -c __static_call_module_state)" 1
	done
done

# One record less, by cutting the count in the first note.
"$cc" -Wl,--emit-relocs one.o two.o library.o -o program
cat >cut.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
	static const char head[12] = "\x0b\0\0\0\x10\0\0\0\x01\0\x02";
	FILE *f = fopen(argv[argc - 1], "r+b");
	static char b[1 << 22];
	size_t n = fread(b, 1, sizeof(b), f), i;

	for (i = 0; i + 40 < n; i++)
		if (!memcmp(b + i, head, 12) && b[i + 32] > 0) {
			b[i + 32]--;
			fseek(f, (long)i + 32, SEEK_SET);
			fputc(b[i + 32], f);
			return fclose(f);
		}
	return 1;
}
END
"$cc" cut.c -o cut
check "one record is left out" ./cut program
check "verify misses just that one" fails 1 'no record of the call' \
	"$tool" verify program
same "and no other" "$(grep -c 'no record of' fails.err)" 1
finish
