#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Cross compilation: the library with the generic backend for another
# architecture, its consumer, and both run by an emulator where there is one.
. "$(dirname "$0")/install.sh"

hosts="s390x-linux-gnu aarch64-linux-gnu"
top=$here/../..

for host in $hosts; do
	command -v "$host-gcc" >/dev/null && break
	host=
done
[ -n "$host" ] || skip_all "no compiler for any of: $hosts"
sysroot=/usr/$host qemu=qemu-${host%%-*}
[ -x "$top/configure" ] || skip_all "no configure script"
unset MAKEFLAGS MAKELEVEL MFLAGS CC CFLAGS CXX CXXFLAGS CPPFLAGS LDFLAGS

mkdir "$tmp/build" && cd "$tmp/build" || exit 99
configure()
{
	"$top/configure" --host="$host" --prefix=/opt/sc --disable-static \
		--disable-dependency-tracking PKG_CONFIG_LIBDIR=/nonexistent
}
try "configure" configure || finish
try "make" make -s -C src || finish
try "make install" make -s install DESTDIR="$tmp/stage" || finish

root=$tmp/stage/opt/sc
project make
cd "$tmp/make" || exit 99
flags()
{
	PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=$root/lib/pkgconfig \
		"$PKG_CONFIG" --define-variable=prefix="$root" "$@" \
		libstaticcall
}
try "the backend is the generic one" test "$(flags --variable=backend)" = generic
build()
{
	# shellcheck disable=SC2046 # words
	"$host-gcc" -O2 -o consumer consumer.c meter.c \
		$(flags --cflags --libs) "-Wl,-rpath,$root/lib"
}
try "a program is built" build || finish

if command -v "$qemu" >/dev/null && [ -d "$sysroot/lib" ]; then
	try "it calls the right functions" \
		"$qemu" -L "$sysroot" -E LD_LIBRARY_PATH="$root/lib" \
		./consumer 0 generic
else
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - it calls the right functions # SKIP no emulator"
fi

finish
