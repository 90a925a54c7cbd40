#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each lint finds the fault it is for: plant one in a copy, see it reported.
. "$(dirname "$0")/lint.sh"
here=$(cd "$(dirname "$0")" && pwd)

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

copy()
{
	rm -rf "$tmp/tree"
	mkdir "$tmp/tree"
	tar -cf - --exclude=./build --exclude=./.git --exclude='*.o' \
		--exclude=.libs --exclude=.deps . | tar -xf - -C "$tmp/tree"
	chmod -R u+w "$tmp/tree"
}

# found LINT NAME: LINT now fails in the report called NAME, and did not before.
found()
{
	local out

	if grep -qE "^not ok [0-9]+ - $2" "$tmp/clean-$1"; then
		report "seen to fail: $2" "it fails without a fault too"
		return
	fi
	out=$(SC_LINT_ROOT=$tmp/tree bash "$here/$1.sh" 2>&1)
	if printf '%s\n' "$out" | grep -qE "^not ok [0-9]+ - $2"; then
		report "seen to fail: $2" ""
	else
		report "seen to fail: $2" "$(printf '%s\n' "$out" | grep "$2")"
	fi
}

# plant FILE TEXT LINT NAME: with TEXT at the end of FILE.
plant()
{
	local saved=

	mkdir -p "$tmp/tree/$(dirname "$1")"
	[ -f "$tmp/tree/$1" ] && saved=$(cat "$tmp/tree/$1"; echo x)
	printf '%s\n' "$2" >>"$tmp/tree/$1"
	found "$3" "$4"
	rm -f "$tmp/tree/$1"
	[ -n "$saved" ] && printf '%s' "${saved%x}" >"$tmp/tree/$1"
}

copy
for lint in layers style scripts exports; do
	SC_LINT_ROOT=$tmp/tree bash "$here/$lint.sh" >"$tmp/clean-$lint" 2>&1
done
plant bench/x.c '#include "../src/backend.h"' layers 'users include'
plant examples/x.c '#include <static_call/api.h>' layers 'users include'
plant src/core.c '#include "x86_64/insn.h"' layers 'the core knows'
plant src/generic/generic.c '#include "registry.h"' layers 'backends know'
plant src/lock.c '#include "log.h"' layers 'lock is a leaf'
plant tools/x.c '#include "../src/registry.h"' layers 'tools use'
plant src/core.c '#include "../tools/tool.h"' layers 'the library does not'
plant src/core.c '#if defined(__x86_64__)
#endif' layers 'architectures are told'
plant src/core.c '#ifdef HAVE_STATIC_CALL
#endif' layers 'the library tells no'
printf 'int f(void) { return mremap(0); }\n' >"$tmp/tree/src/one.c"
plant src/two.c 'int g(void) { return mremap(0); }' layers 'mremap is used'
rm "$tmp/tree/src/one.c"
plant bench/core.c '/* SPDX-License-Identifier: MIT */' layers 'file names'
plant src/x.c 'int x;' style 'each file names'
plant src/x.c 'int x; ' style 'no blanks'
plant src/x.c "/* $(printf '%0120d' 0) */" style 'no line of a C'
plant src/x.c "$(echo 'int f(void)'; echo '{'; yes '	;' | head -n 81; echo '}')" \
	style 'no function is over'
plant tests/unit/forgotten.c '/* SPDX-License-Identifier: MIT */' \
	style 'each file is named'
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2016 # the fault itself
	plant tests/x.sh "$(printf '#!/bin/sh\nrm -rf $1/*\n')" scripts shellcheck
else
	skip "seen to fail: shellcheck" "no shellcheck"
fi
if command -v mandoc >/dev/null; then
	plant doc/x.3 '.Sh NAME' scripts mandoc
else
	skip "seen to fail: mandoc" "no mandoc"
fi
plant include/static_call/api.h 'SC_API void static_call_phantom(void);' \
	exports 'each export is in'
libs=${SC_LINT_LIBS:-${abs_top_builddir:-.}/src/.libs}
if [ -e "$libs/libstaticcall-generic.so" ]; then
	plant include/static_call/api.h \
		'SC_API void static_call_phantom(void);' \
		exports 'the generic library exports'
else
	skip "seen to fail: exports" "no shared library"
fi

finish
