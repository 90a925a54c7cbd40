#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A project that ships static_call_fallback.h, where libstaticcall is installed and
# where it is not: by plain make, Autotools, CMake and Meson, as static_call_fallback(3)
# has them.
. "$(dirname "$0")/install.sh"

header=$("$PKG_CONFIG" --variable=includedir libstaticcall)/static_call_fallback.h
unset MAKEFLAGS MAKELEVEL MFLAGS

project optional
cd "$tmp/optional" || exit 99
rm -f consumer.c meter.[ch]
try "the header is installed" cp "$header" . || finish

# hidden COMMAND...: no pkg-config file is found.
hidden()
{
	PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=/nonexistent "$@"
}

try "make, with the library" make CC="$CC" &&
	try "make, with the library: it runs" ./optional "$backend"
rm -f optional
try "make, without it" hidden make CC="$CC" &&
	try "make, without it: it runs" ./optional fallback

if command -v autoreconf >/dev/null &&
	try "autoreconf" autoreconf -i; then
	mkdir with without
	cd with || exit 99
	try "Autotools, with the library" ../configure CC="$CC" &&
		try "Autotools, with the library: make" make &&
		try "Autotools, with the library: it runs" ./optional "$backend"
	cd ../without || exit 99
	try "Autotools, without it" hidden ../configure CC="$CC" &&
		try "Autotools, without it: make" make &&
		try "Autotools, without it: it runs" ./optional fallback
	cd ..
fi

# cmake_build FOLDER OPTION...
cmake_build()
{
	cmake -S . -B "$1" -DCMAKE_C_COMPILER="${CC%% *}" \
		-DCMAKE_C_FLAGS="$CFLAGS" "${@:2}" && cmake --build "$1"
}

if command -v cmake >/dev/null; then
	try "CMake, with the library" cmake_build c-with \
		-Dlibstaticcall_DIR="$libdir/cmake/libstaticcall" &&
		try "CMake, with the library: it runs" \
			c-with/optional "$backend"
	try "CMake, without it" cmake_build c-without \
		-DCMAKE_DISABLE_FIND_PACKAGE_libstaticcall=ON &&
		try "CMake, without it: it runs" c-without/optional fallback
fi

if command -v meson >/dev/null && command -v ninja >/dev/null; then
	try "Meson, with the library" meson setup m-with . &&
		try "Meson, with the library: build" meson compile -C m-with &&
		try "Meson, with the library: it runs" \
			m-with/optional "$backend"
	# Meson asks CMake, too, which finds what is installed in /usr.
	printf '[binaries]\ncmake = %s\n' "'/nonexistent'" >no-cmake
	try "Meson, without it" hidden meson setup --native-file no-cmake \
		m-without . &&
		try "Meson, without it: build" meson compile -C m-without &&
		try "Meson, without it: it runs" m-without/optional fallback
fi

finish
