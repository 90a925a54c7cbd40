# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# common.sh - what the scripts of this directory have in common; sourced.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

unset STATIC_CALL_PATCH STATIC_CALL_DEBUG
# shellcheck disable=SC2034
{
	tests=${abs_top_builddir:?}/tests
	here=$tests/system
	conformance=(batch call cxx dso fork forms info init many plugin
		signals tail threads values)
}
read -ra backends <<<"${SC_BACKENDS:-generic}"

# The backends whose conformance suite was built.
built()
{
	local b

	for b in "${backends[@]}"; do
		[ -x "$tests/$b/test_call" ] && echo "$b"
	done
}

# Those that write text.
patching()
{
	built | grep -v '^generic$'
}

# until_ready PID: waits for "target 0", whose output goes to $work/out
until_ready()
{
	until grep -q ready "$work/out"; do
		kill -0 "$1" || return
		sleep 0.05
	done
}

# missing NAME PROGRAM: says so as a skipped test
missing()
{
	command -v "$2" >/dev/null && return 1
	skip "$1" "there is no $2 here"
}

# needs PROGRAM...: skips everything if one is missing
needs()
{
	local p

	for p; do
		command -v "$p" >/dev/null && continue
		echo "1..0 # SKIP there is no $p here"
		exit 0
	done
}
