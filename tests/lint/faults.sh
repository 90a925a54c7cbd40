#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each lint finds the faults it is for: plant them in a copy, see them named.
# First, for lint.sh changes the directory and $0 may be relative.
here=$(cd "$(dirname "$0")" && pwd)
. "$(dirname "$0")/lint.sh"
libs=${SC_LINT_LIBS:-${abs_top_builddir:-.}/src/.libs}

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
mkdir "$tree"
# Without scripts: it takes long to read them, and one more is planted.
tar -cf - --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.sh' \
	--exclude=.libs --exclude=.deps . | tar -xf - -C "$tree"
chmod -R u+w "$tree"

# look WHEN: run every lint on the copy.
look()
{
	local lint

	for lint in layers style scripts exports release manual figures; do
		SC_LINT_ROOT=$tree bash "$here/$lint.sh" >"$tmp/$lint-$1" 2>&1
	done
}

# plant FILE TEXT: append it.
plant()
{
	mkdir -p "$tree/$(dirname "$1")"
	printf '%s\n' "$2" >>"$tree/$1"
}

# findings LINT WHEN NAME: what it says under the result called NAME.
findings()
{
	awk -v name="- $3" '/^(not )?ok/ { on = index($0, name) && /^not/ }
		on && /^#/' "$tmp/$1-$2"
}

# seen LINT NAME TEXT: named now, and not before.
seen()
{
	local what="$1 sees: $2 ($3)"

	if findings "$1" clean "$2" | grep -qF -- "$3"; then
		report "$what" "it does without a fault too"
	elif findings "$1" faulty "$2" | grep -qF -- "$3"; then
		report "$what" ""
	else
		report "$what" "it does not"
	fi
}

look clean

plant bench/fault_b.c '#include "../src/backend.h"'
plant examples/fault_e.c '#include <static_call/api.h>'
plant src/core.c '#include "insn.h"'
plant src/text/ranges.c '#include "backend.h"'
plant src/x86_64/insn.c '#include "text.h"'
plant src/fault_l.c "$(yes ';' | head -n 401)"
plant src/generic/generic.c '#include "registry.h"'
plant src/lock.c '#include "log.h"'
plant tools/common/fault_t.c '#include "../src/registry.h"'
plant tools/elf/fault_r.c '#include "hook/linker.h"'
plant src/core.c '#include "../tools/common/tool.h"'
plant src/fault_a.c '#if defined(__x86_64__)'
plant src/fault_a.c '#elif defined(HAVE_STATIC_CALL)'
plant src/fault_a.c '#endif'
plant src/fault_c.c 'void *f = mremap; int g = sizeof(mprotect);'
plant src/fault_c.c 'const char *m = "mem";'
plant src/fault_c.c 'int h = __NR_membarrier, i = dl_iterate_phdr;'
plant bench/core.c 'int unlicenced; '
plant src/fault_w.c "/* $(printf '%0120d' 0) */"
plant src/fault_w.c "$(echo 'int f(void)'; echo '{'; yes '	;' | head -n 81; echo '}')"
plant tests/fault.sh "$(printf '#!/bin/sh\ncd /tmp\nrm -rf x\n')"
plant doc/fault.3 '.Sh NAME'
plant include/static_call/api.h '__static_call_api void static_call_phantom(void);'
plant debian/libstaticcall0.symbols ' fault_debian@LIBSTATICCALL_0 0.1.0'
plant src/generic/generic.map 'FAULT_0 { global: fault_absent; };'
plant include/static_call/api.h 'struct fault_s {
	int fault_member;	/* of nothing */
};'
plant include/static_call/api.h ' *   EFAULT   a fault'
plant include/static_call.h '#define FAULT_MACRO(x) (x)'
plant src/fault_w.c 'char *v = getenv("FAULT_VARIABLE");'
plant src/fault_w.c 'int w(void) { return sc_why_note("fault_reason", NULL, 0); }'
plant doc/Makefile.am 'fault_links = static_call:fault_link'
plant doc/static_call.3 '.Xr static_call_fault 3'
plant doc/performance.csv 'call in a loop,static call,retpoline,ns,1,9.990'
sed -i 's/^A hook that is off is/A hook that is off (0.123) is/' "$tree/README"
sed -i 's/^Version: .*/Version: 0.0.1/' "$tree/fedora/libstaticcall.spec"
if [ -e "$tree/.github" ]; then
	plant .github/workflows/ci.yml '      - run: make fault'
	sed -i 's/^ *job: \[/&fault, /' "$tree/.github/workflows/ci.yml"
	plant .github/workflows/ci.yml 'fault: ['
fi
# No fault: what configure makes in the source tree.
for backend in generic trampoline inline; do
	plant include/$backend/static_call/config.h '#define X'
done
look faulty

seen layers 'users include only' bench/fault_b.c
seen layers 'users include only' examples/fault_e.c
seen layers 'the core knows no' 'src/core.c includes "insn.h"'
seen layers 'the text engine knows nothing' src/text/ranges.c
seen layers 'a port is a leaf' src/x86_64/insn.c
seen style 'no file of the library is over' src/fault_l.c
seen layers 'backends know the seam' src/generic/generic.c
seen layers 'lock is a leaf' src/lock.c
seen layers 'tools use the contract' tools/common/fault_t.c
seen layers 'tools/elf uses common' tools/elf/fault_r.c
seen layers 'the library does not use tools' src/core.c
seen layers 'architectures are told apart' src/fault_a.c
seen layers 'the library tells no backends' src/fault_a.c
for deed in mremap mprotect membarrier '"mem"' dl_iterate_phdr; do
	seen layers "$deed is used in one file" src/fault_c.c
done
seen layers 'file names are unique' core.c
report "layers has nothing against a build in the source tree" \
	"$(findings layers faulty 'file names are unique' | grep -F config.h)"
seen style 'each file names its licence' bench/core.c
seen style 'no blanks at the end' bench/core.c
seen style 'no line of a C file' src/fault_w.c
seen style 'no function is over' src/fault_w.c
seen style 'each file is named' src/fault_w.c
if command -v shellcheck >/dev/null; then
	seen scripts 'shellcheck has nothing' tests/fault.sh
else
	skip "scripts sees: shellcheck" "no shellcheck"
fi
if command -v mandoc >/dev/null; then
	seen scripts 'mandoc has nothing' doc/fault.3
else
	skip "scripts sees: mandoc" "no mandoc"
fi
seen manual 'each macro is in' FAULT_MACRO
seen manual 'each member and enumerator' fault_member
seen manual 'header and manual list' EFAULT
seen manual 'each environment variable' FAULT_VARIABLE
seen manual 'the manual has each reason' fault_reason
seen manual 'each further name' fault_link
seen manual 'no reference in the manual dangles' static_call_fault
seen figures 'README shows' 'measured was 9.99'
seen figures 'README shows' 'nobody checks the number 0.123'
seen figures 'the tables of performance.md' 9.99
seen release 'one version' 'spec: 0.0.1'
if [ -e "$tree/.github" ]; then
	seen release 'the workflow calls' 'make fault'
	seen release 'the workflow calls' 'no ./dev fault'
	if python3 -c 'import yaml' 2>/dev/null; then
		seen release 'the workflow is YAML' 'while parsing a flow node'
	else
		skip "release sees: YAML" "no python3-yaml"
	fi
fi
seen exports 'each export is in' static_call_phantom
if [ -e "$libs/libstaticcall-generic.so" ]; then
	seen exports 'the generic library exports' static_call_phantom
	if command -v dpkg-gensymbols >/dev/null; then
		seen exports "Debian's symbols are those of" fault_debian
	else
		skip "exports sees: Debian's symbols" "no dpkg-gensymbols"
	fi
	seen exports 'bfd: the map of the generic library' fault_absent
else
	skip "exports sees: exports" "no shared library"
fi

finish
