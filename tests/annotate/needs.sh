#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A forgotten hook shows: the link fails, and the symbol that is missing says why.
# The hook defines it in final links that want it; nobody else ever sees it.
. "$(dirname "$0")/annotate.sh"

rsp=@$hook/hook.rsp
symbol=__static_call_needs_the_build_hook__see_static_call_1
export TMPDIR=$memory
strict=

echo 'int plain(void) { return 0; }' >none.c
echo 'int main(void) { return 0; }' >main.c

# objects DIR COMPILER FLAG...: the program's, without the hook; with the macro
# $strict, if there is one.
objects()
{
	local dir=$1 cc=$2 file

	shift 2
	mkdir -p "$dir"
	for file in one two library; do
		cc "$cc" ${strict:+"-D$strict"} -O2 "$@" -c $file.c \
			-o "$dir/$file.o" || return 1
	done
}

# refused NAME COMMAND...: the link fails, and names the symbol.
refused()
{
	local name=$1

	shift
	rm -f out
	tap_n=$((tap_n + 1))
	if ! "$@" -o out >out.log 2>&1 && grep -q build_hook out.log; then
		echo "ok $tap_n - $name"
	else
		echo "not ok $tap_n - $name"
		sed 's/^/# /' out.log
		tap_failed=1
	fi
}

# linked NAME COMMAND...: it links, all calls have records, the dynamic symbols
# do not have the hook's.
linked()
{
	local name=$1

	shift
	rm -f out
	# gold cannot do both.
	[[ "$*" == *--gc-sections* ]] || set -- "$@" -Wl,--emit-relocs
	check "$name: links" "$@" -o out
	[[ "$*" == *--gc-sections* ]] ||
		check "$name: complete" "$tool" verify out
	same "$name: the symbol is no dynamic one" \
		"$(readelf --dyn-syms -W out 2>/dev/null | grep -c build_hook)" 0
}

# both NAME COMMAND...: without the hook, and with it.
both()
{
	local name=$1 cc=$2

	shift 2
	refused "$name, no hook: refused" "$cc" "$@"
	linked "$name, hook" "$cc" "$rsp" "$@"
}

# one COMPILER LINKER
one()
{
	local name="${1##*/} $2" cc=$1 ld=-fuse-ld=$2 mode dir=${1##*/}

	for mode in -pie -no-pie -static; do
		both "$name $mode" "$cc" "$ld" $mode "$dir"/{one,two,library}.o
		check "$name $mode: runs" ./out
	done
	both "$name -shared" "$cc" "$ld" -shared "$dir"/{one,two,library}.o
	both "$name --gc-sections" "$cc" "$ld" -Wl,--gc-sections \
		"$dir"/{one,two,library}.o
	both "$name archive" "$cc" "$ld" main.o -Wl,-u,tail "$dir/liball.a"
	check "$name archive: runs" ./out
}

# A part by ld -r through the hook, which is linked with it and without.
part()
{
	local name="${1##*/} $2 -r" cc=$1 ld=-fuse-ld=$2 dir=${1##*/}

	check "$name: links" "$cc" "$rsp" "$ld" -r -nostdlib \
		"$dir"/{one,two}.o -o part.o
	check "$name: leaves the symbol undefined" grep -q " U $symbol" \
		<(nm part.o)
	both "$name, then a program" "$cc" "$ld" part.o "$dir/library.o"
	check "$name, then a program: runs" ./out
}

for cc in $(compilers); do
	dir=${cc##*/}
	objects "$dir" "$cc" -fPIC
	rm -f "$dir"/*.a
	ar rcs "$dir/liball.a" "$dir"/{one,two,library}.o
	# one.c has a main() of its own.
	objcopy --redefine-sym main=other_main "$dir/one.o" "$dir/c.o"
	rm "$dir/liball.a"
	ar rcs "$dir/liball.a" "$dir"/{c,two,library}.o
	"$cc" -c main.c
	for ld in $(linkers "$cc"); do
		one "$cc" "$ld"
		# mold 1 merges groups; the others do it right.
		[ "$ld" = mold ] || part "$cc" "$ld"
	done
done

# Link-time optimisation.
if command -v gcc >/dev/null; then
	for flags in -flto "-flto -ffat-lto-objects" "-flto -flto-partition=max"; do
		# shellcheck disable=SC2086 # a list of flags
		objects lto gcc -fPIC $flags
		for ld in $(linkers gcc); do
			[ "$ld" = lld ] && continue	# it cannot
			# shellcheck disable=SC2086 # a list of flags
			both "gcc $flags $ld" gcc -O2 $flags -fuse-ld="$ld" \
				lto/{one,two,library}.o
			check "gcc $flags $ld: runs" ./out
		done
	done
	gcc-ar rcs lto/liball.a lto/{two,library}.o &&
		both "gcc -flto, an archive" gcc -O2 -flto lto/one.o lto/liball.a
fi
if command -v clang >/dev/null; then
	for kind in full thin; do
		objects bit clang -fPIC -flto=$kind
		for ld in $(linkers clang); do
			clang -flto=$kind -fuse-ld="$ld" main.c -o probe \
				2>/dev/null || continue
			both "clang -flto=$kind $ld" clang -O2 -flto=$kind \
				-fuse-ld="$ld" bit/{one,two,library}.o
			check "clang -flto=$kind $ld: runs" ./out
		done
	done
fi

# Where nothing wants it, nothing comes.
cc=${CC%% *}
"$cc" -c none.c
strict=STATIC_CALL_NO_HOOK
objects weak "$cc" -fPIC
for ld in $(linkers "$cc"); do
	"$cc" -fuse-ld="$ld" main.o none.o -o plain
	"$cc" "$rsp" -fuse-ld="$ld" main.o none.o -o hooked
	check "$ld: a program without static calls is the same" \
		cmp plain hooked
	"$cc" -fuse-ld="$ld" main.o none.o "$dir/liball.a" -o plain
	"$cc" "$rsp" -fuse-ld="$ld" main.o none.o "$dir/liball.a" -o hooked
	check "$ld: also beside a library that has some" cmp plain hooked
	check "$ld: a weak reference links without the hook" \
		"$cc" -fuse-ld="$ld" weak/{one,two,library}.o -o out
	check "$ld: and runs" ./out
	linked "$ld: a weak reference, hook" "$cc" "$rsp" -fuse-ld="$ld" \
		weak/{one,two,library}.o
	linked "$ld: a weak and a strong one" "$cc" "$rsp" -fuse-ld="$ld" \
		weak/one.o "$dir"/{two,library}.o
done
# By PATH: what the linker is called by has no directory.
check "ld, found in PATH: links" env PATH="$hook:$PATH" ld -shared \
	"$dir"/{one,two,library}.o -o out
check "ld, found in PATH: complete" "$tool" verify out
check "ld, found in PATH: not without" "$BASH" -c \
	"ld -shared -z defs $dir/one.o $dir/two.o $dir/library.o -o out 2>&1 |
		grep -q build_hook"
# As packages have it: links to a program in a directory for all architectures.
mkdir links program
cp -L "$hook/ld" program/static-call-hook
cp -L "$hook/build-hook.a" links
ln -s ../program/static-call-hook links/ld
echo "-B$PWD/links" >links/hook.rsp
check "a link to the hook's program: links" "$cc" @links/hook.rsp \
	"$dir"/{one,two,library}.o -o out
check "a link to the hook's program: complete" "$tool" verify out
check "a link to the hook's program, found in PATH: links" env \
	PATH="$PWD/links:$PATH" ld -shared "$dir"/{one,two,library}.o -o out
check "a link to the hook's program, found in PATH: complete" "$tool" verify out
check "a hook without its library refuses, too" "$BASH" -c "
	cp -rL '$hook' bare && rm bare/build-hook.a &&
	echo '-B$PWD/bare' >bare/hook.rsp &&
	! '$cc' @bare/hook.rsp $dir/one.o $dir/two.o $dir/library.o -o out \
		>out.log 2>&1 && grep -q build_hook out.log"
finish
