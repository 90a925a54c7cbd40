#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usdt.sh - the probes of the library: those that the manual lists, with their
# arguments.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

needs readelf
if ! grep -q '^#define HAVE_SYS_SDT_H 1' "$abs_top_builddir/sc_config.h"; then
	echo '1..0 # SKIP there was no <sys/sdt.h>'
	exit 0
fi

# probes FILE: the names of those of our provider
probes()
{
	LC_ALL=C readelf -n "$1" | awk '$1 == "Provider:" { ours = $2 == "libstaticcall" }
		$1 == "Name:" && ours { print $2 }' | sort -u
}

# The manual's: .It Li "update" Pq Ar ...
listed()
{
	sed -n 's/^\.It Li "\([a-z_]*\)" Pq Ar .*/\1/p' \
		"$abs_top_srcdir/doc/libstaticcall.7" | sort -u
}

library=$abs_top_builddir/src/.libs/libstaticcall
are_those_of_the_manual()
{
	probes "$library-$1.so" >"$work/has"
	listed | diff - "$work/has" && [ -s "$work/has" ]
}
without_ours()
{
	[ -z "$(probes "$(ldd "$here/target_$1" | awk '/libc\.so/ { print $3 }')")" ]
}

# The key holds the old target still, and the name is the call's.
stops_at_an_update()
{
	timeout "$patience" gdb -nx -batch -iex 'set debuginfod enabled off' \
		-ex 'break ready' -ex run -ex 'break -probe libstaticcall:update' \
		-ex continue -ex 'printf "update of %s: %d %d\n", (char *)$_probe_arg0, *(long *)$_probe_arg1 == (long)$_probe_arg2, (long)&target_two == (long)$_probe_arg3' \
		--args "$here/target_$1" 3 0 >"$work/gdb" 2>&1
	cat "$work/gdb"
	grep -qx 'update of watched: 1 1' "$work/gdb"
}

for b in $(built); do
	[ -e "$library-$b.so" ] || continue
	check "$b: the probes of the manual" are_those_of_the_manual "$b"
done
for b in $(patching); do
	check "$b: control: the C library has none of them" without_ours "$b"
	missing "$b: a debugger reads the arguments" gdb ||
		check "$b: a debugger reads the arguments" stops_at_an_update "$b"
done
finish
