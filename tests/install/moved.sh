#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An installed copy that was moved, or that lies in a staging directory or a
# sysroot: it works, or the link fails and says why.
. "$(dirname "$0")/install.sh"

prefix=$("$PKG_CONFIG" --variable=prefix libstaticcall)
project others
cd "$tmp/others" || exit 99
unset MAKEFLAGS MAKELEVEL MFLAGS
cc=${CC%% *}

# A copy that was installed for a directory that is not there.
mkdir "$tmp/stage"
cp -a "$prefix" "$tmp/stage/moved"
moved=$tmp/stage/moved
lib=${libdir#"$prefix"/}
find "$moved" \( -name '*.pc' -o -name '*.rsp' -o -name '*.cmake' \) \
	-exec sed -i "s|$prefix|/nowhere/prefix|g" {} +
export LD_LIBRARY_PATH=$moved/$lib

# right_or_refused NAME COMMAND...: what is built runs right and is patched, or it
# is not built because of the hook.
right_or_refused()
{
	local name=$1

	shift
	rm -f program
	if "$@" >"$tmp/build.log" 2>&1; then
		try "$name: runs, and calls are patched" ./program
	else
		try "$name: refused, and says why" grep -qE \
			'build_hook|hook\.rsp' "$tmp/build.log"
	fi
}

# flags ARGUMENT...: of pkg-config for the moved copy.
flags()
{
	PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=$moved/$lib/pkgconfig \
		"$PKG_CONFIG" "$@"
}

# by FLAG...: build with these flags.
by()
{
	# shellcheck disable=SC2046 # words
	"$cc" -O2 main.c calls.c $("$@") -o program
}

mkdir -p "$tmp/root/nowhere"
cp -a "$moved" "$tmp/root/nowhere/prefix"
sysroot()
{
	PKG_CONFIG_SYSROOT_DIR=$tmp/root flags --cflags --libs libstaticcall
}

if grep -rqs build_hook "$prefix/include" || [ "$backend" != inline ]; then
	right_or_refused "pkg-config --define-prefix" by flags \
		--define-prefix --cflags --libs libstaticcall
	right_or_refused "pkg-config with another prefix" by flags \
		"--define-variable=prefix=$moved" --cflags --libs libstaticcall
	right_or_refused "a sysroot" by sysroot
else
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - pkg-config # SKIP the header does not ask for the hook"
fi

# The hook is where the moved copy is, if it is named by the variable.
variable()
{
	flags --define-prefix --cflags libstaticcall
	flags --define-prefix --libs libstaticcall-nohook
	flags --define-prefix --variable=hook libstaticcall
}
if flags --define-prefix --exists libstaticcall 2>/dev/null; then
	try "pkg-config --define-prefix, variable hook: builds" by variable &&
		try "pkg-config --define-prefix, variable hook: patched" ./program
fi

if command -v cmake >/dev/null; then
	cat >CMakeLists.txt <<-'END'
	cmake_minimum_required(VERSION 3.16)
	project(program C)
	find_package(libstaticcall 0.1 REQUIRED CONFIG)
	add_executable(program main.c calls.c)
	target_link_libraries(program PRIVATE libstaticcall::libstaticcall)
	END
	try "CMake, moved: configure" cmake -S . -B cmake \
		-DCMAKE_C_COMPILER="$cc" \
		-Dlibstaticcall_DIR="$moved/$lib/cmake/libstaticcall" &&
		try "CMake, moved: build" cmake --build cmake --verbose &&
		try "CMake, moved: calls are patched" cmake/program
fi

finish
