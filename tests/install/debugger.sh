#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gdb loads the installed script together with the installed library.
. "$(dirname "$0")/install.sh"

# The makefile says where.
gdbautoloaddir=${gdbautoloaddir:?}
library=$(readlink -f "$libdir/libstaticcall.so")
[ -e "$library" ] || skip_all 'there is no shared library here'
command -v gdb >/dev/null || skip_all 'there is no gdb here'
gdb -nx -batch -ex 'python print(1)' 2>/dev/null | grep -q 1 ||
	skip_all 'gdb has no Python here'

project make
cd "$tmp/make" || exit 99
export LD_LIBRARY_PATH=.:$LD_LIBRARY_PATH
unset MAKEFLAGS MAKELEVEL MFLAGS DEBUGINFOD_URLS

# ask DIRECTORY: what gdb says of the calls of the consumer
ask()
{
	gdb -nx -batch -iex "add-auto-load-scripts-directory $1" \
		-iex "add-auto-load-safe-path $1" -ex 'break main' -ex run \
		-ex 'info static-calls' --args ./consumer "$sites" "$backend" \
		>out 2>&1
	cat out
	! grep -q 'During startup program' out
}
loads()
{
	ask "$gdbautoloaddir" && grep -q '^Name .*Sites .*Target' out
}
does_not_load()
{
	ask "$tmp" && grep -q 'Undefined info command' out
}

# With DESTDIR the path of the library is not the one that it will have.
at=$(find "$gdbautoloaddir" -name "${library##*/}-gdb.py")
try "the script has the name of the library" test -n "$at"
if [ "$at" = "$gdbautoloaddir$library-gdb.py" ] && gdb -nx -batch -ex run true 2>&1 |
	grep -q 'exited normally'; then
	try "make builds the program" make CC="$CC"
	try "gdb loads it, and it lists the calls" loads
	try "control: not from another directory" does_not_load
fi
finish
