#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Inputs of a link that take some finding: caches of link-time optimisers, archives
# of other systems, local trampolines, linker scripts.
. "$(dirname "$0")/annotate.sh"
# Each is tried without the hook, too: what a linker cannot is no fault of the hook.
include+=$without_hook

rsp=@$hook/hook.rsp
export TMPDIR=$memory
cc=${CC%% *}
for file in one two library; do
	cc "$cc" -O2 -fPIC -c $file.c
done
all=$(cat <(objdump_sites one.o) <(objdump_sites two.o) | wc -l)

# complete NAME COMMAND...: it links, runs, and each call has a record.
complete()
{
	local name=$1

	shift
	rm -f out
	check "$name: links" "$@" -Wl,--emit-relocs -o out
	check "$name: runs" ./out
	check "$name: complete" "$tool" verify out
	same "$name: all calls" "$(calls out)" "${expected:-$all}"
}

# ---- trampolines that have become local

for ld in $(linkers "$cc"); do
	[ "$ld" = mold ] && continue
	"ld.$ld" -r one.o two.o -o part.o 2>ld.err || continue
	objcopy --localize-hidden part.o local.o
	check "after ld.$ld -r, local: the trampolines are" \
		grep -q ' t __SCT__here' <(nm local.o)
	for with in $(linkers "$cc"); do
		complete "after ld.$ld -r, local, $with" "$cc" "$rsp" \
			-fuse-ld="$with" local.o library.o
	done
	cp local.o done.o
	"$tool" annotate done.o
	same "after ld.$ld -r, local: the tool finds each call" \
		"$(tool_sites done.o recorded)" "$(objdump_sites local.o)"
done

# ---- linker scripts

mkdir -p lib/sub other
cp two.o lib/sub/two.o
cp library.o other/library.o
ar rcs lib/libtwo.a two.o
rm -f two_moved.o
mv two.o two_moved.o
mv library.o library_moved.o
cat >lib/libscript.so <<'END'
/* GNU ld script; INPUT(nothing.o) is in a comment */
GROUP ( libtwo.a AS_NEEDED ( "library.o" ) )
END
echo 'INPUT(-ltwo library.o)' >lib/libscript.a
echo "INPUT(sub/two.o /*,*/ $PWD/other/library.o)" >lib/plain.ld
echo "INPUT(plain.ld)" >lib/outer.ld
for ld in $(linkers "$cc"); do
	for how in "-Llib -Lother -lscript" "-static -Llib -Lother -lscript" \
		"-Llib lib/plain.ld" "-Llib lib/outer.ld"; do
		# shellcheck disable=SC2086 # a list of words
		if ! "$cc" -fuse-ld="$ld" one.o $how -o out 2>ld.err; then
			skip "script: $ld $how" "$ld cannot: $(head -n 1 ld.err)"
			continue
		fi
		# shellcheck disable=SC2086 # a list of words
		complete "script: $ld $how" "$cc" "$rsp" -fuse-ld="$ld" one.o \
			$how
	done
	if "$cc" -fuse-ld="$ld" one.o -Llib -Wl,-T,lib/plain.ld -o out \
		2>ld.err; then
		check "script: $ld -T: links" "$cc" "$rsp" -fuse-ld="$ld" \
			one.o -Llib -Wl,-T,lib/plain.ld -Wl,--emit-relocs -o out
		same "script: $ld -T: all calls" "$(calls out)" "$all"
	fi
done
mv two_moved.o two.o
mv library_moved.o library.o

# ---- archives of BSD and Darwin

# bsd NAME FILE...: an archive as BSD's ar makes it, without an index; long names
# lie in front of the data.
bsd()
{
	local archive=$1 file name size

	shift
	printf '!<arch>\n' >"$archive"
	for file; do
		name=$file
		size=$(stat -c %s "$file")
		printf '#1/%-13s%-12s%-6s%-6s%-8s%-10s`\n' ${#name} 0 0 0 \
			100644 $((size + ${#name})) >>"$archive"
		printf '%s' "$name" >>"$archive"
		cat "$file" >>"$archive"
		[ $(((size + ${#name}) % 2)) = 0 ] || printf '\n' >>"$archive"
	done
}
"$cc" -c -xc - -o none.o <<<'int none(void) { return 0; }'
"$cc" -c -xc - -o main.o <<<'int none(void); int main(void) { return none(); }'
bsd libnone.a none.o
bsd libbsd.a two.o
for ld in $(linkers "$cc"); do
	for pair in "main.o libnone.a" "one.o library.o libbsd.a"; do
		# shellcheck disable=SC2086 # a list of words
		if "$cc" -fuse-ld="$ld" -Wl,--whole-archive $pair \
			-Wl,--no-whole-archive -o out 2>ld.err; then
			# shellcheck disable=SC2086 # a list of words
			check "BSD: $ld $pair: passes" "$cc" "$rsp" \
				-fuse-ld="$ld" -Wl,--whole-archive $pair \
				-Wl,--no-whole-archive -Wl,--emit-relocs -o out
			check "BSD: $ld $pair: runs" ./out
			check "BSD: $ld $pair: complete" "$tool" verify out
		else
			skip "BSD: $ld $pair" "$ld cannot: $(head -n 1 ld.err)"
		fi
	done
done
# With an index, which says where a member is that another one needs.
cp two.o a_long_name_for_two.o
for form in bsd darwin; do
	rm -f lib$form.a
	if ! llvm-ar --format=$form rcs lib$form.a none.o library.o \
		a_long_name_for_two.o 2>/dev/null; then
		skip "$form, with an index" "no llvm-ar"
		continue
	fi
	for ld in $(linkers "$cc"); do
		if ! "$cc" -fuse-ld="$ld" one.o lib$form.a -o out 2>ld.err; then
			skip "$form, $ld" "$ld cannot: $(head -n 1 ld.err)"
			continue
		fi
		check "$form, $ld: links" "$cc" "$rsp" -fuse-ld="$ld" one.o \
			lib$form.a -Wl,--emit-relocs,-Map,map -o out
		check "$form, $ld: runs" ./out
		check "$form, $ld: complete" "$tool" verify out
		check "$form, $ld: the map names the member" \
			grep -q "lib$form.a(a_long_name_for_two.o)" map
		check "$form, $ld: what nothing needs stays out" \
			test -z "$(grep 'a(none.o)' map)"
	done
done
# Two more of those that are seen: Darwin's index, and a cut one.
printf '!<arch>\n__.SYMDEF       0           0     0     644     0         `\n' \
	>darwin.a
printf '!<arch>\nrubbish' >rubbish.a
for file in darwin.a rubbish.a; do
	"$cc" main.o none.o $file -o out >plain 2>&1
	status=$?
	"$cc" "$rsp" main.o none.o $file -o out >hooked 2>&1
	same "$file: as without the hook" $? $status
	check "$file: and the same is said" diff plain hooked
done

# ---- caches of clang's ThinLTO

if command -v clang >/dev/null && command -v ld.lld >/dev/null; then
	expected=
	mkdir bit
	for file in one two library; do
		cc clang -O2 -flto=thin -c $file.c -o bit/$file.o
	done
	cc clang -O2 -flto=full -c two.c -o bit/full.o
	for second in two full; do
		for round in 1 2; do
			rm -f out
			check "ThinLTO cache, $second.o, $round: links" clang \
				"$rsp" -fuse-ld=lld -flto=thin bit/one.o \
				bit/$second.o bit/library.o \
				-Wl,--thinlto-cache-dir=cache,--emit-relocs \
				-o out
			check "ThinLTO cache, $second.o, $round: runs" ./out
			check "ThinLTO cache, $second.o, $round: complete" \
				"$tool" verify out
			check "ThinLTO cache, $second.o, $round: has calls" \
				test "$(calls out)" -gt 5
		done
	done
	# Without static calls the cache is used as ever.
	clang -O2 -flto=thin -c -xc - -o bit/none.o <<<'int main(void) { return 0; }'
	rm -rf cache
	check "ThinLTO cache, no static call: links" clang "$rsp" -fuse-ld=lld \
		-flto=thin bit/none.o -Wl,--thinlto-cache-dir=cache -o out
	check "ThinLTO cache, no static call: is filled" \
		test -n "$(ls cache 2>/dev/null)"
else
	skip "ThinLTO cache" "no clang, or no lld"
fi
same "nothing is left behind" "$(find "$memory" -mindepth 1)" ""
finish
