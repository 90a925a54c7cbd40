#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a link says and writes names the user's files, as without the hook; and what
# it makes does not depend on where or when it was made.
. "$(dirname "$0")/annotate.sh"
include+=$without_hook

rsp=@$hook/hook.rsp
export TMPDIR=$memory
cc=${CC%% *}

# Names of every kind: below, above, with a blank, absolute, in an archive, by -l.
make_tree()
{
	mkdir -p "$1/src" "$1/lib" "$1/build/work" "$1/with blank"
	cc "$cc" -O2 -ffunction-sections -c one.c -o "$1/src/one.o"
	cc "$cc" -O2 -ffunction-sections -c two.c -o "$1/lib/two.o"
	"$cc" -c library.c -o "$1/with blank/library.o"
	cat >dead.c <<-'END'
	#include <static_call.h>
	int add(int x);
	DECLARE_STATIC_CALL(there, add);
	int dead(int x) { return static_call(there)(x) + 5; }
	END
	cc "$cc" -O2 -ffunction-sections -c dead.c -o "$1/build/work/dead.o"
	cp "$1/build/work/dead.o" "$1/src/twice.o"
	(cd "$1/lib" && ar rcs libtwo.a two.o && rm two.o)
}
make_tree tree
cd tree/build/work || exit 99
inputs=(../../src/one.o dead.o -L../../lib -ltwo "../../with blank/library.o")

# names FILE...: the user's objects that are named there, and private ones.
names()
{
	grep -ohE "[^ :\`'(>]*static-call-[^ ]*|(\.\./)+(src/one\.o|lib/libtwo\.a)|dead\.o" \
		"$@" 2>/dev/null | sed 's|^[^ ]*/static-call-.*|PRIVATE|' | sort -u
}

# said NAME LINKER OPTION...: the same names as without the hook, in what is said
# and in the files map and dep.
said()
{
	local name=$1 ld=$2 plain

	shift 2
	rm -f map dep
	if ! "$cc" -fuse-ld="$ld" "${inputs[@]}" "$@" -o out >log 2>&1; then
		skip "$name" "$ld cannot: $(head -n 1 log)"
		return
	fi
	plain=$(names log map dep)
	rm -f map dep
	"$cc" "$rsp" -fuse-ld="$ld" "${inputs[@]}" "$@" -o out >log 2>&1
	same "$name: exit status" $? 0
	same "$name: names" "$(names log map dep)" "$plain"
	check "$name: there are some" test -n "$plain"
}

for ld in $(linkers "$cc"); do
	said "$ld -Map" "$ld" -Wl,-Map=map
	said "$ld -Map, two words" "$ld" -Wl,-Map,map
	said "$ld -M" "$ld" -Wl,-M
	said "$ld --cref" "$ld" -Wl,--cref
	said "$ld --print-gc-sections" "$ld" -Wl,--gc-sections \
		-Wl,--print-gc-sections -Wl,--trace
	said "$ld --dependency-file" "$ld" -Wl,--dependency-file=dep
	said "$ld --trace" "$ld" -Wl,--trace
	check "$ld: linked by the hook, complete" "$BASH" -c \
		"'$cc' '$rsp' -fuse-ld=$ld ../../src/one.o dead.o -L../../lib \
			-ltwo '../../with blank/library.o' -Wl,--emit-relocs \
			-o out && '$tool' verify out"

	# A function twice: an error, by names.
	"$cc" -fuse-ld="$ld" "${inputs[@]}" ../../src/twice.o -o out >plain 2>&1
	"$cc" "$rsp" -fuse-ld="$ld" "${inputs[@]}" ../../src/twice.o -o out \
		>hooked 2>&1
	same "$ld: an error: exit status" $? 1
	check "$ld: an error says the same" diff plain hooked
	check "$ld: it names the file" grep -q 'src/twice\.o' hooked
	same "$ld: nothing is left" "$(find "$memory" -mindepth 1)" ""
done

# Where both streams are one file, its lines stay in order; where not, each keeps
# its own.
if command -v ld.bfd >/dev/null; then
	"$cc" -fuse-ld=bfd "${inputs[@]}" ../../src/twice.o -Wl,--trace -o out \
		>plain 2>plain.err
	"$cc" "$rsp" -fuse-ld=bfd "${inputs[@]}" ../../src/twice.o \
		-Wl,--trace -o out >hooked 2>hooked.err
	# The hook's own library is an input, too.
	check "standard output is what it was" diff plain \
		<(grep -v '/build-hook\.a$' hooked)
	check "standard error is what it was" diff plain.err hooked.err
fi

# What lld packs are the originals, to be linked again without the hook.
if command -v ld.lld >/dev/null; then
	for how in option environment; do
		rm -rf repro*
		if [ $how = option ]; then
			"$cc" "$rsp" -fuse-ld=lld "${inputs[@]}" \
				-Wl,--reproduce=repro.tar -o out
		else
			LLD_REPRODUCE=repro.tar "$cc" "$rsp" -fuse-ld=lld \
				"${inputs[@]}" -o out
		fi
		check "lld --reproduce, by $how: runs" ./out
		check "lld --reproduce, by $how: has records" \
			test "$(calls out)" -gt 5
		same "lld --reproduce, by $how: no private name" \
			"$(tar tf repro.tar | grep -c static-call-)" 0
		tar xf repro.tar
		check "lld --reproduce, by $how: the originals" cmp \
			"$(find repro -name dead.o)" dead.o
		check "lld --reproduce, by $how: is linked again" "$BASH" -c \
			"cd repro && ld.lld @response.txt && ! grep -qE static-call-....../ response.txt"
	done
else
	skip "lld --reproduce" "no lld"
fi

# The same bytes in another directory, and at another time.
cd "$scratch" || exit 99
make_tree other
link_in()
{
	(cd "$1/build/work" && "$cc" "$rsp" -fuse-ld="$2" -g "${inputs[@]}" \
		-o "$3" && mv "$3" "$scratch/$3")
}
for ld in $(linkers "$cc"); do
	link_in tree "$ld" first
	link_in other "$ld" second
	check "$ld: the same in another directory" cmp first second
	link_in tree "$ld" second
	check "$ld: the same once more" cmp first second
done
if command -v clang >/dev/null; then
	for kind in full thin; do
		for file in one two library; do
			cc clang -O2 -flto=$kind -c $file.c -o bit_$file.o
		done
		for name in first second; do
			clang "$rsp" -fuse-ld=lld -flto=$kind bit_one.o \
				bit_two.o bit_library.o -o $name 2>/dev/null
		done
		[ -e first ] && check "clang -flto=$kind: the same once more" \
			cmp first second
	done
fi

# Ninja has nothing to do the second time.
if command -v ninja >/dev/null; then
	cd tree/build/work || exit 99
	# GNU ld does not quote a blank in this file.
	cp "../../with blank/library.o" .
	for ld in $(linkers "$cc"); do
		rm -rf .ninja_* out dep
		cat >build.ninja <<-END
		rule link
		  command = $cc $rsp -fuse-ld=$ld \$in -L../../lib -ltwo -Wl,--dependency-file=dep -o \$out
		  depfile = dep
		  deps = gcc
		build out: link ../../src/one.o dead.o library.o
		END
		if ! ninja >log 2>&1; then
			skip "ninja, $ld" "$(grep -m 1 -i error log)"
			continue
		fi
		same "ninja, $ld: no work the second time" \
			"$(ninja | tail -n 1)" "ninja: no work to do."
		touch ../../lib/libtwo.a
		check "ninja, $ld: there is when an input changes" \
			grep -q '1/1' <(ninja)
	done
else
	skip "ninja" "it is not there"
fi
finish
