#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_link.sh - what the linker must accept and what it must refuse: exports,
# headers of one backend with the library of another, names that clash.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

library=("-L$libs" "-Wl,-rpath,$libs" "-lstaticcall-$backend")

compile() # SOURCE OPTION...
{
	local source=$1
	shift
	"${cc[@]}" -Wall -Wextra "${include[@]}" "$@" -c \
		-o "$work/$source.o" "$work/$source.c"
}

link() # OUTPUT OPTION...
{
	local output=$1
	shift
	"${cc[@]}" ${hook:+"$hook"} -o "$work/$output" "$@"
}

cat >"$work/calls.h" <<'END'
#include <static_call.h>
#ifdef __cplusplus
extern "C" {
#endif
int one(int x);
DECLARE_STATIC_CALL(open_call, one);
DECLARE_STATIC_CALL(tramp_call, one);
DECLARE_STATIC_CALL(hidden_call, one);
int library_calls(int x);
#ifdef __cplusplus
}
#endif
END
cat >"$work/library.c" <<'END'
#include "calls.h"
int one(int x) { return x + 1; }
DEFINE_STATIC_CALL(open_call, one);
EXPORT_STATIC_CALL(open_call);
DEFINE_STATIC_CALL(tramp_call, one);
EXPORT_STATIC_CALL_TRAMP(tramp_call);
DEFINE_STATIC_CALL(hidden_call, one);
int library_calls(int x) { return static_call(open_call)(x); }
END
cat >"$work/user.c" <<'END'
#include "calls.h"
static int two(int x) { return x + 2; }
int main(void)
{
	int before = static_call(open_call)(1) + static_call(tramp_call)(1);

	if (static_call_update(open_call, two))
		return 1;
	return before != 4 || static_call(open_call)(1) != 3 ||
	       library_calls(1) != 3 || static_call_query(open_call) != two;
}
END
cat >"$work/tramp_updater.c" <<'END'
#include "calls.h"
static int two(int x) { return x + 2; }
int update(void);
int update(void) { return static_call_update(tramp_call, two); }
END
cat >"$work/tramp_querier.c" <<'END'
#include "calls.h"
int query(void);
int query(void) { return static_call_query(tramp_call) == one; }
END
cat >"$work/hidden_user.c" <<'END'
#include "calls.h"
int call(void);
int call(void) { return static_call(hidden_call)(1); }
END
cat >"$work/empty_main.c" <<'END'
int main(void) { return 0; }
END

check 'a library of exported calls is made' compile library -O2 -fPIC
check 'a library of exported calls links' link libcalls.so -shared \
	-Wl,-z,defs "$work/library.o" "${library[@]}"
calls=("-L$work" "-Wl,-rpath,$work" -lcalls)

# ---- importing ---------------------------------------------------------------

# A copy relocation would give the program a key of its own.
no_copy_relocation()
{
	! "${READELF:-readelf}" -rW "$1" | grep -E 'COPY.*__SC[KT]__'
}

# imports LANGUAGE COMPILER...: in each kind of program
imports()
{
	local language=$1 mode level flags what
	local compiler=("${@:2}")

	for mode in '-fno-pie -no-pie' '-fPIE -pie' '-fPIC -pie'; do
		for level in -O0 -O2; do
			read -ra flags <<<"$mode"
			what="$language, $mode $level"
			check "import compiles, $what" "${compiler[@]}" \
				-Wall -Wextra "${include[@]}" $level "${flags[0]}" \
				-c -o "$work/user.o" -x "$language" "$work/user.c"
			check "import links, $what" link user "${flags[1]}" \
				"$work/user.o" "${calls[@]}" "${library[@]}"
			check "one key in both modules, $what" \
				"${emulator[@]}" "$work/user"
			check "no copy relocation, $what" \
				no_copy_relocation "$work/user"
		done
	done
}
imports c "${cc[@]}"
if "${cxx[@]}" --version >/dev/null 2>&1; then
	imports c++ "${cxx[@]}"
else
	skip 'import, c++' "no ${cxx[*]}"
fi

read -ra nm <<<"${NM:-nm}"
exports()
{
	"${nm[@]}" -D --defined-only "$work/libcalls.so" |
		grep -o '__SC[KT]__.*' | sort | tr '\n' ' '
}
# The generic backend has no code of that name, and so no such symbol.
tramp=
[ "$backend" != generic ] || tramp=.target
expected="__SCK__open_call __SCT__open_call$tramp __SCT__tramp_call$tramp "
if [ "$(exports)" = "$expected" ]; then
	report ok 'exactly what is exported is in the dynamic symbol table'
else
	report 'not ok' "exported: $(exports)"
fi

# ---- what is not exported ------------------------------------------------------

check 'plain program' compile empty_main -O0
for source in tramp_updater tramp_querier; do
	check "$source compiles" compile $source -O2 -fPIC
	check_fails "$source does not link into a program" \
		'undefined.*__SCK__tramp_call' link bad "$work/empty_main.o" \
		"$work/$source.o" "${calls[@]}" "${library[@]}"
	check_fails "$source does not link into a library, -z defs" \
		'undefined.*__SCK__tramp_call' link bad.so -shared \
		-Wl,-z,defs "$work/$source.o" "${calls[@]}" "${library[@]}"
	check "$source links into a library without -z defs" \
		link "lib$source.so" -shared "$work/$source.o" "${calls[@]}" \
		"${library[@]}"
	# allow-shlib-undefined: the loader is to find it
	check "a program with $source in a library links" \
		link bad "$work/empty_main.o" -Wl,--no-as-needed \
		-Wl,--allow-shlib-undefined "-L$work" \
		"-Wl,-rpath,$work" "-l$source" "${calls[@]}" "${library[@]}"
	check_fails "and does not start" \
		'undefined symbol.*__SCK__tramp_call' \
		env LD_BIND_NOW=1 "${emulator[@]}" "$work/bad"
done
check 'user of an unexported call compiles' compile hidden_user -O2
check_fails 'an unexported call does not link' \
	'(undefined|hidden).*__SC[KT]__hidden_call' link bad \
	"$work/empty_main.o" "$work/hidden_user.o" "${calls[@]}" \
	"${library[@]}"

# ---- two definitions -----------------------------------------------------------

cp "$work/library.c" "$work/library_again.c"
sed -i '/^int one\|^int library_calls/d' "$work/library_again.c"
check 'a second definition compiles' compile library_again -O2 -fPIC
check_fails 'two definitions of one name do not link' \
	'(multiple definition|duplicate symbol).*__SC[KT]__open_call' \
	link bad "$work/empty_main.o" "$work/library.o" \
	"$work/library_again.o" "${library[@]}"

# ---- the wrong library ---------------------------------------------------------

check 'program for one backend' compile library -O2
for other in ${SC_BACKENDS:-}; do
	[ "$other" != "$backend" ] || continue
	for form in "$libs/libstaticcall-$other.so" \
		"$libs/libstaticcall-$other.a"; do
		[ -e "$form" ] || continue
		check_fails "header of $backend, ${form##*/}" \
			"undefined.*headers_are_for_backend_$backend" \
			link bad "$work/empty_main.o" "$work/library.o" \
			"$form" -lpthread
	done
done

# After the link: another backend's library where this one's was, as a wrong
# package or a wrong LD_LIBRARY_PATH has it.  The loader must tell, before any of
# the program runs; without the version the program ends in its first constructor.
check 'a program that links' link right "$work/empty_main.o" "$work/library.o" \
	"-L$libs" "-lstaticcall-$backend"
mkdir "$work/other"
wrong=$work/other/libstaticcall-$backend.so.0
# runs_with DIR PROGRAM: with libraries in DIR.  An emulator has the path as well.
runs_with()
{
	env LD_LIBRARY_PATH="$1" \
		"${emulator[@]/#LD_LIBRARY_PATH=/LD_LIBRARY_PATH=$1:}" "$2"
}
check 'and starts with its library' runs_with "$libs" "$work/right"
for other in ${SC_BACKENDS:-}; do
	[ "$other" != "$backend" ] || continue
	[ -e "$libs/libstaticcall-$other.so" ] || continue
	ln -sf "$libs/libstaticcall-$other.so" "$wrong"
	check_fails "and does not start with the library of $other" \
		"version .LIBSTATICCALL_${backend^^}_0. not found" \
		runs_with "$work/other" "$work/right"
done

finish
