#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# exit_trace.sh - a program makes no system call of the library's after the end of
# main(): with shared libraries, linked statically, and with musl, where it is also
# told from a plugin.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

sources=(exit_traced program_subject)
source_dir=$abs_top_srcdir/tests/processes

if ! strace -f -o "$work/log" true 2>/dev/null; then
	echo '1..0 # SKIP no strace, or it may not trace here'
	exit 0
fi

# ends_silently [OPTION...] PROGRAM [ARGUMENT...]: of the thread that ends it, for
# another one may only just have begun.  Each thread has a file of its own, so that
# none is told in pieces between which another stands.
ends_silently()
{
	rm -rf "$work/traces"
	mkdir "$work/traces"
	strace -ff -o "$work/traces/of" "$@"
	[ $? = 7 ] || return
	grep -q 'the end of main' "$work/traces/"* || return
	awk 'FNR == 1 { found = 0 }
		found && !/^exit_group\(7\)/ && !/^\+\+\+ exited with 7/
		/the end of main/ { found = 1 }' "$work/traces/"* >"$work/calls"
	cat "$work/calls"
	[ ! -s "$work/calls" ]
}

# build NAME LIBRARY COMPILER OPTION...
build()
{
	local name=$1 library=$2
	shift 2
	"$@" -O2 "${include[@]}" ${hook:+"$hook"} -o "$work/$name" \
		"${sources[@]/#/$source_dir/}" "$library" -lpthread
}
sources=("${sources[@]/%/.c}")

# The library for musl.  Headers of the kernel are where the C library of the system
# has them; valgrind's and those of probes are not for musl.
musl_library()
{
	local object name dir

	mkdir -p "$work/with-musl/kernel"
	sed '/VALGRIND\|SYS_SDT/d' "$abs_top_builddir/sc_config.h" >"$work/with-musl/sc_config.h"
	for dir in linux asm-generic "$(uname -m)-linux-gnu/asm"; do
		ln -s "/usr/include/$dir" "$work/with-musl/kernel/"
	done
	for object in $(ar t "$libs/libsc-$backend.a"); do
		name=${object##*-}
		musl-gcc -O2 -fPIC -std=gnu11 -DSC_BUILDING_LIBRARY \
			-DHAVE_CONFIG_H -I"$work/with-musl" "${inside[@]}" \
			"${include[@]}" -idirafter "$work/with-musl/kernel" \
			-c "$(find "$abs_top_srcdir/src" -name "${name%.o}.c")" \
			-o "$work/with-musl/$name" || return
	done
	ar rcs "$work/with-musl/library.a" "$work/with-musl/"*.o
}

# musl_subject NAME FUNCTION: a shared library with static calls
musl_subject()
{
	musl-gcc -O2 -fPIC -shared "${include[@]}" ${hook:+"$hook"} -DSUBJECT="$2" \
		-o "$work/with-musl/$1" "$source_dir/subject.c" \
		"$work/with-musl/libstaticcall.so"
}

# The same with shared libraries, and a program that needs one with static calls.
musl_shared()
{
	musl-gcc -shared -o "$work/with-musl/libstaticcall.so" \
		"$work/with-musl/"*.o || return
	musl_subject libneeded.so library_subject || return
	musl_subject plugin.so plugin_subject || return
	build musl-shared "$work/with-musl/libstaticcall.so" musl-gcc -DWITH_PLUGIN \
		-Wl,--no-as-needed "$work/with-musl/libneeded.so"
}

preloaded_ends_silently()
{
	ends_silently -E "LD_PRELOAD=$work/with-musl/plugin.so" "$work/musl-shared"
}

with_plugin_ends_silently()
{
	ends_silently "$work/musl-shared" plugin "$work/with-musl/plugin.so"
}

tried_musl_shared()
{
	check 'musl, shared: build' musl_shared
	check 'musl, shared: no system call at exit' ends_silently "$work/musl-shared"
	check 'musl, shared: nor of a preloaded library' preloaded_ends_silently
	check_fails 'musl, shared: a plugin is told from them' rt_sigprocmask \
		with_plugin_ends_silently
}
mapfile -t inside < <(find "$abs_top_srcdir/src" -type d | sed 's/^/-I/')

# tried HOW LIBRARY COMPILER OPTION...
tried()
{
	local how=$1

	if ! echo 'int main(void) { return 0; }' |
		"${@:3}" -x c -o "$work/probe" - 2>/dev/null; then
		skip "$how" "${*:3} does not link"
		return
	fi
	check "$how: build" build "$@"
	check "$how: no system call at exit" ends_silently "$work/$how"
}

check 'shared libraries: no system call at exit' ends_silently ./exit_traced
check_fails 'control: a system call at exit is seen' getppid \
	ends_silently ./exit_traced call
archive=$libs/libstaticcall-$backend.a
if [ -e "$archive" ]; then
	tried static "$archive" "${cc[@]}" -static
	tried static-pie "$archive" "${cc[@]}" -static-pie -fPIE
fi
if ! command -v musl-gcc >/dev/null; then
	skip 'musl' 'there is no musl-gcc'
elif check 'musl: the library' musl_library && [ -e "$work/with-musl/library.a" ]; then
	tried musl "$work/with-musl/library.a" musl-gcc -static
	tried_musl_shared
fi
finish
