#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program or a library that patchelf has edited after the link runs right, and
# its calls are patched as before: the notes have moved, what they describe has
# not.
. "$(dirname "$0")/annotate.sh"

if ! command -v patchelf >/dev/null; then
	skip "files that patchelf has edited" "patchelf is not there"
	finish
fi
tests=$abs_top_srcdir/tests/annotate
libs=$abs_top_builddir/src/.libs
if [ ! -e "$libs/libstaticcall-inline.so" ]; then
	skip "files that patchelf has edited" "no shared library was built"
	finish
fi
cc=${CC%% *}
export LD_LIBRARY_PATH=$libs
expected='keys 2, sites 3, patched or crossing 3, wrong 0'
long=/$(printf 'a-long-directory/%.0s' {1..40})

check "the host" "$cc" -O2 "$tests/edited_host.c" -o host -ldl
cc "$cc" -O2 -fPIC -c "$tests/edited.c" -o program.o
cc "$cc" -O2 -fPIC -DPLUGIN -c "$tests/edited.c" -o plugin.o

# says FILE: it runs right, and says what is expected.
says()
{
	local run=(./"$1")

	[ "$kind" = program ] || run=(./host ./"$1")
	"${run[@]}" >says.out 2>&1
	same "$2" "$(tail -n 3 says.out)" "$expected"
}

# edit NAME ARGUMENTS...: patchelf with these; the file runs, and is listed.
edit()
{
	local name=$1

	shift
	cp out edited
	if ! patchelf "$@" edited 2>patchelf.err; then
		skip "$name" "patchelf: $(head -n 1 patchelf.err)"
		return
	fi
	check "$name: was changed" eval '! cmp -s out edited'
	says edited "$name: runs right and patched"
	same "$name: static-call lists the same calls" \
		"$("$tool" list edited | cut -d' ' -f2-)" \
		"$("$tool" list out | cut -d' ' -f2-)"
	check "$name: verify finds it complete" "$tool" verify edited
}

# edits NAME: each way to edit the file `out'.
edits()
{
	edit "$1 --add-needed" --add-needed libm.so.6
	edit "$1 --set-rpath" --set-rpath "$long:$libs"
	edit "$1 --replace-needed" --replace-needed libstaticcall-inline.so.0 \
		"$libs/libstaticcall-inline.so.0"
	if [ "$kind" = program ]; then
		edit "$1 --set-interpreter" --set-interpreter \
			"$(dirname "$(patchelf --print-interpreter out)")/../$(
			patchelf --print-interpreter out | cut -d/ -f2-)"
	else
		edit "$1 --set-soname" --set-soname "${long//\//-}.so.1"
	fi
	patchelf --add-needed libm.so.6 out &&
		edit "$1 edited twice" --set-rpath "$long:$libs"
}

for ld in $(linkers "$cc"); do
	for kind in program-pie program-no-pie plugin; do
		mode=-${kind#program-}
		kind=${kind%%-*}
		[ "$kind" = program ] || mode=-shared
		if ! "$cc" @"$hook/hook.rsp" -fuse-ld="$ld" "$mode" $kind.o \
			"$libs/libstaticcall-inline.so" -o out 2>ld.err; then
			skip "$ld $mode" "it cannot: $(head -n 1 ld.err)"
			continue
		fi
		says out "$ld $mode: before it is edited"
		edits "$ld $mode"
	done
done
finish
