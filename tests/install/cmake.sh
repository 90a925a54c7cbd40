#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# CMake: the config package, and pkg-config's imported target.
. "$(dirname "$0")/install.sh"

command -v cmake >/dev/null || skip_all "no cmake"

project cmake
cd "$tmp/cmake" || exit 99
unset MAKEFLAGS MAKELEVEL MFLAGS
# CMake takes no options in a compiler's name.
compiler=${CC%% *}

for by in OFF ON; do
	name="by its package"
	[ "$by" = ON ] && name="by pkg-config"
	try "$name: configure" cmake -S . -B "$by" -DBY_PKG_CONFIG=$by \
		-DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$CFLAGS" \
		-Dlibstaticcall_DIR="$libdir/cmake/libstaticcall" &&
		try "$name: build" cmake --build "$by" --verbose &&
		try "$name: sites are found and patched" \
			"$by/consumer" "$sites" "$backend"
done

finish
