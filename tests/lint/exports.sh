#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library exports what the header declares and the manual or HACKING
# describes, and nothing else; what one backend alone has is in a version node of
# that backend.
. "$(dirname "$0")/lint.sh"
header=include/static_call/api.h
libs=${SC_LINT_LIBS:-${abs_top_builddir:-.}/src/.libs}

# The names that api.h declares as exported.
declared()
{
	code "$header" | awk '
		/^__static_call_api/ { inside = 1; text = "" }
		inside { text = text " " $0 }
		inside && /;/ {
			inside = 0
			sub(/^ *__static_call_api/, "", text)
			if (match(text, /[A-Za-z_0-9]+ *\(/)) {
				name = substr(text, RSTART, RLENGTH)
				sub(/ *\(/, "", name)
				print name
			}
		}' | sort
}

# own BACKEND: what the headers of this backend alone ask for.
own()
{
	echo "static_call_headers_are_for_backend_$1"
	[ "$1" != generic ] || printf '%s\n' static_call_define static_call_undefine
}

# expected BACKEND: names with their nodes.
expected()
{
	declared | grep -vxF "$(for b in generic trampoline inline; do
		own $b
	done)" | sed 's/$/ LIBSTATICCALL_0/'
	own "$1" | sed "s/\$/ LIBSTATICCALL_${1^^}_0/"
}

exported()
{
	# shellcheck disable=SC2086 # libtool's NM has options
	${NM:-nm} -D --defined-only --with-symbol-versions "$1" |
		awk '$2 != "A" { sub(/@+/, " ", $3); print $3 }' | sort
}

# map BACKEND: as the makefile puts it together.
map()
{
	cat src/libstaticcall.map src/*/"$1.map"
}

# strict LINKER BACKEND MAP: a library by a linker that refuses absent names, as
# new versions of lld do.
strict()
{
	"${CC%% *}" -fuse-ld="$1" -shared -o "$tmp/strict.so" \
		-Wl,--no-undefined-version "-Wl,--version-script,$3" \
		-Wl,--whole-archive "$libs/libsc-$2.a" -Wl,--no-whole-archive \
		2>&1
}

# debian BACKEND: what dpkg-gensymbols says to this library, by the symbols file.
debian()
{
	sed "s/^libstaticcall\.so/libstaticcall-$1.so/" \
		debian/libstaticcall0.symbols >"$tmp/symbols"
	dpkg-gensymbols -plibstaticcall0 -v99 -c4 -I"$tmp/symbols" \
		-O/dev/null "-e$libs/libstaticcall-$1.so" 2>&1
}

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
: "${CC:=cc}"

for backend in ${SC_BACKENDS:-generic}; do
	lib=$libs/libstaticcall-$backend.so
	name="the $backend library exports what the header declares"
	if [ -e "$lib" ]; then
		report "$name" "$(diff <(expected "$backend" | sort) \
			<(exported "$lib"))"
	else
		skip "$name" "no shared library"
	fi
done

# A linker that says nothing to an absent name says nothing here either.
for ld in bfd gold lld mold; do
	for backend in ${SC_BACKENDS:-generic}; do
		name="$ld: the map of the $backend library has no absent name"
		[ -e "$libs/libsc-$backend.a" ] || continue
		map "$backend" >"$tmp/map"
		echo 'ABSENT_0 { global: absent; };' | cat "$tmp/map" - >"$tmp/bad"
		if strict $ld "$backend" "$tmp/bad" >"$tmp/bad.log"; then
			skip "$name" "this linker does not tell"
		elif ! grep -q "absent" "$tmp/bad.log"; then
			skip "$name" "$(tail -n 1 "$tmp/bad.log")"
		else
			report "$name" "$(strict $ld "$backend" "$tmp/map" ||
				echo "exit status $?")"
		fi
	done
done

# The packages have the best backend of the host, the last of the list.
if command -v dpkg-gensymbols >/dev/null; then
	# shellcheck disable=SC2086 # a list
	best=$(printf '%s\n' ${SC_BACKENDS:-generic} | tail -n 1)
	for backend in ${SC_BACKENDS:-generic}; do
		[ -e "$libs/libstaticcall-$backend.so" ] || continue
		findings=$(debian "$backend" | grep -v '^--- \|^+++ ')
		if [ "$backend" = "$best" ]; then
			report "Debian's symbols are those of the $backend library" \
				"$findings"
		else
			report "Debian's symbols are not those of the $backend library" \
				"$(grep -q "^-.*_${best^^}_0" <<<"$findings" ||
					echo "no difference: $findings")"
		fi
	done
else
	skip "Debian's symbols" "no dpkg-gensymbols"
fi

# described NAME: where it is documented.
described()
{
	[ -d doc ] && grep -rqE "^\.(Nm|Fn|Fo) \"?$1\b" doc && echo manual
	[ -f HACKING ] && grep -qwF -- "$1" HACKING && echo HACKING
}

undescribed=$(for name in $(declared); do
	[ -n "$(described "$name")" ] || echo "$name"
done)
report "each export is in a manual page or in HACKING" "$undescribed"

finish
