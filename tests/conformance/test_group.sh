#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_group.sh - a module has one constructor and destructor of the header's,
# whatever the number of its objects, their language and their compiler options;
# and none where the header is there and no static call; and it refers to the
# build hook where, and only where, it should.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

library=("-L$libs" "-Wl,-rpath,$libs" "-lstaticcall-$backend")
read -ra nm <<<"${NM:-nm}"
read -ra readelf <<<"${READELF:-readelf}"
needs_hook=__static_call_needs_the_build_hook__see_static_call_1

cat >"$work/calls.h" <<'END2'
#include <static_call.h>
#ifdef __cplusplus
extern "C" {
#endif
int one(int x);
int two(int x);
int in_c(int x);
int in_cxx(int x);
int both(int x);
DECLARE_STATIC_CALL(shared, one);
#ifdef __cplusplus
}
#endif
END2
cat >"$work/main.c" <<'END2'
#include "calls.h"
int one(int x) { return x + 1; }
int two(int x) { return x + 2; }
DEFINE_STATIC_CALL(shared, one);
DEFINE_STATIC_CALL(other, one);
int main(void)
{
	struct static_call_info info = { sizeof(info) };

	if (static_call_get_info(&info) || info.modules != 1 || info.keys != 2)
		return 1;
	if (in_c(1) + in_cxx(1) + both(1) != 6)
		return 2;
	if (static_call_update(shared, two))
		return 3;
	return in_c(1) + in_cxx(1) + both(1) != 9;
}
END2
cat >"$work/c.c" <<'END2'
#include "calls.h"
int in_c(int x) { return static_call(shared)(x); }
END2
cat >"$work/cxx.cc" <<'END2'
#include "calls.h"
int in_cxx(int x) { return static_call(shared)(x); }
END2
cat >"$work/both.c" <<'END2'
#include "calls.h"
int both(int x) { return static_call(shared)(x); }
END2
cat >"$work/plain.c" <<'END2'
int main(void) { return 0; }
END2
cat >"$work/alone.c" <<'END2'
#include <static_call.h>
int main(void)
{
	struct static_call_info info = { sizeof(info) };

	return static_call_get_info(&info);
}
END2

objects=(main.c c.c both.c cxx.cc)
compile() # OPTION...
{
	local source with

	for source in "${objects[@]}"; do
		with=("${cc[@]}")
		[ "${source##*.}" = c ] || with=("${cxx[@]}")
		"${with[@]}" "${include[@]}" "$@" -c \
			-o "$work/${source%.*}.o" "$work/$source" || return
	done
}

link() # OUTPUT OPTION...
{
	local output=$1
	shift
	"${cc[@]}" ${hook:+"$hook"} -o "$work/$output" "$@" "${library[@]}"
}

width=$("${cc[@]}" -dM -E -x c /dev/null | awk '/__SIZEOF_POINTER__/ { print $3 }')
pointers() # FILE init|fini: how many .init_array or .fini_array has
{
	local size

	size=$("${readelf[@]}" -SW "$1" | sed 's/^ *\[ *[0-9]*\] *//' |
		awk -v s=".$2_array" '$1 == s { print $5 }')
	echo $((16#${size:-0} / width))
}

# The header's is one of each.  The generic backend has one for each definition, and
# link-time optimisers may join these.
check 'a plain program' "${cc[@]}" -o "$work/plain" "$work/plain.c"
own=1
[ "$backend" != generic ] || own=3

one_pair() # FILE
{
	local which n

	for which in init fini; do
		n=$(($(pointers "$1" $which) - $(pointers "$work/plain" $which)))
		echo "$which: $n"
		[ "$n" -ge 1 ] && [ "$n" -le "$own" ] || return
	done
	[ "$("${nm[@]}" "$1" | grep -c __static_call_module_enter)" = 1 ]
}

objs=("$work/main.o" "$work/c.o" "$work/both.o" "$work/cxx.o")
linkers=()
for linker in bfd gold lld mold; do
	echo 'int main(void) { return 0; }' >"$work/try.c"
	"${cc[@]}" "-fuse-ld=$linker" -o "$work/try" "$work/try.c" \
		>/dev/null 2>&1 && linkers+=("$linker")
done
for options in '-O0' '-O2 -fno-common -fno-pie -no-pie' '-O2 -flto' \
	'-O2 -ffunction-sections -fdata-sections -Wl,--gc-sections'; do
	read -ra flags <<<"$options"
	compiled=()
	for flag in "${flags[@]}"; do
		case $flag in -Wl,* | -no-pie) ;; *) compiled+=("$flag") ;; esac
	done
	if ! compile "${compiled[@]}" >"$work/log" 2>&1; then
		report 'not ok' "objects, $options" "$work/log"
		continue
	fi
	for linker in "${linkers[@]}"; do
		name="$options, $linker"
		# Which plugin goes with which linker is not tested here.
		if ! link program "${flags[@]}" "-fuse-ld=$linker" "${objs[@]}" \
			>"$work/log" 2>&1 && [[ $options = *-flto* ]]; then
			skip "$name" 'no link-time optimisation with this linker'
			continue
		fi
		check "$name: links" link program "${flags[@]}" \
			"-fuse-ld=$linker" "${objs[@]}"
		check "$name: runs, as one module" "${emulator[@]}" "$work/program"
		check "$name: one constructor and one destructor" one_pair \
			"$work/program"
	done
done

# The control: the pair would be counted once for each object.
cat >"$work/each.c" <<'END2'
static __attribute__((constructor(101), used)) void each_enter(void) { }
static __attribute__((destructor(101), used)) void each_leave(void) { }
END2
check 'control: compiles' "${cc[@]}" -c -o "$work/each.o" "$work/each.c"
compile -O2 >/dev/null 2>&1
check 'control: links' link program "${objs[@]}" "$work/each.o"
if one_pair "$work/program" >/dev/null 2>&1; then
	report 'not ok' 'control: a second pair is seen'
else
	report ok 'control: a second pair is seen'
fi

# ---- the header alone ----------------------------------------------------------

none_of_ours() # FILE
{
	[ "$(pointers "$1" init)" = "$(pointers "$work/plain" init)" ]
}

check 'the header without a static call' "${cc[@]}" "${include[@]}" -O0 \
	-c -o "$work/alone.o" "$work/alone.c"
refers() # FILE
{
	"${nm[@]}" "$1" | grep $needs_hook
}
check 'links, and without the hook' "${cc[@]}" -o "$work/alone" "$work/alone.o" \
	"${library[@]}"
check 'runs' "${emulator[@]}" "$work/alone"
check 'adds no constructor' none_of_ours "$work/alone"
if refers "$work/alone.o" >/dev/null; then
	report 'not ok' 'and does not ask for the hook'
else
	report ok 'and does not ask for the hook'
fi

# ---- references to the hook ------------------------------------------------------

if [ "$backend" != inline ]; then
	compile -O2 >/dev/null 2>&1
	if refers "$work/main.o" >/dev/null; then
		report 'not ok' 'no object refers to the build hook'
	else
		report ok 'no object refers to the build hook'
	fi
	finish
fi

# The reference is strong, unless the program says that it wants no hook; where the
# flags of both pkg-config modules meet, the hook is there.
for macros in '' -DSTATIC_CALL_HOOK -DSTATIC_CALL_NO_HOOK \
	'-DSTATIC_CALL_HOOK -DSTATIC_CALL_NO_HOOK'; do
	read -ra flags <<<"$macros"
	binding=U
	[ "$macros" != -DSTATIC_CALL_NO_HOOK ] || binding=w
	check "objects compiled with '$macros'" compile -O2 "${flags[@]}"
	check "refer to the hook, '$binding'" grep -q " $binding $needs_hook" \
		<("${nm[@]}" "$work/main.o")
done
check 'strict objects' compile -O2 -fPIC
for linker in "${linkers[@]}"; do
	for kind in '' -shared; do
		check_fails "and do not link without it, $linker $kind" \
			"$needs_hook" "${cc[@]}" "-fuse-ld=$linker" \
			${kind:+"$kind"} -o "$work/bad" "${objs[@]}" \
			"${library[@]}"
	done
done
# What the hook brings: a definition that is hidden.
cat >"$work/hook.c" <<END2
__attribute__((visibility("hidden"))) char ${needs_hook}[8];
END2
check 'a definition' "${cc[@]}" -fPIC -c -o "$work/hook.o" "$work/hook.c"
not_dynamic() # FILE
{
	! "${nm[@]}" -D "$1" | grep $needs_hook
}
# word FILE: is the word that the note leads to zero, as the program sees it?
cat >"$work/word.c" <<'END2'
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static int visit(struct dl_phdr_info *info, size_t size, void *found)
{
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;
		const char *p = (const char *)(info->dlpi_addr + ph->p_vaddr);
		const char *end = p + ph->p_memsz;

		while (ph->p_type == PT_NOTE && p < end) {
			const ElfW(Nhdr) *n = (const void *)p;
			const char *desc = p + sizeof(*n) + ((n->n_namesz + 3) & ~3u);
			int32_t off;

			if (n->n_type == 0x00020003 && n->n_descsz == 12 &&
			    !strcmp(p + sizeof(*n), "StaticCall")) {
				memcpy(&off, desc + 4, 4);
				*(int *)found = 1 + !!*(const uint64_t *)
					(desc + 4 + off);
			}
			p = desc + ((n->n_descsz + 3) & ~3u);
		}
	}
	return 1;
}
int word(void);
int word(void)
{
	int found = 0;

	dl_iterate_phdr(visit, &found);
	return found;
}
END2
cat >"$work/asks.c" <<'END2'
#include <stdlib.h>
#include "calls.h"
int word(void);
int one(int x) { return x + 1; }
DEFINE_STATIC_CALL(shared, one);
int main(int argc, char **argv)
{
	return argc != 2 || word() != atoi(argv[1]);
}
END2
for linker in "${linkers[@]}"; do
	check "with a definition they link, $linker" "${cc[@]}" \
		"-fuse-ld=$linker" -o "$work/program" "${objs[@]}" \
		"$work/hook.o" "${library[@]}"
	check "run, $linker" "${emulator[@]}" "$work/program"
	check "and show nothing of it, $linker" not_dynamic "$work/program"
	check "so does a library, $linker" "${cc[@]}" "-fuse-ld=$linker" -shared \
		-o "$work/libx.so" "${objs[@]}" "$work/hook.o" "${library[@]}"
	check "which shows nothing either, $linker" not_dynamic "$work/libx.so"
	for hooked in 2 1; do
		define=-O1 with=("$work/hook.o")
		[ $hooked = 2 ] || define=-DSTATIC_CALL_NO_HOOK with=()
		check "a program that asks, $linker $define" "${cc[@]}" \
			"${include[@]}" "$define" "-fuse-ld=$linker" -O1 \
			-Wl,--gc-sections -o "$work/asks" "$work/asks.c" \
			"$work/word.c" "${with[@]}" "${library[@]}"
		check "the note tells, $linker $define" \
			"${emulator[@]}" "$work/asks" $hooked
		check "nothing in the dynamic table, $linker $define" \
			not_dynamic "$work/asks"
	done
done

finish
