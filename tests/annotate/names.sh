#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The linker that a compiler is told to use is the one that the hook runs, by
# whatever name; what goes past the hook is told by verify.
. "$(dirname "$0")/annotate.sh"

rsp=@$hook/hook.rsp
mold_dir=/usr/libexec/mold

# linked_by NAME PATTERN COMMAND...: complete, and made by that linker.
linked_by()
{
	local name=$1 pattern=$2 file

	shift 2
	rm -f program
	for file in one two library; do
		cc "$1" -O2 -c $file.c
	done
	check "$name: builds" "$@" -Wl,--emit-relocs one.o two.o library.o \
		-o program
	check "$name: runs" ./program
	check "$name: complete" "$tool" verify program
	{ readelf -p .comment program && readelf -nW program; } >made.by
	check "$name: is that linker" grep -- "$pattern" made.by
}

# Each name of the hook's directory stands for what that name means without it.
for path in "$hook"/*ld*; do
	name=${path##*/}
	[ -x "$path" ] || continue
	if command -v "$name" >/dev/null; then
		same "$name: the version is the real one's" \
			"$("$path" --version 2>&1)" "$("$name" --version 2>&1)"
	else
		check "$name: is not here, and that is said" \
			fails 1 "$name: cannot find the real one" "$path"
	fi
done

# Called without a compiler: not what is beside the shell, but what PATH has next.
mkdir next
printf '#!/bin/sh\necho the next one\n' >next/ld
chmod +x next/ld
same "ld in PATH: the next one in PATH" \
	"$(PATH=$hook:$scratch/next:$PATH ld --version)" "the next one"
same "HOOKDIR/ld: the first in PATH" \
	"$(PATH=$scratch/next:$PATH "$hook/ld" --version)" "the next one"

# A new version of lld wants a name in tools/Makefile.am.
for name in $(compgen -c ld.lld | sort -u); do
	check "$name: the hook has it" test -x "$hook/$name"
done

if command -v clang >/dev/null; then
	for name in $(compgen -c ld.lld- | sort -u); do
		version=${name#ld.lld-}
		linked_by "clang -fuse-ld=lld-$version" "LLD $version" \
			clang "$rsp" -O2 -fuse-ld="lld-$version"
		linked_by "clang --ld-path=$name" "LLD $version" \
			clang "$rsp" -O2 --ld-path="$name"
	done
	for name in ld.lld ld.gold gold mold ld.mold; do
		command -v $name >/dev/null || continue
		pattern=${name#ld.} pattern=${pattern/lld/LLD}
		linked_by "clang --ld-path=$name" "$pattern" \
			clang "$rsp" -O2 --ld-path=$name
	done
	# Past the hook: a path is not looked for.
	if ld=$(command -v ld.lld); then
		check "clang --ld-path=/...: is refused" \
			fails 1 build_hook clang "$rsp" $include -O2 \
			--ld-path="$ld" one.c two.c library.c -o program
		clang "$rsp" $include $without_hook -O2 --ld-path="$ld" \
			-Wl,--emit-relocs one.c two.c library.c -o program
		check "clang --ld-path=/...: runs" ./program
		check "clang --ld-path=/...: verify tells" \
			fails 1 'no record of the call' "$tool" verify program
	fi
else
	skip "names of linkers that clang takes" "no clang"
fi

# Another -B, behind the hook's.
for cc in $(compilers); do
	if [ -x $mold_dir/ld ]; then
		linked_by "${cc##*/} -B$mold_dir" mold \
			"$cc" "$rsp" -O2 -B$mold_dir
	else
		skip "${cc##*/} -B$mold_dir" "no mold there"
	fi
done
finish
