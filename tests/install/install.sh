# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the installed-copy tests share: TAP, a scratch copy of the consumer
# project, and the number of sites it has.  Sourced.

here=$(cd "$(dirname "$0")" && pwd)
: "${CC:=cc}" "${CFLAGS:=-g -O2}" "${PKG_CONFIG:=pkg-config}"
export CC CFLAGS PKG_CONFIG
: "${aclocaldir:=}"
libdir=$("$PKG_CONFIG" --variable=libdir libstaticcall) || {
	echo "Bail out! no installed libstaticcall in $PKG_CONFIG_PATH"
	exit 99
}
backend=$("$PKG_CONFIG" --variable=backend libstaticcall)
export LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# Calls in the consumer's sources, and trampolines; none without patching.
case $backend in
inline) sites=5 ;;
trampoline) sites=2 ;;
*) sites=0 ;;
esac
export sites

tap_n=0 tap_failed=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# project NAME: a fresh copy of the consumer, in $tmp/NAME.
project()
{
	mkdir -p "$tmp/$1" && cp -R "$here"/*.[ch] "$here/$1"/* "$tmp/$1" &&
		chmod -R u+w "$tmp/$1"
}

# try NAME COMMAND...: one result; the output is shown when it fails.
try()
{
	local name=$1

	shift
	tap_n=$((tap_n + 1))
	if "$@" </dev/null >"$tmp/out" 2>&1; then
		echo "ok $tap_n - $name"
		return 0
	fi
	echo "not ok $tap_n - $name"
	echo "# $*"
	tail -n 40 "$tmp/out" | sed 's/^/# /'
	tap_failed=1
	return 1
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

finish()
{
	echo "1..$tap_n"
	exit "$tap_failed"
}
