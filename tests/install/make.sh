#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Plain make: pkg-config is all it takes; and the module without the hook.
. "$(dirname "$0")/install.sh"

project make
cd "$tmp/make" || exit 99
export LD_LIBRARY_PATH=.:$LD_LIBRARY_PATH
unset MAKEFLAGS MAKELEVEL MFLAGS

try "make builds a library and a program" make CC="$CC" &&
	try "its sites are found and patched" ./consumer "$sites" "$backend"

if [ -e "$libdir/libstaticcall.a" ]; then
	try "make builds a static program" make CC="$CC" static &&
		try "its sites are found and patched" \
			./static "$sites" "$backend"
fi

rm -f ./*.o ./*.so consumer
try "make builds without the hook" make CC="$CC" MODULE=libstaticcall-nohook
unannotated=$sites
[ "$backend" = inline ] && unannotated=0
try "its calls go right all the same" ./consumer "$unannotated" "$backend"

if [ "$backend" = inline ]; then
	rm -f ./*.o ./*.so consumer
	annotate=$("$PKG_CONFIG" --variable=annotate libstaticcall-nohook)
	try "make builds with the explicit tool" make CC="$CC" \
		MODULE=libstaticcall-nohook ANNOTATE="$annotate"
	try "its sites are found and patched" ./consumer "$sites" "$backend"
fi

finish
