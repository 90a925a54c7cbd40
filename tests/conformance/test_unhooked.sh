#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_unhooked.sh - a program or a library whose calls have no records says that
# it was linked without the build hook: static_call_get_info(), the log, and the
# static-call tool.  It says so only where the hook would have made a difference.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

said='linked without the build hook'
tool=$abs_top_builddir/tools/static-call
shared=("-L$libs" "-Wl,-rpath,$libs" "-lstaticcall-$backend")
archive=("$libs/libstaticcall-$backend.a" -lpthread)
cd "$work" || exit 99

# A program of each kind.  FOREIGN: the call is a library's; IDLE: nothing calls.
cat >program.c <<'END2'
#include <stdio.h>
#include <dlfcn.h>
#include <static_call.h>
int one(int x);
#ifdef FOREIGN
DECLARE_STATIC_CALL(told, one);
#else
int one(int x) { return x + 1; }
DEFINE_STATIC_CALL(told, one);
EXPORT_STATIC_CALL(told);
#endif
static int show(const char *when)
{
	struct static_call_info info = { sizeof(info) };

	if (static_call_get_info(&info))
		return 1;
	printf("%s: %zu of %zu, %s\n", when, info.modules_without_hook,
	       info.modules, info.reason ? info.reason : "all is well");
	return 0;
}
int main(int argc, char **argv)
{
	void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	int (*call)(int) = plugin ? (int (*)(int))dlsym(plugin, "call") : NULL;

	if (argc > 1 && (!call || call(1) != 2))
		return 2;
#ifndef IDLE
	if (static_call(told)(1) != 2)
		return 3;
#endif
	if (show("loaded") || (plugin && dlclose(plugin)))
		return 4;
	return plugin ? show("unloaded") : 0;
}
END2
cat >other.c <<'END2'
#include <static_call.h>
int one(int x);
DECLARE_STATIC_CALL(told, one);
int other(int x);
int other(int x) { return static_call(told)(x); }
END2
# A plugin that calls, by a call of its own or of its host's.
cat >plugin.c <<'END2'
#include <static_call.h>
int one(int x);
#ifdef OWN
static int mine(int x) { return x + 1; }
DEFINE_STATIC_CALL(mine, mine);
int call(int x);
int call(int x) { return static_call(mine)(x) + 0 * x; }
#else
DECLARE_STATIC_CALL(told, one);
int call(int x);
int call(int x) { return static_call(told)(x) + 0 * x; }
#endif
END2
cat >told.c <<'END2'
#include <static_call.h>
int one(int x);
int one(int x) { return x + 1; }
DEFINE_STATIC_CALL(told, one);
EXPORT_STATIC_CALL(told);
END2

compile() # OUTPUT SOURCE OPTION...
{
	"${cc[@]}" -O1 -fPIC -DSTATIC_CALL_NO_HOOK "${include[@]}" -c -o "$1" \
		"${@:2}"
}

linkers=()
for linker in bfd gold lld mold; do
	echo 'int main(void) { return 0; }' >try.c
	"${cc[@]}" "-fuse-ld=$linker" -o try try.c >/dev/null 2>&1 &&
		linkers+=("$linker")
done

# Only the inline backend's calls need records.
needs=0
[ "$backend" != inline ] || needs=1
well='all is well'
[ "$backend" != generic ] || well='the generic backend calls through the keys'

# hooked [OPTION]...: the words that bring the hook; none where there is none.
for object in program other told; do
	compile $object.o $object.c || report 'not ok' "$object compiles"
done
compile foreign.o program.c -DFOREIGN
compile idle.o program.c -DIDLE
compile plugin.o plugin.c
compile own.o plugin.c -DOWN

# info NAME N M COMMAND...: static_call_get_info() counts N modules without the hook
# of M; the log names as many.
info()
{
	local name=$1 n=$2 of=$3 reason=$well
	shift 3

	[ "$n" = 0 ] || reason="a program or library was $said"
	env STATIC_CALL_DEBUG=1 "${emulator[@]}" "$@" >out 2>err
	check "$name: runs" test $? = 0
	check "$name: static_call_get_info()" \
		diff <(echo "loaded: $n of $of, $reason") <(grep loaded: out |
			head -1)
	check "$name: the log" test "$(grep -c "^libstaticcall: pid [0-9]*: module .*: $said" \
		err)" = "$n"
}

# tools NAME N FILE: list and verify say so N times, stripped or not.
tools()
{
	local name=$1 n=$2 file=$3 which command

	[ -x "$tool" ] || return
	strip -o stripped "$file"
	for which in "$file" stripped; do
		for command in list verify; do
			"$tool" $command "./$which" >log 2>&1
			check "$name: static-call $command, $which" \
				test "$(grep -c "$said" log)" = "$n"
		done
	done
}

# both NAME OBJECT... -- WORD...: a program without the hook, and the control.
both()
{
	local name=$1 objects=()
	shift
	while [ "$1" != -- ]; do
		objects+=("$1")
		shift
	done
	shift
	if ! "${cc[@]}" -o plain "${objects[@]}" "$@" >log 2>&1; then
		skip "$name" "it cannot: $(head -n 1 log)"
		return
	fi
	info "$name, no hook" $needs 1 ./plain
	tools "$name, no hook" $needs plain
	"${cc[@]}" ${hook:+"$hook"} -o hooked "${objects[@]}" "$@" >log 2>&1
	info "$name, hook" 0 1 ./hooked
	tools "$name, hook" 0 hooked
}

for linker in "${linkers[@]}"; do
	ld=-fuse-ld=$linker
	both "$linker" program.o other.o -- "$ld" "${shared[@]}"
	both "$linker -no-pie" program.o other.o -- "$ld" -no-pie "${shared[@]}"
	both "$linker -static" program.o other.o -- "$ld" -static "${archive[@]}"
	both "$linker --gc-sections" program.o -- "$ld" -Wl,--gc-sections \
		"${shared[@]}"

	# The note and the word that it leads to are apart now.
	name="$linker, edited by patchelf"
	if ! command -v patchelf >/dev/null; then
		skip "$name" 'patchelf is not there'
	else
		"${cc[@]}" "$ld" -o plain program.o "${shared[@]}"
		long=$(printf '/a-long-directory%.0s' {1..40})
		check "$name" patchelf --set-rpath "$long:$libs" plain
		check "$name again" patchelf --add-needed libm.so.6 plain
		info "$name" $needs 1 ./plain
		[ ! -x "$tool" ] || check "$name: static-call list" test \
			"$("$tool" list ./plain 2>&1 | grep -c "$said")" = $needs
	fi

	# Of the two parts by ld -r, the hook sees the second alone.
	if "${cc[@]}" "$ld" -r -nostdlib -o part.o program.o other.o >log 2>&1; then
		both "$linker, a part by ld -r" part.o -- "$ld" "${shared[@]}"
	else
		skip "$linker, a part by ld -r" "$(head -n 1 log)"
	fi
	[ -z "$hook" ] || "${cc[@]}" "$hook" "$ld" -r -nostdlib -o part.o \
		program.o other.o >log 2>&1
	if [ -n "$hook" ] && "${cc[@]}" "$ld" -o plain part.o "${shared[@]}" \
		>log 2>&1; then
		info "$linker, annotated by ld -r" 0 1 ./plain
		tools "$linker, annotated by ld -r" 0 plain
	fi

	# A plugin alone: its host has the hook.
	"${cc[@]}" ${hook:+"$hook"} "$ld" -rdynamic -o host program.o \
		"${shared[@]}" -ldl
	for own in plugin own; do
		for flags in '' -Wl,-z,now; do
			for with in '' "$hook"; do
				name="$linker, $own.so $flags ${with:+with the hook}"
				"${cc[@]}" ${with:+"$with"} "$ld" ${flags:+"$flags"} \
					-shared -o $own.so $own.o "${shared[@]}"
				n=$needs of=2
				[ -z "$with" ] || n=0
				# One that defines nothing and patches nothing
				# is known to the generic backend alone.
				[ "$backend,$own" != trampoline,plugin ] || of=1
				info "$name" $n $of ./host ./$own.so
				check "$name: forgotten with it" grep -q \
					'^unloaded: 0 of 1' out
				[ $n = 0 ] || check "$name: the log names it" \
					grep -q "module ./$own.so: $said" err
				tools "$name" $n $own.so
			done
		done
	done

	# A program that makes a library's calls.
	"${cc[@]}" ${hook:+"$hook"} "$ld" -shared -o libtold.so told.o \
		"${shared[@]}"
	"${cc[@]}" "$ld" -o plain foreign.o libtold.so "-Wl,-rpath,$work" \
		"${shared[@]}"
	of=2
	[ "$backend" != trampoline ] || of=1
	info "$linker, a library's call" $needs $of ./plain
	tools "$linker, a library's call" $needs plain

	# Nobody calls here, so there is nothing to annotate.
	"${cc[@]}" "$ld" -o plain idle.o "${shared[@]}"
	info "$linker, a definition and no call" 0 1 ./plain
	tools "$linker, a definition and no call" 0 plain
done

# By hand.
if [ $needs = 1 ] && [ -x "$tool" ]; then
	cp program.o noted.o
	check 'annotated by hand' "$tool" annotate noted.o
	"${cc[@]}" -o plain noted.o "${shared[@]}"
	info 'annotated by hand' 0 1 ./plain
	tools 'annotated by hand' 0 plain
fi

finish
