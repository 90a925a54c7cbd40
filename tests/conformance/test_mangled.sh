#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_mangled.sh - linked files that were damaged in what the library reads: no
# crash, no hang and no wrong result that a library which reads nothing would not
# have, too.
#
# SC_TEST_SECONDS=N: goes on for so long, and keeps each file that fails in the
# directory where it was started.  SC_TEST_SEED chooses what is damaged.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

suite=$abs_top_srcdir/tests/conformance
soname=libstaticcall-$backend.so.0
started=$PWD
seed=${SC_TEST_SEED:-1}
keep=
if [ -n "${SC_TEST_SECONDS:-}" ]; then
	keep=-k
	: "${SC_TEST_SEED:=$((RANDOM * 32768 + RANDOM))}"
	seed=$SC_TEST_SEED
fi
cd "$work" || exit 99

# Its modules are known by what their constructors pass, which are pointers that the
# loader has relocated: nothing of that can be checked.
if [ "$backend" = generic ]; then
	skip 'damaged files' 'the generic backend reads nothing of a file'
	finish
fi
if [ ! -e "$libs/libstaticcall-$backend.so" ]; then
	skip 'damaged files' 'no shared library was built'
	finish
fi

compile() # OUTPUT OPTION...
{
	"${cc[@]}" -O2 -fPIC "${include[@]}" -c -o "$1" "${@:2}" \
		"$suite/edited.c"
}

link() # OUTPUT OBJECT WORD...
{
	"${cc[@]}" ${hook:+"$hook"} -o "$1" "$2" "${@:3}" \
		"$libs/libstaticcall-$backend.so" >log 2>&1
}

# stub DIRECTORY OPTION...: a library of the same name, in place of ours.
stub()
{
	mkdir "$1" && "${cc[@]}" -O1 -fPIC -shared "${include[@]}" \
		-DSTATIC_CALL_NO_HOOK "${@:2}" -o "$1/$soname" \
		"$suite/edited_stub.c" -Wl,-soname,"$soname" \
		-Wl,--version-script="$abs_top_builddir/src/libstaticcall-$backend.map"
}

check 'the program' compile program.o
check 'the library' compile library.o -DPLUGIN
check 'the host' "${cc[@]}" -O2 -o host "$suite/edited_host.c" -ldl
check 'what damages it' "${cc[@]}" -O2 -o mangle "$suite/mangle.c"
check 'the control, which reads nothing' stub control
check 'the control, which believes all' stub careless -DCARELESS

# mangle FILE LIBRARIES SEED COUNT
mangle()
{
	local run=(./copy)

	[ "${1##*-}" != shared ] || run=(./host ./copy)
	# shellcheck disable=SC2086 # none or one
	./mangle $keep "./$1" ./copy "$3" "$4" "$2" control "${run[@]}"
}

# number WORD: the sum of the numbers before WORD in all that was told.
number()
{
	sed -n "s/.*[ :]\([0-9]*\) $1.*/\1/p" told |
		awk '{ n += $1 } END { print n + 0 }'
}

files=()
for linker in bfd gold lld mold; do
	for mode in pie no-pie shared; do
		object=program.o
		[ $mode != shared ] || object=library.o
		if link $linker-$mode $object -fuse-ld=$linker -$mode; then
			files+=("$linker-$mode")
		else
			skip "$linker -$mode" "it cannot: $(head -n 1 log)"
		fi
	done
done

# all SEED COUNT
all()
{
	local file

	for file in "${files[@]}"; do
		mangle "$file" "$libs" "$1" "$2" >damaged 2>&1
		case $? in
		0) report ok "$file, seed $1" ;;
		*) report 'not ok' "$file, seed $1" damaged ;;
		esac
		cat damaged >>told
	done
	[ -z "$keep" ] || find . -name 'copy.*' -exec mv -t "$started" {} +
}

each=25
[ "$backend" != generic ] || each=5
[ -z "$keep" ] || each=100
while all "$seed" $each && [ "$SECONDS" -lt "${SC_TEST_SECONDS:-0}" ]; do
	seed=$((seed + 1))
done

# What is tried must be worth it.
n=$((${#files[@]} * each))
echo "# $(number well) went well, of which $(number 'of them told otherwise')" \
	"told otherwise; $(number bad) bad by the file's own fault"
check 'many run all the same' test "$(number well)" -ge $((n / 3))
if [ "$backend" != generic ]; then
	check 'the library sees that some are damaged' \
		test "$(number 'of them told otherwise')" -ge $((n / 20))
	keep=
	check_fails 'a library that believes all fails' '^# failed' \
		mangle "${files[0]}" careless 1 150
fi
finish
