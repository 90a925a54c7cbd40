#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# packaged.sh TREE: configure, make and make check as a package is made: in the
# source tree, as an ordinary user, with the flags of Debian's packages.
#
# TREE is a copy of the released sources.  Run by root, this gives it to nobody
# first.  The results stay in TREE; a failed test fails this.
set -eu
cd "$1"
nobody=65534

if [ "$(id -u)" = 0 ]; then
	chown -R $nobody:$nobody .
	# This copy of the script: nobody may not be able to read any other.
	exec setpriv --reuid=$nobody --regid=$nobody --clear-groups \
		env -u TMPDIR HOME="$PWD" "$BASH" tests/install/packaged.sh .
fi

if command -v dpkg-buildflags >/dev/null; then
	export DEB_BUILD_MAINT_OPTIONS='hardening=+all'
	eval "$(dpkg-buildflags --export=sh)"
else
	export CFLAGS='-g -O2 -fstack-protector-strong'
	export CXXFLAGS=$CFLAGS CPPFLAGS='-D_FORTIFY_SOURCE=2'
fi
# More and more distributions use them; they rename functions of the C library.
CPPFLAGS+=' -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE'

./configure --disable-dependency-tracking
make
SC_TEST_SHORT=1 make -k check
