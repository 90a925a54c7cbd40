#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_releases.sh - objects that were compiled with headers of an older and of a
# newer release, in one link with those of this one.
#
# The others are this release's headers, changed as the rules in HACKING allow:
# another version, members at the end of structures, unknown notes.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

suite=$abs_top_srcdir/tests/conformance
options=(-O2 -fPIC -Wall -Wextra)

# copy RELEASE VERSION: the headers as they are installed, with that version.
copy()
{
	mkdir -p "$work/$1/static_call"
	cp "$abs_top_srcdir/include/static_call.h" "$work/$1"
	cp "$abs_top_srcdir"/include/static_call/*.h \
		"$abs_top_builddir/include/$backend/static_call/config.h" \
		"$work/$1/static_call"
	chmod -R u+w "$work/$1"
	sed -i "s/\(STATIC_CALL_VERSION[^\"]*\"\)[^\"]*/\1$2/" \
		"$work/$1/static_call/config.h"
}

# edit RELEASE SCRIPT: of api.h, where it must change something.
edit()
{
	local file=$work/$1/static_call/api.h

	cp "$file" "$work/before"
	sed -i "$2" "$file" && ! cmp -s "$work/before" "$file"
}

copy old 0.0.1
copy new 99.0.0
check 'the old headers lack the last members' edit old '
	/^struct static_call_info {/,/^}/s/.*sites_given_up;.*//
	/^struct static_call_key_info {/,/^}/s/.*sites_patched;.*//'
check 'the new headers have further members' edit new '
	/^struct static_call_info {/,/^}/s/^}/	size_t later;\n}/
	/^struct static_call_key_info {/,/^}/s/^}/	size_t later;\n}/'

# compile RELEASE INCLUDE...
compile()
{
	"${cc[@]}" "${options[@]}" "${@:2}" -DRELEASE="$1" \
		-DIS_"${1^^}" -c "$suite/release.c" -o "$work/$1.o"
}
check 'headers of an old release' compile old "-I$work/old"
check 'headers of this release' compile now "${include[@]}"
check 'headers of a new release' compile new "-I$work/new"
check 'the program' "${cc[@]}" "${options[@]}" "${include[@]}" \
	-c "$suite/release_main.c" -o "$work/main.o"

# The linker keeps the module's group of the object that it sees first.
try_order() # NAME OBJECT...
{
	local name=$1 object objects=()

	shift
	for object; do
		objects+=("$work/$object.o")
	done
	rm -f "$work/program"
	check "$name: links" "${cc[@]}" ${hook:+"$hook"} -o "$work/program" \
		"${objects[@]}" "-L$libs" "-Wl,-rpath,$libs" \
		"-lstaticcall-$backend"
	check "$name: right and patched" "${emulator[@]}" "$work/program"
	check "$name: right when nothing may be patched" \
		env STATIC_CALL_PATCH=0 "${emulator[@]}" "$work/program" \
		unpatched
}
try_order 'the oldest first' old now new main
try_order 'the newest first' new now old main
try_order 'this one first' main now new old

finish
