# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of the tool share: TAP, a scratch directory, compilers and
# linkers that are there, and sources to compile.  Sourced.
set -u
export LC_ALL=C

# shellcheck disable=SC2154 # from the makefile
: "${abs_top_builddir:?run by make check}" "${abs_top_srcdir:?}" "${CC:=cc}"
tool=${SC_TEST_TOOL:-$abs_top_builddir/tools/static-call}
# shellcheck disable=SC2034 # for hook.sh
hook=$abs_top_builddir/tools/stand-ins
include="-I$abs_top_builddir/include/inline -I$abs_top_srcdir/include"
# For what is linked without the hook on purpose: include+=$without_hook.
# shellcheck disable=SC2034
without_hook=" -DSTATIC_CALL_NO_HOOK"

# Seconds for a command that may hang; none that does not comes near.
# shellcheck disable=SC2034
patience=1200

scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 99

# Where the hook puts its copies: found empty, and so they can be looked for.
memory=$(mktemp -d /dev/shm/static-call-test-XXXXXX 2>/dev/null) ||
	{ memory=$scratch/memory && mkdir "$memory"; }
trap 'rm -rf "$scratch" "$memory"' EXIT

tap_n=0 tap_failed=0

# check NAME COMMAND...: pass if it succeeds; what it says is shown if not.
check()
{
	local name=$1

	shift
	tap_n=$((tap_n + 1))
	if "$@" >tap.out 2>&1; then
		echo "ok $tap_n - $name"
	else
		echo "not ok $tap_n - $name"
		sed 's/^/# /' tap.out
		tap_failed=1
	fi
}

# same NAME GOT EXPECTED
same()
{
	check "$1" diff <(printf '%s\n' "$3") <(printf '%s\n' "$2")
}

# fails STATUS TEXT COMMAND...: it exits so, and says TEXT on stderr.
fails()
{
	local status=$1 text=$2 rc

	shift 2
	"$@" >fails.out 2>fails.err
	rc=$?
	cat fails.err
	[ "$rc" = "$status" ] || { echo "exit status $rc"; return 1; }
	grep -qF -- "$text" fails.err || { echo "does not say: $text"; return 1; }
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

finish()
{
	echo "1..$tap_n"
	exit "$tap_failed"
}

# The configured compiler, and the others that are there.
compilers()
{
	local cc

	echo "${CC%% *}"
	for cc in gcc clang; do
		[ "$cc" != "${CC%% *}" ] && command -v "$cc"
	done
}

# The linkers that $1 can use.
linkers()
{
	local ld

	for ld in bfd gold lld mold; do
		echo 'int main(void) { return 0; }' >probe.c
		"$1" -fuse-ld=$ld probe.c -o probe >/dev/null 2>&1 && echo $ld
	done
}

# cc COMPILER ARGUMENTS...
cc()
{
	# shellcheck disable=SC2086 # a list of flags
	"$@" $include
}

# to_assembly COMPILER FILE...: for GNU as; clang writes for its own assembler if
# it is not told.
to_assembly()
{
	cc "$1" -O2 -S -fno-integrated-as "${@:2}" 2>/dev/null ||
		cc "$1" -O2 -S "${@:2}"
}

# A linker that says in which process it runs.
mkdir self
printf '#!/bin/sh\necho $$\n' >self/ld
chmod +x self/ld

# by COMMAND...: who runs the tool, the hook's own process or a child of it.
by()
{
	local pid

	# shellcheck disable=SC2016 # for the inner shell
	pid=$(COMPILER_PATH=$scratch/self sh -c 'echo $$ >pid; exec "$@"' sh "$@")
	[ "$pid" = "$(cat pid)" ] && echo itself || echo child
}

# The places that objdump shows as calls and jumps to trampolines, as
# "SECTION+OFFSET"; told by the mnemonic, so by other means than the tool's.
objdump_sites()
{
	objdump -dr "$1" | awk '
		/^Disassembly of section / {
			section = substr($4, 1, length($4) - 1)
		}
		/R_X86_64_.*__SCT__/ {
			if (place != "" && (op ~ /^(bnd )?(call|jmp)/ ||
			    op ~ /^j[a-z]+ /))
				print section "+0x" place
			place = ""
		}
		/^ +[0-9a-f]+:\t/ {
			n = split($0, part, "\t")
			if (n < 3)
				next
			place = part[1]; gsub(/[ :]/, "", place)
			op = part[3]
		}' | sort
}

# The places that the tool finds; $2: those with a record only.
tool_sites()
{
	"$tool" list "$1" | { [ $# -gt 1 ] && grep -v 'no record' || cat; } |
		sed 's/^[^ ]* \([^ ]*\) .*/\1/' | sort
}

calls()
{
	"$tool" list "$1" | wc -l
}

# Enough of the library to link with.
cat >library.c <<'END'
void static_call_module_enter(void) { }
void static_call_module_leave(void) { }
void static_call_headers_are_for_backend_inline(void) { }
END

# Calls of every kind that compilers make; main() returns 0 if all went well.
cat >one.c <<'END'
#include <static_call.h>

struct big { long a[6]; };
int add(int x);
struct big wide(int x);
DECLARE_STATIC_CALL(there, add);
DEFINE_STATIC_CALL(here, add);
DEFINE_STATIC_CALL(big, wide);
int add(int x) { return x + 1; }
struct big wide(int x) { return (struct big){ { x, x, x, x, x, x } }; }

int plain(int x) { int y = static_call(here)(x); return y * 2; }
int tail(int x) { return static_call(there)(x); }
int either(int x)
{
	if (x > 3)
		return static_call(here)(x);
	return static_call(there)(x + 1);
}
int cond(int x) { if (x) return static_call(here)(x); return 7; }
int loop(int n)
{
	int i, sum = 0;

	for (i = 0; i < n; i++)
		sum += static_call(here)(i) + static_call(there)(i);
	return sum;
}
struct big by_value(int x) { return static_call(big)(x); }
void *address(void) { return (void *)&STATIC_CALL_TRAMP(here); }
int many(int a, int b, int c, int d, int e, int f, int g, int h)
{
	char buffer[a + 1];

	buffer[0] = (char)b;
	return static_call(here)(a + b + c + d + e + f + g + h + buffer[0]);
}
int several(int x)
{
	switch (x) {
	case 1: return static_call(here)(5);
	case 2: return static_call(there)(6);
	case 3: static_call(here)(x); return 3;
	}
	return 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	return !(plain(argc) == 4 && tail(1) == 2 && either(9) == 10 &&
		 cond(1) == 2 && loop(3) == 12 && by_value(4).a[5] == 4 &&
		 address() && several(2) == 7 &&
		 many(1, 1, 1, 1, 1, 1, 1, 1) == 10);
}
END
cat >two.c <<'END'
#include <static_call.h>
static int add_one(int x) { return x + 1; }
DEFINE_STATIC_CALL(there, add_one);
int elsewhere(int x) { return static_call(there)(x) + 1; }
END
