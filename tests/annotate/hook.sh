#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The build hook: with it on the link line, and nowhere else, all call sites have
# records; what a build says and leaves behind is as without it.
. "$(dirname "$0")/annotate.sh"

rsp=@$hook/hook.rsp
mkdir sub
export TMPDIR=$memory

# complete NAME PROGRAM
complete()
{
	check "$1: complete" "$tool" verify "$2"
	check "$1: has calls" test "$(calls "$2")" -gt "${3:-5}"
}

# build NAME COMPILER WORD...: a program of that name.  The hook has no part in
# what is compiled.
build()
{
	local name=$1 cc=$2 word flags=() sources=() link=()

	shift 2
	rm -f program
	for word; do
		case $word in
		*.c) sources+=("$word") link+=("${word%.c}.o") ;;
		-fuse-ld=* | -Wl,* | -l* | -L* | -B* | *.a | @*) link+=("$word") ;;
		*) flags+=("$word") ;;
		esac
	done
	if ! cc "$cc" "${flags[@]}" -c "${sources[@]}" 2>build.err ||
		! "$cc" "$rsp" "${flags[@]}" "${link[@]}" \
			-Wl,--emit-relocs -o program 2>>build.err; then
		check "$name: builds" "$BASH" -c 'cat build.err; false'
		return 1
	fi
	check "$name: runs" ./program
	complete "$name" program
}

# one_compiler COMPILER LINKER
one_compiler()
{
	local cc=$1 ld=$2 name="${1##*/} $2" flags word

	# What depends on the compiler alone is tried with one linker.
	[ "$ld" = bfd ] && [ "$cc" = "${CC%% *}" ] && for flags in -O0 -O2 "-Os -fno-plt" "-O2 -static" "-O2 -no-pie" \
		"-O2 -pipe" "-O2 -save-temps=obj" "-O2 -g3 -gsplit-dwarf" \
		"-O2 -fsanitize=undefined" "-O2 --coverage"; do
		# shellcheck disable=SC2086 # a list of flags
		build "$name $flags" "$cc" -fuse-ld="$ld" $flags \
			one.c two.c library.c
	done
	build "$name" "$cc" -fuse-ld="$ld" -O2 one.c two.c library.c
	cc "$cc" -O2 -fPIC -c two.c -o sub/two.o
	cc "$cc" -O2 -fPIC -c two.c -o sub/a_member_with_a_long_name.o
	cc "$cc" -O2 -fPIC -c library.c -o sub/library.o
	rm -f sub/*.a
	ar rcs sub/libtwo.a sub/library.o sub/two.o
	build "$name archive" "$cc" -fuse-ld="$ld" one.c sub/libtwo.a
	build "$name archive, twice" "$cc" -fuse-ld="$ld" one.c sub/libtwo.a \
		sub/libtwo.a
	# With so few descriptors copies are no files in memory.
	check "$name archive, twice, on a disk" "$BASH" -c "ulimit -n 20
		'$cc' '$rsp' -fuse-ld=$ld one.o sub/libtwo.a sub/libtwo.a \
			-Wl,--emit-relocs -o program"
	complete "$name archive, twice, on a disk" program
	build "$name -l" "$cc" -fuse-ld="$ld" one.c -Lsub -ltwo
	ar rcs sub/liblong.a sub/a_member_with_a_long_name.o sub/library.o
	build "$name -l:, long names" "$cc" -fuse-ld="$ld" one.c -Lsub \
		-l:liblong.a
	ar rcsT sub/libthin.a sub/a_member_with_a_long_name.o sub/library.o
	build "$name thin archive" "$cc" -fuse-ld="$ld" one.c \
		sub/libthin.a
	build "$name whole archive" "$cc" -fuse-ld="$ld" one.c \
		-Wl,--whole-archive sub/libtwo.a -Wl,--no-whole-archive
	echo "sub/two.o 'sub/library.o'" >objects.rsp
	build "$name @file" "$cc" -fuse-ld="$ld" one.c @objects.rsp
	for word in one two library; do
		cc "$cc" -O2 -fPIC -c $word.c -o sub/$word.o
	done
	"$cc" "$rsp" -fuse-ld="$ld" -shared -Wl,--emit-relocs sub/one.o \
		sub/two.o sub/library.o -o libone.so
	complete "$name -shared" libone.so
}

# All linkers with the configured compiler; matrix has the rest of the product.
for cc in $(compilers); do
	for ld in $(linkers "$cc"); do
		[ "$ld" != bfd ] && [ "$cc" != "${CC%% *}" ] ||
			one_compiler "$cc" "$ld"
	done
	for file in one two library; do
		cc "$cc" -O2 -c $file.c
	done
	before=$(sha256sum one.o)
	"$cc" "$rsp" one.o two.o library.o -o program
	same "${cc##*/}: inputs of a link stay as they are" \
		"$(sha256sum one.o)" "$before"
	"$cc" "$rsp" -r -nostdlib one.o two.o -o part.o
	same "${cc##*/}: -r makes an annotated object" \
		"$(tool_sites part.o recorded | wc -l)" \
		"$(objdump_sites part.o | wc -l)"
done

if command -v gcc >/dev/null; then
	for flags in -flto "-flto -ffat-lto-objects" \
		"-flto -flto-partition=max" "-flto -flto-partition=none" \
		"-flto -static"; do
		# shellcheck disable=SC2086 # a list of flags
		build "gcc $flags" gcc -O2 $flags one.c two.c library.c
	done
	cc gcc -O2 -flto -fPIC -c two.c -o sub/two.o
	rm -f sub/libslim.a
	gcc-ar rcs sub/libslim.a sub/two.o &&
		build "gcc -flto archive" gcc -O2 -flto one.c \
			sub/libslim.a library.c
	# The hook of another directory, and one that is not a hook.
	mkdir other
	printf '#!/bin/sh\necho other as >>"%s/other.log"\nexec as "$@"\n' \
		"$scratch" >other/as
	chmod +x other/as
	build "gcc -flto, another -B behind" gcc -Bother -O2 -flto one.c \
		two.c library.c
	check "gcc -flto, another -B is asked" grep -q 'other as' other.log
	cp -r "$hook" second
	echo "-B$scratch/second" >second/hook.rsp
	build "gcc -flto, two hooks" gcc @second/hook.rsp -O2 -flto one.c two.c \
		library.c
fi

# lto KIND LINKER: clang's link-time optimisation, bitcode in archives too.
lto()
{
	local flags="-O2 -fPIC -flto=$1" name="clang -flto=$1 $2" file

	# shellcheck disable=SC2086 # a list of flags
	build "$name" clang -fuse-ld="$2" $flags one.c two.c library.c ||
		return
	# Archives differ by what the linker is asked for, and lld has all of that;
	# matrix has the other linkers.
	[ "$2" = lld ] || return 0
	for file in two library; do
		# shellcheck disable=SC2086 # a list of flags
		cc clang $flags -c $file.c -o sub/$file.o
	done
	cc clang -O2 -c two.c -o sub/native.o
	rm -f sub/libbit.a sub/libmix.a
	llvm-ar rcs sub/libbit.a sub/two.o sub/library.o
	llvm-ar rcs sub/libmix.a sub/native.o sub/library.o
	# shellcheck disable=SC2086 # a list of flags
	build "$name archive" clang -fuse-ld="$2" $flags one.c \
		sub/libbit.a
	# shellcheck disable=SC2086 # a list of flags
	build "$name mixed archive" clang -fuse-ld="$2" $flags one.c \
		-Lsub -lmix
	# shellcheck disable=SC2086 # a list of flags
	"clang" "$rsp" -fuse-ld="$2" $include $flags -shared -Wl,--emit-relocs \
		one.c sub/libbit.a -o libone.so
	complete "$name -shared" libone.so
}

if command -v clang llvm-ar >/dev/null; then
	for ld in bfd gold lld mold; do
		for kind in full thin; do
			echo 'int main(void) { return 0; }' >probe.c
			if clang -flto=$kind -fuse-ld=$ld probe.c -o probe \
				2>/dev/null; then
				lto $kind $ld
			else
				skip "clang -flto=$kind $ld" "it cannot"
			fi
		done
	done
fi

cc="${CC%% *}"
echo 'int nowhere(void); int main(void) { return nowhere(); }' >bad.c
"$cc" -c bad.c
"$cc" bad.o 2>plain.err
plain=$?
"$cc" "$rsp" bad.o 2>hooked.err
same "a failing linker: the same exit status" $? $plain
check "a failing linker: the same messages" diff plain.err hooked.err

# A response file that names itself twice would be read for ever.
echo '@itself.rsp @itself.rsp' >itself.rsp
check "a response file that names itself ends, as without the hook" \
	timeout "$patience" "$BASH" -c "! '$cc' '$rsp' -Wl,@itself.rsp one.c 2>/dev/null"
same "the version is the real one's" "$("$hook/ld" --version)" \
	"$(ld --version)"
check "a tool that is not there is said so" \
	env PATH=/nonexistent "$BASH" -c "! '$hook/mold' --version 2>&1 |
		grep -v 'mold: cannot find the real one'"

# An object that names a trampoline, but is broken, must not be linked.
cc "$cc" -O2 -c one.c -o broken.o
at=$((0x$(readelf -SW broken.o | awk '$2 == ".symtab" || $3 == ".symtab" {
	for (i = 1; i < NF; i++) if ($i == "SYMTAB") print $(i + 2) }')))
printf '\377\377\377\377' |
	dd of=broken.o bs=1 seek=$((at + 24)) conv=notrunc 2>/dev/null
check "an object that cannot be annotated fails the build, by name" \
	fails 1 'static-call: broken.o: ' "$cc" "$rsp" broken.o library.c

# Interrupted: a linker that waits, and a signal.
mkdir slow
printf '#!/bin/sh\necho $$ >"%s/linker"\nexec sleep 7200\n' "$scratch" >slow/ld
chmod +x slow/ld
cc "$cc" -O2 -c one.c -o raw.o
COMPILER_PATH=$scratch/slow "$hook/ld" raw.o -o never &
pid=$!
until [ -s linker ] || ! kill -0 $pid 2>/dev/null; do
	sleep 0.05
done
check "while it links there is a private copy" \
	test -n "$(find "$memory" -name raw.o)"
kill -TERM $pid
wait $pid
same "a signal ends it as it would the linker" $? 143
# linker_ends: it takes its time.
linker_ends()
{
	local i

	for ((i = 0; i < patience * 20; i++)); do
		[ -n "$(awk '$3 != "Z"' "/proc/$(cat linker)/stat" \
			2>/dev/null)" ] || return 0
		sleep 0.05
	done
	return 1
}
check "and the linker, too" linker_ends
same "nothing is left behind" "$(find "$memory" -mindepth 1)" ""
finish
