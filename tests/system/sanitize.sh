#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sanitize.sh - library, tool and tests built with sanitizers, and run.  Not part
# of make check, for it builds all again:
#
#   sanitize.sh [-p PARTS] [-b BACKENDS] [-t SECONDS] DIRECTORY [KINDS]
#
#   KINDS     address,undefined (default) or thread
#   PARTS     of "conformance unit system stress" (all)
#   BACKENDS  of "generic trampoline inline" (all)
#   SECONDS   for each stress program (5)
#   CC, CXX   from the environment; gcc and g++
#
# Exit status 77: this compiler or machine has no such sanitizers.
#
# The hook runs the annotator under ASan on every object with call sites, so a
# leak in it fails the build.  No suppressions.  What a sanitizer itself makes
# impossible is left out one by one: tests read SC_TEST_SANITIZER, and each says
# what it leaves out.
set -u

usage()
{
	sed -n '3,18p' "$0"
	exit 2
}

parts='conformance unit system stress' backends='generic trampoline inline'
seconds=5
while getopts p:b:t: option; do
	case $option in
	p) parts=$OPTARG ;;
	b) backends=$OPTARG ;;
	t) seconds=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || usage
source=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
kinds=${2:-address,undefined}
export CC=${CC:-gcc} CXX=${CXX:-g++}
mkdir -p "$1" && cd "$1" || exit 1
# JOBS empty: as many as the make that runs this allows.
jobs=${JOBS-2}
make=(make -k ${jobs:+-j"$jobs"})
what="$CC -fsanitize=$kinds"
failed=0

flags="-g -O1 -fsanitize=$kinds -fno-omit-frame-pointer"
[[ $kinds = *undefined* ]] && flags+=" -fno-sanitize-recover=undefined"

# A sanitizer's own handlers are not the library's.  The order of libraries is
# that of a test which preloads one.
keep=handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0
export ASAN_OPTIONS=$keep:handle_abort=0:verify_asan_link_order=0
export TSAN_OPTIONS=$keep:halt_on_error=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export SC_TEST_SHORT=1 SC_TEST_SANITIZER=$kinds CK_TIMEOUT_MULTIPLIER=5

# ---- build ------------------------------------------------------------------

build()
{
	local tool=() b

	[ -f config.status ] || "$source/configure" --disable-static \
		--disable-dependency-tracking \
		CFLAGS="$flags" CXXFLAGS="$flags" || return
	# One thread has no races: only address and undefined are for the tool.
	[ "$kinds" = thread ] && tool=(CFLAGS=-O1)
	# shellcheck disable=SC2046 # a list
	"${make[@]}" -C include && "${make[@]}" -C src $(libraries) &&
		"${make[@]}" -C tools "${tool[@]}" || return
	for part in $parts; do
		case $part in
		conformance)
			for b in $backends; do
				"${make[@]}" -C "tests/$b" check TESTS= ||
					return
			done ;;
		stress)
			# shellcheck disable=SC2046 # two words each
			"${make[@]}" -C tests/stress $(stress_targets) ||
				return ;;
		*)
			"${make[@]}" -C "tests/$part" check TESTS= || return ;;
		esac
	done
	$CC -O1 -shared -fPIC -o tsan_moves.so \
			"$source/tests/system/tsan_moves.c" &&
		plain_preload
}

# What "locked" preloads acts before a sanitizer's runtime has begun.
plain_preload()
{
	$CC -O1 -shared -fPIC -D_GNU_SOURCE -o preload.so \
		"$source"/tests/system/{preload,restrict}.c -ldl
}

libraries()
{
	local b

	for b in $backends; do
		echo "libstaticcall-$b.la libsc-$b.la"
	done
}

stress_targets()
{
	case $backends in *generic*)
		echo stress-generic stress-plugin-generic.la ;;
	esac
	case $backends in *trampoline*)
		echo stress-trampoline stress-plugin-trampoline.la ;;
	esac
	case $backends in *inline*) echo stress stress-plugin.la ;; esac
	[ "$parts" = stress ] && echo failing-steps
}

# ---- run --------------------------------------------------------------------

# must_stop CASE TEXT: the control is stopped, and told why.
must_stop()
{
	local out

	if out=$(env $preload ./control "$1" 2>&1) || [[ $out != *"$2"* ]]; then
		echo "not caught: $1"
		failed=$((failed + 1))
	else
		echo "caught, as it must be: $1"
	fi
}

controls()
{
	if [ "$kinds" = thread ]; then
		must_stop race 'data race'
	else
		must_stop use-after-free heap-use-after-free
		must_stop overflow 'signed integer overflow'
		must_stop leak 'detected memory leaks'
	fi
}

# suite DIRECTORY PROGRAM...: with the makefiles' own way to run tests.
suite()
{
	local dir=tests/$1 logs=()

	shift
	if [ $# = 0 ]; then
		echo "$dir: no programs"
		failed=$((failed + 1))
		return
	fi
	find "$dir" \( -name '*.trs' -o -name '*.log' \) -delete
	"${make[@]}" -C "$dir" check TESTS="$*" TESTS_ENVIRONMENT="\
			SYSTEM_PRELOAD=$PWD/preload.so $preload" \
		>>run.log 2>&1 || failed=$((failed + 1))
	for program; do
		logs+=("$dir/${program%.sh}.log")
	done
	show "$dir" "${logs[@]}"
}

# A report counts, whatever the program made of it.
reports='ERROR: [A-Za-z]*Sanitizer|WARNING: ThreadSanitizer|runtime error:'

omitted='^(ok|1\.\.0).*# SKIP|^# left out'

# Each reason once, with how often.
say_left_out()
{
	local name=${1##*/}

	grep -hE "$omitted" "$1" | sed -E 's/.*# SKIP //; s/^# left out: //' |
		sort | uniq -c | sed -E "s|^ *([0-9]+) |  ${name%.log}: left out \\1: |"
}

show()
{
	local dir=$1 log ok skip bad

	shift
	for log; do
		ok=$(grep -c '^ok' "$log") || true
		skip=$(grep -cE "$omitted" "$log") || true
		bad=$(grep -cE "^not ok|$reports" "$log") || true
		programs=$((programs + 1)) tests=$((tests + ok))
		left_out=$((left_out + skip)) faults=$((faults + bad))
		[ "$skip" = 0 ] || say_left_out "$log"
		[ $((ok + skip)) -gt 0 ] && [ "$bad" = 0 ] && continue
		echo "---- $log: $ok passed, $bad faults"
		failed=$((failed + 1))
		grep -A 25 -E "^not ok|^Bail|ERROR|$reports" "$log" |
			head -n 60
	done
}

system_programs()
{
	local b

	for b in $backends; do
		# A forbidden system is one without LeakSanitizer: it opens
		# files and starts a thread at exit.
		ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 \
			suite system "locked_$b"
		suite system "processes_$b"
	done
	suite system copies.sh
}

# A role that the sanitizer makes impossible, and why.
without=(-lock)
why='stress without the role lock: under a sanitizer mlock() does nothing'
if [ "$kinds" = thread ]; then
	without+=(-clone -share)
	why+=', clone and share: TSan knows no processes but those of fork()'
fi

stress()
{
	local program=tests/stress/$1 rc=0 out calls

	[ -x "$program" ] || return 0
	out=$(env $preload "$program" "$seconds" "${without[@]}" 2>&1) || rc=1
	calls=$(awk '/^calls/ { print $2 + 0 }' <<<"$out")
	echo "  $1, $seconds s: ${calls:-0} calls, $(
		awk '/^updates/ { print $2 + 0 }' <<<"$out") updates"
	programs=$((programs + 1)) checked=$((checked + ${calls:-0}))
	[ "$rc" = 0 ] && ! grep -qE "$reports" <<<"$out" &&
		[ "${calls:-0}" -gt 0 ] && return
	failed=$((failed + 1)) faults=$((faults + 1))
	head -n 80 <<<"$out"
}

run()
{
	local part b

	for part in $parts; do
		case $part in
		conformance)
			for b in $backends; do
				# shellcheck disable=SC2046 # words
				suite "$b" $(make -s --no-print-directory \
					-C "tests/$b" list-programs | tail -n 1)
			done ;;
		unit)
			# shellcheck disable=SC2046 # words
			suite unit $(cd tests/unit && find . -maxdepth 1 \
				-name 'test_*' ! -name '*.*' -perm -u+x |
				sed 's|^\./||' | sort) ;;
		system)
			system_programs ;;
		stress)
			echo "  $why"
			stress stress
			stress stress-trampoline
			stress stress-generic
			[ "$parts" != stress ] || stress failing-steps ;;
		esac
	done
}

SECONDS=0
# shellcheck disable=SC2086 # several flags
if ! { $CC $flags -o control "$source/tests/system/sanitize_control.c" &&
	./control nothing; } >control.log 2>&1; then
	echo "$what: skipped, it does not work here:"
	head -n 5 control.log
	exit 77
fi
if ! build >build.log 2>&1; then
	grep -B 2 -A 20 -E 'error:|ERROR|\*\*\*' build.log | head -n 60
	echo "$what: the build failed; see $PWD/build.log"
	exit 1
fi
built=$SECONDS preload=
[ "$kinds" = thread ] && preload=LD_PRELOAD=$PWD/tsan_moves.so
programs=0 tests=0 left_out=0 faults=0 checked=0
: >run.log
echo "$what: $parts; $backends"
controls
run
echo "$what: $programs programs, $tests tests passed, $left_out left out;" \
	"$checked calls checked under stress; $faults faults;" \
	"$built s to build, $((SECONDS - built)) s to run"
[ "$programs" -gt 0 ] && [ "$failed" = 0 ]
