#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the build hook does before the C library is ready: it finds the assembler,
# looks whether there is a static call for it, and starts it.
. "$(dirname "$0")/annotate.sh"

objects=$abs_top_builddir/tools
as=$hook/as
cc="${CC%% *}"
to_assembly "$cc" one.c

# ---- it needs nothing that is not ready

# needs FILE: what it takes from elsewhere.
needs()
{
	nm -u "$1" | awk '{ print $2 }' |
		grep -vE '^(sc_system|sc_system_spawn|sc_assembler_may_call|sc_realtool|_GLOBAL_OFFSET_TABLE_)$'
}

# thread FILE: what it does with a thread's own.
thread()
{
	objdump -d "$1" | grep -F '%fs:'
}

# relocated FILE: data with addresses in it.
relocated()
{
	readelf -SW "$1" | grep -oE '\.rela?\.(data|rodata)[^ ]*'
}

if nm "$objects/static-call-hook" 2>/dev/null | grep -qw sc_start; then
	for object in early assembler realtool; do
		file=$objects/$object.o
		same "$object: calls nothing of the C library" "$(needs "$file")" ""
		same "$object: has nothing of a thread's" \
			"$(thread "$file")" ""
		same "$object: has no address that must be relocated" \
			"$(relocated "$file")" ""
	done
	cat >calling.c <<-'END_C'
	int g(void);
	int (*address)(void) = g;
	static __thread int own;
	int f(void) { return g() + own++; }
	END_C
	"$cc" -c calling.c -o calling.o
	same "that would be seen: a call" "$(needs calling.o)" g
	check "that would be seen: a thread's own" grep -q . <(thread calling.o)
	check "that would be seen: an address" grep -q . <(relocated calling.o)
else
	skip "it needs nothing of the C library" "it starts with that here"
fi

# ---- what it looks for

# padded N TEXT: N characters, then TEXT.
padded()
{
	head -c "$1" /dev/zero | tr '\0' '\n'
	printf '%s' "$2"
}

# It reads 4096 at a time.
wrong=
for at in 0 1 $(seq 4085 4100) 8191 12285 70000; do
	padded "$at" __SCT__x >text.s
	[ "$(by "$as" text.s)" = child ] || wrong+=" $at"
	padded "$at" __SCT_x_ >text.s
	[ "$(by "$as" text.s)" = itself ] || wrong+=" $at (none)"
	padded "$at" .include >text.s
	[ "$(by "$as" text.s)" = child ] || wrong+=" $at (.include)"
done
same "a static call is seen wherever it is" "$wrong" ""
: >text.s
same "nothing in it" "$(by "$as" text.s)" itself
same "a second file" "$(by "$as" text.s one.s)" child
same "a file that is not there" "$(by "$as" text.s nowhere.s)" child
same "an option's value is no file" "$(by "$as" text.s -I one.s)" itself
same "an option in need of a value" "$(by "$as" text.s -o)" itself
same "standard input" "$(by "$as" - <text.s)" child
same "no file" "$(by "$as" -v)" child
echo text.s >text.rsp
same "a file of options" "$(by "$as" @text.rsp)" child
for include in .INCLUDE .Include; do
	echo "$include \"one.s\"" >outer.s
	if as outer.s -o raw.o; then
		check "as: $include" "$as" outer.s -o outer.o
		same "as: $include, annotated" "$(tool_sites outer.o recorded)" \
			"$(tool_sites raw.o)"
	else
		skip "as: $include" "as does not know it"
	fi
done
as one.s -o raw.o
mkfifo pipe
cat one.s >pipe &
check "as: a pipe is read once" "$as" pipe -o piped.o
same "as: a pipe, annotated" "$(tool_sites piped.o recorded)" \
	"$(tool_sites raw.o)"
wait

# ---- where it looks

long=$(printf '%s/' "$scratch" && head -c 5000 /dev/zero | tr '\0' /)
mkdir -p dir/as marked other
cp self/as marked
: >marked/hook.rsp
printf '#!/bin/sh\necho "$0"\n' >other/as
chmod +x other/as
: >plain
for before in "$long" "$scratch/dir" "$scratch/marked" "$scratch/nowhere" \
	"$scratch/plain" "" "$(head -c 4095 /dev/zero | tr '\0' x)"; do
	same "not what is in '${before:0:60}'" \
		"$(COMPILER_PATH=$before:$scratch/other "$as" one.s)" \
		"$scratch/other/as"
done
same "the current directory, by no name" \
	"$(cd other && COMPILER_PATH=: "$as" ../one.s)" ./as
for options in "'-O2' '-B' '$scratch/other'" "'-O2' '-B$scratch/other'" \
	"'-B$scratch/marked' '-B' '$scratch/nowhere' '-B$scratch/other' '-O2'"; do
	same "gcc's options: ${options//$scratch\//}" \
		"$(COLLECT_GCC_OPTIONS=$options COMPILER_PATH=$scratch/self \
			"$as" one.s)" "$scratch/other/as"
done
mkdir -p gcc/libexec/gcc/machine/1 gcc/machine/bin
cp other/as gcc/machine/bin
same "the directory of gcc's machine" \
	"$(COLLECT_LTO_WRAPPER=$scratch/gcc/libexec/gcc/machine/1/lto-wrapper \
		COMPILER_PATH='' "$as" one.s)" \
	"$scratch/gcc/libexec/gcc/machine/../../../machine/bin/as"

# ---- what cannot be started

mkdir broken
printf 'no program' >broken/as
chmod +x broken/as
for file in text.s one.s; do
	check "$file: the assembler is no program" \
		fails 1 "static-call: $scratch/broken/as: cannot start" \
		env COMPILER_PATH="$scratch/broken" "$as" $file
done
check "there is no assembler" fails 1 "static-call: as: cannot find the real one" \
	env COLLECT_GCC=gcc PATH=/nowhere "$as" one.s

# ---- what the assembler gets

# shellcheck disable=SC2016 # for the other shell
printf '#!/bin/sh\ngrep -E "^Sig(Blk|Ign)" /proc/self/status; printf "%%s\\n" "$0" "$@"; env | sort\n' >other/as
for file in text.s one.s; do
	for block in "" --block-signal=TERM,INT --ignore-signal=HUP; do
		# shellcheck disable=SC2086 # a word, or none
		same "$file ${block:---}: signals, words and environment as without it" \
			"$(env $block COMPILER_PATH="$scratch/other" A=1 \
				"$as" "a  b" $file '' "$scratch")" \
			"$(env $block COMPILER_PATH="$scratch/other" A=1 \
				"$scratch/other/as" "a  b" $file '' "$scratch")"
	done
done

# ---- the same without a start of its own, as on other machines

libs=$(pkg-config --libs libelf 2>/dev/null || echo -lelf)
mkdir portable
: >portable/hook.rsp
parts=$(find "$objects" -maxdepth 1 -name '*.o' ! -name 'static_call-*' \
	! -name 'start_*')
# shellcheck disable=SC2086 # lists
if $CC ${CFLAGS-} -D_GNU_SOURCE "$abs_top_srcdir/tools/start_libc.c" $parts \
	$libs -o portable/as 2>portable/why; then
	as=$scratch/portable/as
	same "portable: gives way" "$(by "$as" text.s)" itself
	same "portable: does not" "$(by "$as" one.s)" child
	check "portable: assembles" "$as" one.s -o portable.o
	same "portable: annotates" "$(tool_sites portable.o recorded)" \
		"$(tool_sites raw.o)"
	for file in text.s one.s; do
		check "portable, $file: the assembler is no program" \
			fails 1 "static-call: $scratch/broken/as: cannot start" \
			env COMPILER_PATH="$scratch/broken" "$as" $file
	done
else
	skip "portable" "cannot be linked: $(head -1 portable/why)"
fi
finish
