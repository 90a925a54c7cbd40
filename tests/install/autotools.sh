#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Autotools with libtool, shared and static, by the installed m4 macro.
. "$(dirname "$0")/install.sh"

command -v autoreconf >/dev/null || skip_all "no autoreconf"
command -v libtoolize >/dev/null || skip_all "no libtoolize"

project autotools
cd "$tmp/autotools" || exit 99
mkdir -p m4
unset MAKEFLAGS MAKELEVEL MFLAGS
export ACLOCAL_PATH=$aclocaldir${ACLOCAL_PATH:+:$ACLOCAL_PATH}
try "autoreconf finds the macro" autoreconf -i || finish

for kind in shared static; do
	off=shared
	[ "$kind" = shared ] && off=static
	mkdir "$kind"
	cd "$kind" || exit 99
	try "$kind: configure" ../configure "--disable-$off" CC="$CC" \
		--cache-file=../cache &&
		try "$kind: make" make &&
		try "$kind: sites are found and patched" \
			./consumer "$sites" "$backend"
	cd ..
done

unannotated=$sites
[ "$backend" = inline ] && unannotated=0
mkdir nohook
cd nohook || exit 99
try "no hook: configure" ../configure --disable-static-call-hook CC="$CC" \
	--cache-file=../cache &&
	try "no hook: make" make &&
	try "no hook: calls go right all the same" \
		./consumer "$unannotated" "$backend"
cd ..

finish
