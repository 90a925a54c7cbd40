#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library is upgraded under a tree that was configured and built before: the
# compile lines, link lines and objects that it has saved go on working, also when
# the older release comes back.
#
# The other release is this one with another version wherever there is one, also
# in the names of files, and one more header.
. "$(dirname "$0")/install.sh"

prefix=$("$PKG_CONFIG" --variable=prefix libstaticcall)
version=$("$PKG_CONFIG" --modversion libstaticcall)
lib=${libdir#"$prefix"/}
at=$tmp/prefix
next=99.0.0
unset MAKEFLAGS MAKELEVEL MFLAGS

# All of the library below the prefix.
ours()
{
	(cd "$prefix" && find include "$lib" -maxdepth 2 -path \
		'*/lib*staticcall*' -prune -print -o \
		-name 'static_call*' -prune -print)
}

# install_release VERSION: all files are new ones, as a package manager's are.
install_release()
{
	local file

	rm -rf "$at"
	mkdir "$at"
	ours | (cd "$prefix" && tar -cf - -T -) | tar -xf - -C "$at"
	find "$at" -type f \( -name '*.pc' -o -name '*.rsp' -o -name '*.cmake' \
		-o -name '*.la' -o -name '*.h' \) -exec sed -i \
		"s|$prefix|$at|g; s|${version//./\\.}|$1|g" {} +
	# From the deepest, so that no name changes under another.
	find "$at" -depth -name "*$version*" | while read -r file; do
		mv "$file" "${file%/*}/$(basename "$file" | sed "s|$version|$1|")"
	done
	[ "$1" = "$version" ] && return
	echo '/* A header that is new. */' >"$at/include/static_call/later.h"
	echo '#include <static_call/later.h>' >>"$at/include/static_call.h"
}

export PKG_CONFIG_PATH=$at/$lib/pkgconfig LD_LIBRARY_PATH=.:$at/$lib

runs()
{
	try "$1: right and patched" ./consumer "$sites" "$backend"
}

# ---- compile and link lines that were saved ----------------------------------

project make
cd "$tmp/make" || exit 99
install_release "$version"
cflags=$("$PKG_CONFIG" --cflags libstaticcall)
libs=$("$PKG_CONFIG" --libs libstaticcall)

# saved FILE...: make, with the lines of the release that was configured for, after
# these have changed.
saved()
{
	touch "$@"
	make CC="$CC" FLAGS="$cflags" LIBS="$libs"
}

try "saved lines: build" saved consumer.c meter.c && runs "saved lines"
for to in $next "$version"; do
	install_release "$to"
	name="saved lines, then $to"
	try "$name: it is this release" test \
		"$("$PKG_CONFIG" --modversion libstaticcall)" = "$to"
	runs "$name, as it was linked before"
	try "$name: a part is compiled" saved meter.c && runs "$name, a part"
	rm -f consumer ./*.so
	try "$name: old objects are linked" saved meter.c && runs "$name, linked"
	try "$name: all is compiled" saved consumer.c meter.c &&
		runs "$name, compiled"
done

# ---- configured trees ----------------------------------------------------------

# upgraded NAME SOURCE PROGRAM COMMAND...: the tree, built by the command, through
# both; each time the source is new.
upgraded()
{
	local name=$1 source=$2 program=$3 to

	shift 3
	try "$name: build" "$@" &&
		try "$name: right and patched" "$program" "$sites" "$backend"
	for to in $next "$version"; do
		install_release "$to"
		try "$name, then $to: runs as it was linked before" \
			"$program" "$sites" "$backend"
		touch "$source"
		try "$name, then $to: build" "$@" &&
			try "$name, then $to: right and patched" \
				"$program" "$sites" "$backend"
	done
}

if command -v autoreconf >/dev/null && command -v libtoolize >/dev/null; then
	project autotools
	cd "$tmp/autotools" || exit 99
	mkdir -p m4 built
	export ACLOCAL_PATH=$aclocaldir${ACLOCAL_PATH:+:$ACLOCAL_PATH}
	try "Autotools: autoreconf" autoreconf -i
	cd built || exit 99
	try "Autotools: configure" ../configure CC="$CC" &&
		upgraded "Autotools" ../meter.c ./consumer make
fi

if command -v cmake >/dev/null; then
	project cmake
	cd "$tmp/cmake" || exit 99
	try "CMake: configure" cmake -S . -B built \
		-DCMAKE_C_COMPILER="${CC%% *}" -DCMAKE_C_FLAGS="$CFLAGS" \
		-Dlibstaticcall_DIR="$at/$lib/cmake/libstaticcall" &&
		upgraded "CMake" meter.c built/consumer cmake --build built
fi

finish
