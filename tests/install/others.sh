#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build tools that take no @FILE, or run compilers in their own way: the recipes of
# static-call(1).  What is not here is skipped; ./dev matrix installs it.
. "$(dirname "$0")/install.sh"

project others
cd "$tmp/others" || exit 99
unset MAKEFLAGS MAKELEVEL MFLAGS
hook=$("$PKG_CONFIG" --variable=hook libstaticcall)
cflags=$("$PKG_CONFIG" --cflags libstaticcall)
libs=$("$PKG_CONFIG" --libs libstaticcall-nohook)
cc=${CC%% *}

# without TOOL WHY: one skipped result; false
without()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
	return 1
}

# there TOOL: skips a missing one.
there()
{
	command -v "$1" >/dev/null || without "$1" "it is not there"
}

if there go; then
	export GOCACHE=$tmp/gocache GOFLAGS=-mod=mod GO111MODULE=on
	mkdir cgo && cp calls.c main.go cgo && cd cgo || exit 99
	printf 'module program\n\ngo 1.16\n' >go.mod
	try "cgo builds" env CC="$cc" CGO_CFLAGS="-O2 $cflags" \
		CGO_LDFLAGS="$libs $hook" go build -o program . &&
		try "cgo: calls are patched" ./program
	cd ..
fi

if there rustc; then
	# shellcheck disable=SC2086 # words
	"$cc" -O2 $cflags -c calls.c && ar rcs libcalls.a calls.o
	# Since 1.90 rustc has a linker of its own, by a -B before ours.
	own=
	rustc -C linker-features=-lld --print cfg >/dev/null 2>&1 &&
		own="-C linker-features=-lld"
	# shellcheck disable=SC2086 # words
	try "rustc builds" rustc -C linker="$cc" $own -L . -L "$libdir" \
		-l static=calls -l staticcall \
		${hook:+-C link-arg="$hook"} main.rs -o rust &&
		try "rustc: calls are patched" ./rust
	rm -f calls.o
fi

if there scons; then
	try "SCons builds" scons -Q CC="$cc" &&
		try "SCons: calls are patched" ./program
	rm -f program ./*.o
fi

# The first command starts a server and gives it ten seconds, which a busy machine may
# not have; so the server is started before, by as many tries as it takes.
sccache_serves()
{
	for _ in 1 2 3 4 5 6 7 8 9; do
		sccache --start-server >"$tmp/log" 2>&1 && return
		sccache --show-stats >/dev/null 2>&1 && return
	done
	without sccache "its server does not start: $(tail -n 1 "$tmp/log")"
}

export SCCACHE_DIR=$tmp/sccache SCCACHE_SERVER_PORT=$((20000 + $$ % 10000))
if there sccache && sccache_serves; then
	all=$("$PKG_CONFIG" --libs libstaticcall)
	for round in 1 2; do
		rm -f ./*.o program
		for file in calls main; do
			# shellcheck disable=SC2086 # words
			try "sccache, $round: compiles $file.c" sccache "$cc" \
				-O2 $cflags -c $file.c -o $file.o
		done
		# shellcheck disable=SC2086 # words
		try "sccache, $round: links" sccache "$cc" main.o calls.o $all \
			-o program &&
			try "sccache, $round: calls are patched" ./program
	done
	try "sccache: objects came from the cache" "$BASH" -c \
		"sccache --show-stats | grep -qE '^Cache hits +[1-9]'"
	sccache --stop-server >/dev/null 2>&1
fi

# Bazel and its like give options to compilations and to links: copts, linkopts.
# shellcheck disable=SC2086 # words
"$cc" -O2 $cflags -c calls.c main.c 2>"$tmp/err"
# shellcheck disable=SC2086 # words
try "options alone: builds" "$cc" main.o calls.o $libs $hook -o program &&
	try "options alone: calls are patched" ./program

finish
