#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ccache: an object from the cache is an annotated one.
. "$(dirname "$0")/install.sh"

command -v ccache >/dev/null || skip_all "no ccache"
export CCACHE_DIR=$tmp/cache
unset CCACHE_DISABLE MAKEFLAGS MAKELEVEL MFLAGS

project make
cd "$tmp/make" || exit 99
export LD_LIBRARY_PATH=.:$LD_LIBRARY_PATH

hits()
{
	ccache --print-stats | awk '/_cache_hit/ { n += $2 } END { print n + 0 }'
}

try "make builds with a cold cache" make CC="ccache $CC" &&
	try "its sites are found and patched" ./consumer "$sites" "$backend"
try "nothing came from the cache" test "$(hits)" = 0

rm -f ./*.o ./*.so consumer
try "make builds with a warm cache" make CC="ccache $CC" &&
	try "its sites are found and patched too" \
		./consumer "$sites" "$backend"
try "objects came from the cache" test "$(hits)" -ge 2

finish
