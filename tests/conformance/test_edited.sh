#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_edited.sh - programs and libraries that a tool has edited after the link:
# patchelf, objcopy, strip and their like, BOLT, and the repair of a Python wheel.
# Results are right; calls are direct as before, or the library says that they
# are not.
#
# SC_TEST_LONG=1: each edit for each linker and each kind of file, and longer random
# sequences.  SC_TEST_SEED chooses those.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

if [ ${#emulator[@]} -gt 0 ]; then
	skip 'edited files' 'the tools that edit files are for this machine alone'
	finish
fi

tool=$abs_top_builddir/tools/static-call
suite=$abs_top_srcdir/tests/conformance
soname=libstaticcall-$backend.so.0
# Some edits take the directories away that the loader would look at.
libc=$("${cc[@]}" -print-file-name=libc.so.6)
export LD_LIBRARY_PATH=$libs:$work:${libc%/*}
long=$(printf '/a-long-directory%.0s' {1..40})
RANDOM=${SC_TEST_SEED:-1}
cd "$work" || exit 99

if [ ! -e "$libs/libstaticcall-$backend.so" ]; then
	skip 'edited files' 'no shared library was built'
	finish
fi

has()
{
	command -v "$1" >/dev/null
}

# ---- the files --------------------------------------------------------------

compile() # OUTPUT OPTION...
{
	"${cc[@]}" -O2 -fPIC "${include[@]}" -c -o "$1" "${@:2}" \
		"$suite/edited.c"
}

# link OUTPUT OBJECT WORD...: a file that runs, or a message in log.
link()
{
	"${cc[@]}" ${hook:+"$hook"} -o "$1" "$2" "${@:3}" \
		"$libs/libstaticcall-$backend.so" >log 2>&1
}

# run FILE: its last lines; what the library logs is in run.log.
run()
{
	local command=("./$1")

	[ "$kind" != library ] || command=(./host "./$1")
	STATIC_CALL_DEBUG=1 "${command[@]}" 2>run.log || echo "status $?"
}

check 'the program' compile program.o
check 'the library' compile library.o -DPLUGIN
check 'the host' "${cc[@]}" -O2 -o host "$suite/edited_host.c" -ldl

# ---- what must be -----------------------------------------------------------

# same NAME FILE: it runs as before it was edited.
same()
{
	local said
	said=$(run "$2")
	printf '%s\n' "expected: $usual" "got: $said" >same.log
	if [ "$said" = "$usual" ]; then
		report ok "$1"
	else
		report 'not ok' "$1" same.log
	fi
}

# Where the calls are not direct, somebody says so.  Who has no records left, and
# besides what says where they are, is counted as one without calls.
is_said() # NAME
{
	[ "$said" = "$usual" ] || grep -q 'after the link$' <<<"$said" ||
		{ [[ $1 = *static_call*notes* ]] &&
			grep -q 'keys 4, sites 0,' <<<"$said"; }
}

# true NAME FILE: it runs right, and what it says of itself is true.
true_of()
{
	local said
	said=$(run "$2")
	printf '%s\n' "got: $said" >same.log
	cat run.log >>same.log
	if grep -q 'wrong 0$' <<<"$said" && ! grep -q '^status' <<<"$said" &&
		is_said "$1"; then
		report ok "$1"
	else
		report 'not ok' "$1" same.log
	fi
}

listed() # FILE
{
	"$tool" list "$1" 2>&1 | cut -d' ' -f2-
}

# The tool reads what the library reads.
same_list() # NAME FILE
{
	[ "$backend" = inline ] && [ -x "$tool" ] || return
	check "$1: static-call lists the same calls" \
		diff original.list <(listed "$2")
	check "$1: verify finds it complete" "$tool" verify "$2"
}

# edit NAME FILE COMMAND...: the command changes FILE, a copy; 1: it cannot.
edit()
{
	local name=$1 file=$2
	shift 2

	cp original "$file"
	if ! "$@" >log 2>&1; then
		skip "$name" "$1 cannot: $(head -n 1 log)"
		return 1
	fi
	chmod +x "$file"
}

# ---- patchelf ---------------------------------------------------------------

# An option that this version does not know, or has nothing to do for, is skipped.
patchelf_options()
{
	cat <<-END
		--add-needed libm.so.6
		--remove-needed libgone.so.6
		--replace-needed $soname $libs/$soname
		--set-rpath $long:$libs
		--set-rpath $libs
		--set-rpath $libs --force-rpath
		--add-rpath $long
		--remove-rpath
		--shrink-rpath
		--shrink-rpath --allowed-rpath-prefixes /usr
		--no-default-lib
		--add-debug-tag
		--clear-symbol-version printf
		--clear-execstack
		--set-execstack
		--page-size 65536 --set-rpath $long
		--set-os-abi linux
	END
	if [ "$kind" = library ]; then
		echo "--set-soname ${long//\//-}.so.1"
		echo "--set-soname x"
		echo "--rename-dynamic-symbols names"
	else
		echo "--set-interpreter $(dirname "$interpreter")/.$(
			printf '/.%.0s' {1..60})/$(basename "$interpreter")"
	fi
}

# Which does not change a symbol that matters.
echo 'go_away gone' >names

# is_turn N: in the short form, for one of N times that this is asked.
turn=0
is_turn()
{
	turn=$((turn + 1))
	[ -n "${SC_TEST_LONG:-}" ] || [ $((turn % $1)) = $((nr % $1)) ]
}

patchelf_each()
{
	local options words

	while read -r options; do
		is_turn 6 || continue
		read -ra words <<<"$options"
		edit "$1 ${options:0:60}" edited patchelf "${words[@]}" edited ||
			continue
		same "$1 ${options:0:60}" edited
		same_list "$1 ${options:0:60}" edited
	done < <(patchelf_options)
}

# Six in any order, each over what the one before has left.
patchelf_sequence() # NAME
{
	local all options words i line

	mapfile -t all < <(patchelf_options)
	cp original edited
	line=
	for i in {1..6}; do
		options=${all[RANDOM % ${#all[@]}]}
		# Without it the rest could not be looked at.
		case $options in
		*names | *--no-default-lib*) continue ;;
		esac
		read -ra words <<<"$options"
		patchelf "${words[@]}" edited >log 2>&1 &&
			line+=" ${options:0:24}"
	done
	same "$1 in turn:$line" edited
	same_list "$1 in turn" edited
}

# What goes wrong without static calls goes wrong with them.
patchelf_all()
{
	local i rounds=1

	if ! has patchelf; then
		skip "$1 patchelf" 'patchelf is not there'
		return
	fi
	patchelf_each "$1 patchelf"
	[ -z "${SC_TEST_LONG:-}" ] || rounds=20
	for ((i = 0; i < rounds; i++)); do
		patchelf_sequence "$1 patchelf"
	done
}

# ---- objcopy and strip ------------------------------------------------------

objcopies()
{
	local oc

	for oc in objcopy llvm-objcopy; do
		cat <<-END
			$oc --strip-all
			$oc -g
			$oc --strip-unneeded
			$oc -O elf64-x86-64
			$oc --compress-debug-sections
			$oc --weaken
			$oc --localize-symbol __static_call_module_state
			$oc --localize-hidden
			$oc --keep-global-symbol main
			$oc --redefine-sym main=other
			$oc --set-section-alignment .static_call_sites=64
			$oc --set-section-alignment .note.static_call=16
			$oc --rename-section .static_call_sites=.renamed
			$oc --rename-section .note.static_call=.note.other
			$oc --rename-section .static_call.text=.text.other
			$oc --remove-section .comment
			$oc --remove-section .note.gnu.property
			$oc --remove-section .note.gnu.build-id
			$oc --add-section .extra=names
			$oc --add-gnu-debuglink=debug
		END
	done
	cat <<-END
		objcopy --pad-to 0x800000
		objcopy --strip-section-headers
		llvm-objcopy --strip-sections
		strip -g -o
		strip -s -o
		strip --strip-unneeded -o
		strip -K main -o
		llvm-strip -g -o
		llvm-strip -s -o
		llvm-strip --strip-unneeded -o
		eu-strip -o
		eu-strip -g -o
		eu-strip -f debug.eu -o
	END
}

# Our own sections: the calls go through the trampolines then.
removals()
{
	local oc section

	for oc in objcopy llvm-objcopy; do
		for section in .note.static_call .static_call_notes \
			.static_call_sites '.note.*' '.*static_call*notes'; do
			echo "$oc --remove-section $section"
		done
	done
}

objcopy_one() # NAME COMMAND
{
	local words

	is_turn 12 || return 1
	read -ra words <<<"$2"
	if ! has "${words[0]}"; then
		skip "$1 $2" "${words[0]} is not there"
		return 1
	fi
	if [ "${words[-1]}" = -o ]; then
		edit "$1 $2" edited "${words[@]}" edited original
	else
		edit "$1 $2" edited "${words[@]}" original edited
	fi
}

objcopy_all() # NAME
{
	local line

	# As packages of debug information are made.
	objcopy --only-keep-debug original debug 2>/dev/null || : >debug
	while read -r line; do
		objcopy_one "$1" "$line" && same "$1 $line" edited
	done < <(objcopies)
	while read -r line; do
		objcopy_one "$1" "$line" && true_of "$1 $line" edited
	done < <(removals)
	if is_turn 2 && has patchelf && edit "$1 strip, then patchelf" edited \
		strip -s -o edited original && patchelf --set-rpath "$long" edited
	then
		same "$1 strip, then patchelf" edited
	fi
}

# ---- all of that ------------------------------------------------------------

interpreter=$(readelf -lW /proc/self/exe 2>/dev/null |
	sed -n 's/.*interpreter: \(.*\)]/\1/p')
nr=0			# of the linker, and of the kind of file
for linker in bfd gold lld mold; do
	for mode in pie no-pie shared; do
		nr=$((nr + 1))
		kind=program
		[ $mode != shared ] || kind=library
		name="$linker -$mode"
		if ! link original $kind.o -fuse-ld=$linker -$mode; then
			skip "$name" "it cannot: $(head -n 1 log)"
			continue
		fi
		usual=$(run original)
		check "$name: before it is edited: $usual" \
			grep -q 'keys 4, .*refused 0, wrong 0$' <<<"$usual"
		[ ! -x "$tool" ] || listed original >original.list
		patchelf_all "$name"
		objcopy_all "$name"
	done
done

# ---- the repair of a wheel --------------------------------------------------

# As auditwheel does it: the library goes to another directory, under a name with a
# hash, and what needs it is told so, and where.
cat >wheel.py <<'END'
import ctypes, sys
status = ctypes.CDLL(sys.argv[1]).go()
with open("/proc/self/maps") as maps:
    print("other" if "libstaticcall-9f8e7d6c" in maps.read() else "this")
sys.exit(status)
END
cat >dependency.c <<'END'
int dependency(void);
int dependency(void) { return 1; }
END

wheel() # NAME LINKER
{
	local said
	kind=library

	rm -rf site
	mkdir -p site/x site/x.libs
	"${cc[@]}" -shared -fPIC -o libdep.so dependency.c -Wl,-soname,libdep.so
	if ! link original library.o "-fuse-ld=$2" -shared -Wl,-soname,x.so \
		-Wl,--no-as-needed "$work/libdep.so"; then
		skip "$1" "it cannot: $(head -n 1 log)"
		return
	fi
	usual=$(run original)
	cp original site/x/x.so
	cp libdep.so site/x.libs/libdep-1a2b3c4d.so
	cp "$libs/$soname" "site/x.libs/libstaticcall-9f8e7d6c.so.0"
	patchelf --set-soname libdep-1a2b3c4d.so \
		site/x.libs/libdep-1a2b3c4d.so &&
		patchelf --set-soname libstaticcall-9f8e7d6c.so.0 \
			site/x.libs/libstaticcall-9f8e7d6c.so.0 &&
		patchelf --replace-needed libdep.so libdep-1a2b3c4d.so \
			--replace-needed "$soname" libstaticcall-9f8e7d6c.so.0 \
			site/x/x.so &&
		patchelf --set-soname x-0123abcd.so site/x/x.so &&
		patchelf --add-needed libm.so.6 site/x/x.so &&
		patchelf --force-rpath --set-rpath "\$ORIGIN/../x.libs" \
			site/x/x.so
	check "$1: was repaired" test $? = 0
	# shellcheck disable=SC2016 # patchelf's word
	said=$(cd site/x && env -u LD_LIBRARY_PATH STATIC_CALL_DEBUG=1 "$python" \
		../../wheel.py ./x.so 2>&1)
	printf '%s\n' "$said" >log.wheel
	check "$1: right and patched in Python" grep -xF "$usual" log.wheel
	check "$1: by the library of the wheel" grep -x other log.wheel
}

python=
for each in python3 /usr/bin/python3; do
	[ -z "$python" ] && "$each" -c 'import ctypes' 2>/dev/null && python=$each
done
for linker in bfd lld; do
	name="a wheel, $linker"
	if [ -z "$python" ]; then
		skip "$name" 'python3 with ctypes is not there'
	elif ! has patchelf; then
		skip "$name" 'patchelf is not there'
	else
		wheel "$name" $linker
	fi
done

# ---- BOLT -------------------------------------------------------------------

bolt=${LLVM_BOLT:-}
for each in llvm-bolt llvm-bolt-{22,19,16,15,14}; do
	[ -n "$bolt" ] || ! has "$each" || bolt=$each
done

# bolt NAME OPTION...: a program after BOLT.
bolt()
{
	local name=$1 said
	shift

	rm -f edited
	if ! "$bolt" original -o edited "$@" >log 2>&1; then
		skip "$name" "it cannot: $(tail -n 1 log)"
		return
	fi
	true_of "$name: right, and true" edited
	[ "$backend" = inline ] || return
	said=$(run edited)
	check "$name: get_info says so" grep -q 'edited after the link$' \
		<<<"$said"
	check "$name: the log says so" \
		grep -Eq 'after the link|lead to wrong addresses' run.log
	check_fails "$name: verify says so" 'BOLT has replaced|have no record' \
		"$tool" verify edited
}

kind=program
if [ -z "$bolt" ]; then
	skip BOLT 'llvm-bolt is not there'
else
	for mode in -pie -no-pie; do
		link original program.o $mode -Wl,--emit-relocs
		usual=$(run original)
		bolt "BOLT $mode"
		bolt "BOLT $mode -use-old-text" -use-old-text -hot-text=0 \
			-no-huge-pages -reorder-blocks=ext-tsp
	done
fi

finish
