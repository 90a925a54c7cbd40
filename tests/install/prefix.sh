#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A prefix that the system does not search: the commands of static_call_convert(7),
# Prefixes, with the prefix of the installed copy.
. "$(dirname "$0")/install.sh"

prefix=$("$PKG_CONFIG" --variable=prefix libstaticcall)
page=${abs_top_srcdir:?}/doc/static_call_convert.7
unset PKG_CONFIG_PATH LD_LIBRARY_PATH MAKEFLAGS MAKELEVEL MFLAGS
[ -e "$libdir/libstaticcall.so" ] || skip_all 'there is no shared library here'
! "$PKG_CONFIG" --exists libstaticcall ||
	skip_all 'the system has a libstaticcall of its own'
cc=${CC%% *}

# recipe NAME: its commands.
recipe()
{
	awk -v wanted=".\\\\\" tried by tests/install/prefix.sh $1" '
		/^\.Ed/ { inside = 0 }
		inside { gsub(/\\e/, "\\"); sub(/^\\&/, ""); print }
		/^\.Bd/ { inside = found }
		{ found = $0 == wanted }' "$page" |
		sed "s|/opt/sc/lib|$libdir|g; s|/opt/sc/share/aclocal|$aclocaldir|g
			s|/opt/sc|$prefix|g"
}

# follow NAME [COMMAND]: the recipe, and what comes after it.
follow()
{
	{ echo 'set -e'; recipe "$1"; echo "${2:-:}"; } >"$tmp/recipe"
	PATH=$tmp/bin:$PATH CC=$cc sh "$tmp/recipe"
}

# Each name has commands; the compiler is the configured one.
mkdir "$tmp/bin"
ln -s "$(command -v "$cc")" "$tmp/bin/cc"
[ "$PKG_CONFIG" = pkg-config ] ||
	ln -s "$(command -v "$PKG_CONFIG")" "$tmp/bin/pkg-config"
for name in pkg-config ldconfig CMake Autotools Meson shell; do
	try "the page has a recipe: $name" test -n "$(recipe $name)"
done
try 'no other name is taken for one' test -z "$(recipe none)"

project others
cd "$tmp/others" || exit 99
cat calls.c main.c >prog.c
try 'pkg-config: builds' follow pkg-config &&
	try 'pkg-config and the loader: runs, and calls are patched' ./prog

# The loader, without -rpath: the commands of root, where /etc is another's.
try 'a program that does not say where the library is' "$BASH" -c \
	"'$cc' prog.c \$(PKG_CONFIG_PATH='$libdir/pkgconfig' '$PKG_CONFIG' \
		--cflags --libs libstaticcall) -o lost"
refused()
{
	! ./lost 2>lost.err && grep -q 'cannot open shared object file' lost.err
}
try 'the loader does not find it' refused
cat >private <<'END'
set -e
cp -a /etc/ld.so.conf.d etc
mount --bind etc /etc/ld.so.conf.d
sed 's|^ldconfig$|ldconfig -C cache|' recipe >commands
sh -e commands
mount --bind cache /etc/ld.so.cache
./lost
END
recipe ldconfig >recipe
mounts=(unshare --mount)
[ "$(id -u)" = 0 ] || mounts=(unshare --mount --map-root-user)
PATH=$PATH:/usr/sbin:/sbin
if "${mounts[@]}" mount --bind . /etc/ld.so.conf.d 2>/dev/null &&
	[ -e /etc/ld.so.cache ] && command -v ldconfig >/dev/null; then
	try 'ldconfig: the loader finds it' "${mounts[@]}" sh private
else
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - ldconfig # SKIP nothing can be mounted here"
fi

if command -v cmake >/dev/null; then
	project cmake
	cd "$tmp/cmake" || exit 99
	try 'CMake' follow CMake 'cmake --build build' &&
		try 'CMake: it runs' build/consumer "$sites" "$backend"
fi
if command -v autoreconf >/dev/null && command -v libtoolize >/dev/null; then
	project autotools
	cd "$tmp/autotools" || exit 99
	mkdir m4
	try 'Autotools' follow Autotools make &&
		try 'Autotools: it runs' ./consumer "$sites" "$backend"
fi
if command -v meson >/dev/null && command -v ninja >/dev/null; then
	project meson
	cd "$tmp/meson" || exit 99
	try 'Meson' follow Meson 'meson compile -C build' &&
		try 'Meson: it runs' build/consumer "$sites" "$backend"
fi
if [ -x "$prefix/bin/static-call" ]; then
	try 'the shell finds static-call' follow shell \
		"[ \"\$(command -v static-call)\" = '$prefix/bin/static-call' ]"
fi

finish
