#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# abi.sh [update]: what programs are compiled against is what the baseline of the
# last release says.  New functions are named and do not fail; a release that has
# any takes a new baseline.
#
# A baseline is what abidw says of a library, in libstaticcall-BACKEND.abi beside
# this script, for x86-64.  exports.sh compares the names for all backends, so two
# baselines are enough: the trampoline library has the types of the inline one.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lint.sh"
libs=${SC_LINT_LIBS:-${abs_top_builddir:-.}/src/.libs}
: "${CC:=cc}"

# describe LIBRARY [HEADERS].  No path says where a tree lay.  The licence is last,
# for abidiff knows the file by its first line.
describe()
{
	abidw --no-corpus-path --no-comp-dir-path --no-show-locs \
		--drop-private-types --drop-undefined-syms --no-elf-needed \
		--headers-dir "${2:-include}" "$1" |
		sed "s| path='[^']*/src/| path='src/|"
	echo '<!-- SPDX-License-Identifier: MIT -->'
}

# compare BACKEND LIBRARY [OPTION...]: both sides are made the same way, of public
# types alone.
compare()
{
	local backend=$1

	describe "$2" "$headers" >"$tmp/new.abi" || return
	shift 2
	abidiff "$@" "$here/libstaticcall-$backend.abi" "$tmp/new.abi" 2>&1 ||
		echo "abidiff: exit status $?"
}
headers=include

# faulty FILE SED NAME: the library, linked again to FILE.  With SED, it changes the
# header and core.c for a new object; NAME is not exported.
faulty()
{
	local dir=$tmp/faulty

	rm -rf "$dir" && mkdir "$dir" && cp -R include src "$dir" &&
		chmod -R u+w "$dir" && cp "$libs/libsc-inline.a" "$dir/lib.a"
	if [ -n "$2" ]; then
		sed -i "$2" "$dir/include/static_call/api.h" "$dir/src/core.c"
		(cd "$dir" && "${CC%% *}" -g -fPIC -fvisibility=hidden \
			-I"$libs/../.." -I"$libs/../../include/inline" -Iinclude -Isrc \
			-Isrc/text -Isrc/places -Isrc/x86_64 -D_GNU_SOURCE \
			-DSTATIC_CALL_BUILDING_LIBRARY \
			-c src/core.c -o core.o) || return
		"${AR:-ar}" d "$dir/lib.a" libsc_inline_la-core.o
		"${AR:-ar}" q "$dir/lib.a" "$dir/core.o"
	fi
	cat src/libstaticcall.map src/*/inline.map | grep -vw -- "$3" >"$dir/map"
	"${CC%% *}" -g -shared -o "$1" \
		-Wl,-soname,libstaticcall-inline.so.0 \
		-Wl,--version-script,"$dir/map" \
		-Wl,--whole-archive "$dir/lib.a" -Wl,--no-whole-archive
}

# sees NAME SED SYMBOL TEXT: a library with this fault is not what the baseline says,
# and the report has TEXT.
sees()
{
	local what="abidiff sees: $1" log=$tmp/faulty.log

	if ! faulty "$tmp/faulty.so" "$2" "$3" >"$log" 2>&1; then
		report "$what" "$(cat "$log")"
		return
	fi
	headers=$tmp/faulty/include
	compare inline "$tmp/faulty.so" --no-added-syms >"$log"
	report "$what" "$(grep -qE 'status (4|12)$' "$log" && grep -q -- "$4" "$log" ||
		echo "it does not: $(cat "$log")")"
}

if ! command -v abidiff >/dev/null; then
	skip "the interface is that of the baseline" "no abidiff"
	finish
fi
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

for backend in inline generic; do
	name="the interface of the $backend library is that of the baseline"
	lib=$libs/libstaticcall-$backend.so
	if [ ! -e "$lib" ]; then
		skip "$name" "no shared library"
	elif [ "$(od -An -tu1 -j18 -N1 "$lib" | tr -d ' ')" != 62 ]; then
		skip "$name" "the baseline is for x86-64"
	elif ! "${READELF:-readelf}" -S -W "$lib" | grep -q ' \.debug_info '; then
		skip "$name" "no debug information"
	elif [ "${1:-}" = update ]; then
		describe "$lib" >"$here/libstaticcall-$backend.abi"
		report "a new baseline: $backend" ""
	else
		report "$name" "$(compare "$backend" "$lib" --no-added-syms)"
		compare "$backend" "$lib" | sed -n 's/^ *\[A\]/# new:/p'
		checked+=" $backend"
	fi
done

case ${checked:-} in
*inline*)
	faulty "$tmp/same.so" "" none >"$tmp/same.log" 2>&1
	report "abidiff sees nothing in the same objects, linked again" \
		"$(cat "$tmp/same.log"; compare inline "$tmp/same.so")"
	sees "an absent function" "" static_call_find static_call_find
	sees "a new member" \
		's/^	size_t size;/&\n	long fault_member;/' none fault_member
	sees "another argument" \
		's/\(static_call_update_batch(.*\)size_t/\1int/' none \
		static_call_update_batch ;;
esac

finish
