#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Linkers that are named by a path, and ld without a compiler: each row of the
# table in static-call(1), with what it says to write instead.
. "$(dirname "$0")/annotate.sh"

rsp=@$hook/hook.rsp
manual=$abs_top_srcdir/doc/static-call.1
rows=

for file in one two library; do
	cc "${CC%% *}" -O2 -fPIC -c $file.c -o $file.o
done

# A linker that is in no other directory; it leaves a mark.
dir=$scratch/elsewhere
mkdir "$dir"
for ld in ld ld.lld; do
	printf '#!/bin/sh\n: >%s/ran\nexec %s "$@"\n' "$scratch" \
		"$(command -v $ld || echo false)" >"$dir/$ld"
	chmod +x "$dir/$ld"
done

# row TEXT: the next ones are of this row.
row()
{
	row=$1
	rows+=$1$'\n'
}

# needs TOOL...: whether all are there.
needs()
{
	local tool

	for tool; do
		command -v "$tool" >/dev/null && continue
		skip "$row" "no $tool"
		return 1
	done
}

# link COMMAND...
link()
{
	rm -f out ran
	"$@" one.o two.o library.o -o out
}

complete()
{
	link "$@" && "$tool" verify out
}

# elsewhere COMMAND...: complete, and by the linker in $dir.
elsewhere()
{
	complete "$@" && [ -e ran ]
}

passes_by()
{
	! link "$@" 2>link.err && cat link.err && grep -q build_hook link.err
}

used()
{
	check "$row: is used" "$@"
}

passed_by()
{
	check "$row: passed by, and the link fails" passes_by "$@"
}

write()
{
	check "$row: what to write" "$@"
}

row '-fuse-ld=lld'
for cc in $(compilers); do
	needs ld.lld && used complete "$cc" "$rsp" -fuse-ld=lld
done

row '--ld-path=ld.lld (clang)'
needs clang ld.lld && used complete clang "$rsp" --ld-path=ld.lld

row 'the flags, then -B/DIR'
for cc in $(compilers); do
	used elsewhere "$cc" "$rsp" -B"$dir"
done

row 'COMPILER_PATH=/DIR (gcc)'
needs gcc && used elsewhere env COMPILER_PATH="$dir" gcc "$rsp"

# What libtool and the like do to make one object of several.
parts()
{
	ld -r one.o two.o -o parts.o && rm -f out &&
		"${CC%% *}" "$rsp" parts.o library.o -o out &&
		"$tool" verify out
}
row 'ld -r, then the flags'
used parts

row '-fuse-ld=/DIR/ld.lld (clang)'
if needs clang ld.lld; then
	passed_by clang "$rsp" -fuse-ld="$dir/ld.lld"
	write elsewhere clang "$rsp" -fuse-ld=lld -B"$dir"
fi

row '--ld-path=/DIR/ld.lld (clang)'
if needs clang ld.lld; then
	passed_by clang "$rsp" --ld-path="$dir/ld.lld"
	write elsewhere clang "$rsp" --ld-path=ld.lld -B"$dir"
fi

row '-B/DIR, then the flags'
for cc in $(compilers); do
	passed_by "$cc" -B"$dir" "$rsp"
	write elsewhere "$cc" "$rsp" -B"$dir"
done

row 'mold -run cc'
for cc in $(compilers); do
	needs mold || continue
	passed_by mold -run "$cc" "$rsp"
	write complete "$cc" "$rsp" -fuse-ld=mold
done

row 'ld'
for ld in ld ld.bfd ld.gold ld.lld mold; do
	needs $ld || continue
	passed_by $ld -shared
	write complete env PATH="$hook:$PATH" $ld -shared
done

row '/usr/bin/ld'
passed_by "$(command -v ld)" -shared
write complete "$hook/ld" -shared

row '/DIR/ld.lld'
if needs ld.lld; then
	passed_by "$dir/ld.lld" -shared
	write elsewhere env COMPILER_PATH="$dir" "$hook/ld.lld" -shared
fi

row '/DIR/my-linker'
mkdir "$dir/own"
mv "$dir/ld" "$dir/own/my-linker"
passed_by "$dir/own/my-linker" -shared
ln -s my-linker "$dir/own/ld"
for cc in $(compilers); do
	write elsewhere "$cc" "$rsp" -B"$dir/own"
done

same "the manual has these rows, and no others" "$(sed -n \
	'/^\.Ss Linkers named by a path/,/^\.El/s/^\.It Li "\([^"]*\)".*/\1/p' \
	"$manual")" "${rows%$'\n'}"
finish
