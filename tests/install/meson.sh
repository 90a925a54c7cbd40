#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Meson, with its own dependency().
. "$(dirname "$0")/install.sh"

command -v meson >/dev/null || skip_all "no meson"
command -v ninja >/dev/null || skip_all "no ninja"

project meson
cd "$tmp/meson" || exit 99

try "configure" meson setup out . &&
	try "build" meson compile -C out -v &&
	try "sites are found and patched" out/consumer "$sites" "$backend"

finish
