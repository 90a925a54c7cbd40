#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library exports what the header declares and the manual or HACKING
# describes, and nothing else.
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

# What only some backends have.
expected()
{
	declared | grep -v '^static_call_headers_are_for_backend_'
	echo "static_call_headers_are_for_backend_$1"
}

exported()
{
	# shellcheck disable=SC2086 # libtool's NM has options
	${NM:-nm} -D --defined-only "$1" |
		awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

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
