#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh [-p] [-s] [-t SECONDS] DIR [ARCH...]: the library on machines that are not
# x86-64 with glibc: compiled by Debian's cross compilers, and its conformance suite
# and unit tests run by qemu's user emulation.  Prints a table.
#
#	-k	keep the build trees that are there, and only make what has changed
#	-p	only print Debian's packages that this needs
#	-s	short, for "./dev check": the rest of the tree is not compiled, and of
#		the suite's scripts only those run that are about this
#	-t	start no further architecture when so much time has passed
#	-w	a static-call tool of this version, for the inline backend with musl
#
# DIR/ARCH is the build tree and has the logs.  An architecture without compiler or
# emulator is skipped; 77: all were.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..

# name, triplet, emulator (-: runs here; none: cannot run), Debian's name of the
# architecture.  "plain" is this machine with no header of Linux's found, as on a
# system that is not Linux.
table='
aarch64  aarch64-linux-gnu        aarch64   arm64
armhf    arm-linux-gnueabihf      arm       armhf
i386     i686-linux-gnu           i386      i386
m68k     m68k-linux-gnu           m68k      m68k
mips64el mips64el-linux-gnuabi64  mips64el  mips64el
musl     x86_64-linux-musl        -         -
plain    x86_64-pc-gnu            -         -
powerpc  powerpc-linux-gnu        ppc       powerpc
ppc64el  powerpc64le-linux-gnu    ppc64le   ppc64el
riscv64  riscv64-linux-gnu        riscv64   riscv64
s390x    s390x-linux-gnu          s390x     s390x
sparc64  sparc64-linux-gnu        sparc64   sparc64
x32      x86_64-linux-gnux32      none      x32
'

die()
{
	echo "run.sh: $*" >&2
	exit 99
}

# row ARCH: sets triplet, emulator and debian.
row()
{
	read -r _ triplet emulator debian < <(grep "^$1 " <<<"$table") ||
		die "no architecture is called $1"
}

packages_of()
{
	row "$1"
	case $1 in
	musl) echo musl-tools ;;
	plain) echo gcc ;;
	*) echo "qemu-user gcc-$triplet g++-$triplet libc6-dev-$debian-cross" ;;
	esac
}

# ---- one architecture ---------------------------------------------------------

# missing: says what is not there.
missing()
{
	if ! command -v "$cc" >/dev/null; then
		echo "$cc"
	elif [ "$emulator" = - ]; then
		:
	elif [ ! -e "/usr/$triplet/include/stdio.h" ]; then
		echo "C library"
	elif [ "$emulator" != none ]; then
		command -v "qemu-$emulator" >/dev/null || echo "qemu-$emulator"
	fi
}

# The tests need Check, of which there is no copy for most of these: stand_in.h.
stand_in()
{
	mkdir -p check && cp "$here/stand_in.h" check/check.h &&
		"$cc" -Wall -Wextra -Werror -O2 -Icheck -c -o check/check.o \
			"$here/stand_in.c"
}

# musl-gcc finds nothing but musl's headers.  A system with musl has the kernel's too.
kernel_headers()
{
	mkdir -p kernel && ln -sfn /usr/include/linux /usr/include/asm-generic \
		/usr/include/x86_64-linux-gnu/asm kernel
}

# Nothing of this machine's own is looked for; C++ where the C library is the same.
configure()
{
	local more=() flags='-g -O2'

	case $arch in
	# A vector comes back in memory there, and gcc warns.
	i386 | powerpc) flags+=' -Wno-psabi' ;;
	# A C++ compiler for musl is rare.
	musl)
		more=(CXX=false "CPPFLAGS=-idirafter $PWD/kernel")
		if [ -n "$tool" ]; then
			more+=("--with-static-call=$tool")
		else
			more+=(--with-backend=trampoline)
		fi
		kernel_headers || return ;;
	plain) more=(ac_cv_header_linux_{futex,membarrier}_h=no
		ac_cv_header_sys_auxv_h=no) ;;
	esac
	"$CONFIG_SHELL" "$top/configure" -q --host="$triplet" "${more[@]}" --disable-static --enable-werror \
		--disable-dependency-tracking CC="$cc" CFLAGS="$flags" \
		PKG_CONFIG_LIBDIR=/nonexistent CHECK_CFLAGS="-I$PWD/check" \
		CHECK_LIBS="$PWD/check/check.o -lpthread"
}

compile()
{
	stand_in || return
	[ -f config.status ] || configure || return
	make -C include && make -C src || return
	[ -n "$short" ] || { make && make -C tests check TESTS= ; } || return
	for backend in unit $(backends); do
		make -C "tests/$backend" check TESTS= || return
	done
}

# Those whose tests can be built.
backends()
{
	local all

	all=$(sed -n 's/^SC_BACKENDS_BUILT = //p' Makefile)
	[ -n "$tool" ] || all=${all/inline/}
	echo "${all:-generic}"
}

# check DIR: runs the tests of a directory of tests/.
check()
{
	local run=() patience='timeout -k 10 1200'

	# The path comes before the loader's cache, which is this machine's: its
	# 32-bit C library beside another loader goes wrong, in fork() for one.
	[ "$emulator" = - ] ||
		run=("qemu-$emulator" -E "LD_LIBRARY_PATH=/usr/$triplet/lib"
			-L "/usr/$triplet")
	[ -z "$short" ] || set -- "$1" suite_scripts="test_null.sh test_link.sh"
	SC_TEST_SHORT=1 SC_TEST_EMULATOR="${run[*]}" make -k -C "tests/$1" check-TESTS \
		LOG_COMPILER="$patience ${run[*]}" SH_LOG_COMPILER="$patience bash" \
		VERBOSE=1 "${@:2}"
}

# count DIR: passed/failed/skipped of the results in it
count()
{
	local counts

	counts=$(cat "tests/$1"/*.trs 2>/dev/null | awk '
		/^:test-result: (PASS|XFAIL)/ { p++ }
		/^:test-result: (FAIL|XPASS|ERROR)/ { f++ }
		/^:test-result: SKIP/ { s++ }
		END { print p + 0 "/" f + 0 "/" s + 0 }')
	echo "$counts"
}

# one ARCH: builds and runs it; a line of the table for each backend.
one()
{
	local arch=$1 rc=0 lacks b compiled=yes began=$SECONDS cc

	row "$arch"
	cc=$triplet-gcc
	[ "$arch" != musl ] || cc=musl-gcc
	[ "$arch" != plain ] || cc=gcc
	lacks=$(missing)
	if [ -n "$lacks" ]; then
		line "$arch" - "no $lacks" - - - -
		return 77
	fi
	[ -n "$keep" ] || rm -rf "${dir:?}/$arch"
	mkdir -p "$dir/$arch" && cd "$dir/$arch" || return 1
	compile >compile.log 2>&1 || { compiled=NO rc=1; }
	if [ "$emulator" = none ]; then
		row_line "$arch" generic $compiled 'not run' 'not run'
		return $rc
	fi
	check unit >unit.log 2>&1 || rc=1
	for b in $(backends); do
		check "$b" >"$b.log" 2>&1 || rc=1
		row_line "$arch" "$b" $compiled "$(count "$b")" "$(count unit)"
	done
	return $rc
}

line()
{
	printf '%-9s %-11s %-9s %-14s %-14s %-8s %s\n' "$@"
}

# row_line COLUMN...: with the time until now, and what of it a processor worked.  The
# times are this process's, so the command is in no pipe.
row_line()
{
	times >times.txt
	line "$@" $((SECONDS - began)) "$(awk -F '[ms ]+' 'NR == 2 {
		print int($1 * 60 + $2 + $3 * 60 + $4) }' times.txt)"
	rm -f times.txt
}

# ---- all -----------------------------------------------------------------------

keep='' short='' only_packages='' limit='' tool=''
while getopts kpst:w: option; do
	case $option in
	k) keep=yes ;;
	p) only_packages=yes ;;
	s) short=yes ;;
	t) limit=$OPTARG ;;
	w) tool=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
dir=${1:?}
shift
[ $# -gt 0 ] || mapfile -t archs < <(awk 'NF { print $1 }' <<<"$table")
[ $# -eq 0 ] || archs=("$@")

if [ -n "$only_packages" ]; then
	for arch in "${archs[@]}"; do
		packages_of "$arch"
	done | tr ' ' '\n' | sort -u
	exit
fi
# The shell of configure, make and libtool: they start many.
CONFIG_SHELL=$(command -v dash || command -v sh)
export CONFIG_SHELL
unset MAKEFLAGS MAKELEVEL MFLAGS CC CFLAGS CXX CXXFLAGS CPPFLAGS LDFLAGS
mkdir -p "$dir" && dir=$(cd "$dir" && pwd) || exit 99
line arch backend compiled 'suite p/f/s' 'unit p/f/s' seconds processor
rc=77
for arch in "${archs[@]}"; do
	if [ -n "$limit" ] && [ "$SECONDS" -ge "$limit" ]; then
		line "$arch" - 'no time' - - - -
		continue
	fi
	(one "$arch")
	case $? in
	0) [ $rc != 77 ] || rc=0 ;;
	77) ;;
	*) rc=1 ;;
	esac
done
exit $rc
