#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# packaged.sh TREE [debian|fedora|lto [in|out [DIR...]]]: configure, make and make check
# as a package is made: as an ordinary user, with the flags of Debian's packages, of
# Fedora's, or with -flto; in the source tree, or in a directory beside it.  DIR...:
# these directories of tests/ alone.
#
# TREE is a copy of the released sources.  Run by root, this gives it to nobody
# first.  The results stay in TREE; a failed test fails this.
set -eu
flags=${2:-debian} where=${3:-in} dirs=("${@:4}") rc=0
cd "$1"
nobody=65534

if [ "$(id -u)" = 0 ]; then
	chown -R $nobody:$nobody .
	# This copy of the script: nobody may not be able to read any other.
	exec setpriv --reuid=$nobody --regid=$nobody --clear-groups \
		env -u TMPDIR HOME="$PWD" "$BASH" tests/install/packaged.sh . \
		"$flags" "$where" "${dirs[@]}"
fi

# What dpkg-buildflags prints, and what more and more packages add to it: files
# of 64 bits, which rename functions of the C library, and the third level of
# the checks.
debian_flags()
{
	if command -v dpkg-buildflags >/dev/null; then
		export DEB_BUILD_MAINT_OPTIONS='hardening=+all future=+lfs'
		eval "$(dpkg-buildflags --export=sh)"
	else
		export CFLAGS='-g -O2 -fstack-protector-strong'
		export CXXFLAGS=$CFLAGS CPPFLAGS='-D_FORTIFY_SOURCE=2'
	fi
	CPPFLAGS=${CPPFLAGS/_FORTIFY_SOURCE=2/_FORTIFY_SOURCE=3}
	CPPFLAGS+=' -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE'
}

# Those of redhat-rpm-config, but for its specs files, which other systems lack.
fedora_flags()
{
	CFLAGS='-O2 -flto=auto -ffat-lto-objects -fexceptions -g'
	CFLAGS+=' -grecord-gcc-switches -pipe -Wall -Werror=format-security'
	CFLAGS+=' -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3'
	CFLAGS+=' -Wp,-D_GLIBCXX_ASSERTIONS -fstack-protector-strong'
	if [ "$(uname -m)" = x86_64 ]; then
		CFLAGS+=' -m64 -mtune=generic -fcf-protection'
		CFLAGS+=' -mno-omit-leaf-frame-pointer'
	fi
	CFLAGS+=' -fasynchronous-unwind-tables -fstack-clash-protection'
	CFLAGS+=' -fno-omit-frame-pointer'
	export CFLAGS CXXFLAGS=$CFLAGS
	export LDFLAGS='-Wl,-z,relro -Wl,--as-needed -Wl,-z,now'
}

case $flags in
debian) debian_flags ;;
fedora) fedora_flags ;;
lto) export CFLAGS='-g -O2 -flto' CXXFLAGS='-g -O2 -flto' ;;
*)
	echo "packaged.sh: no flags are called $flags" >&2
	exit 2 ;;
esac

configure=./configure
if [ "$where" = out ]; then
	mkdir out
	cd out
	configure=../configure
fi
"$configure" --disable-dependency-tracking
make
export SC_TEST_SHORT=1
[ ${#dirs[@]} -gt 0 ] || exec make -k check
for dir in "${dirs[@]}"; do
	make -k -C "tests/$dir" check || rc=1
done
exit $rc
