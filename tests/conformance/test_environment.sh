#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_environment.sh - the environment variables STATIC_CALL_PATCH and
# STATIC_CALL_DEBUG.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

unset STATIC_CALL_PATCH STATIC_CALL_DEBUG
patches=1
[ "$backend" = generic ] && patches=0

# says PATTERN COMMAND...: its standard output has a line that matches
says()
{
	local pattern=$1
	shift
	"$@" >"$work/out" 2>&1 || return
	cat "$work/out"
	grep -Eq -- "$pattern" "$work/out"
}

# errors PATTERN COMMAND...: it succeeds and its standard error has such a line
errors()
{
	local pattern=$1
	shift
	"$@" >"$work/out" 2>"$work/err" || return
	cat "$work/err"
	grep -Eq -- "$pattern" "$work/err"
}

silent()
{
	"$@" >"$work/out" 2>"$work/err" || return
	cat "$work/err"
	[ ! -s "$work/err" ]
}

check 'text is patched unless told otherwise' \
	says "backend=$backend patching=$patches " "${emulator[@]}" ./showinfo
check 'STATIC_CALL_PATCH=0 turns patching off' \
	says 'patching=0 sites=[0-9]+ patched=0 calls=2,3' \
	env STATIC_CALL_PATCH=0 "${emulator[@]}" ./showinfo
check 'STATIC_CALL_PATCH=1 leaves it on' \
	says "patching=$patches " env STATIC_CALL_PATCH=1 "${emulator[@]}" ./showinfo
check 'an empty STATIC_CALL_PATCH leaves it on' \
	says "patching=$patches " env STATIC_CALL_PATCH= "${emulator[@]}" ./showinfo
if [ $patches = 1 ]; then
	check 'the reason names STATIC_CALL_PATCH' \
		says 'reason=.*STATIC_CALL_PATCH' \
		env STATIC_CALL_PATCH=0 "${emulator[@]}" ./showinfo
fi

for test in batch call cxx dso fork forms info init many placement plugin \
	signals tail threads values; do
	[ -x "./test_$test" ] || continue	# no C++ compiler
	check "test_$test passes with STATIC_CALL_PATCH=0" \
		env STATIC_CALL_PATCH=0 SC_TEST_SHORT=1 "${emulator[@]}" "./test_$test"
done

check 'nothing is written to standard error' silent "${emulator[@]}" ./showinfo
check 'STATIC_CALL_DEBUG=0 writes nothing' \
	silent env STATIC_CALL_DEBUG=0 "${emulator[@]}" ./showinfo
check 'STATIC_CALL_DEBUG=1 writes what happens' \
	errors . env STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo
check 'every line has the prefix' \
	errors '^(lib)?static_?call' env STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo
one_writer()
{
	STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo 2>"$work/err" >"$work/out" || return
	! grep -Ev '^(lib)?static_?call' "$work/err"
}
check 'no line has another form' one_writer
check 'a target in a plugin that leaves is reported' \
	errors 'target left program_call: ' \
	env STATIC_CALL_DEBUG=1 SC_TEST_SHORT=1 "${emulator[@]}" ./test_plugin
check 'test_threads passes with STATIC_CALL_DEBUG=1' \
	env STATIC_CALL_DEBUG=1 SC_TEST_SHORT=1 "${emulator[@]}" ./test_threads

# In a set-user-ID program both are ignored.
name='set-user-ID programs ignore the environment'
if [ "$(id -u)" != 0 ] || ! id nobody >/dev/null 2>&1; then
	skip "$name" 'needs root'
elif [ $patches = 0 ]; then
	skip "$name" 'this backend does not patch'
else
	cp showinfo "$work/showinfo"
	chmod 755 "$work"
	chown nobody "$work/showinfo" && chmod 4755 "$work/showinfo"
	if "$work/showinfo" >"$work/out" 2>&1 &&
		! grep -q 'patching=1' "$work/out"; then
		skip "$name" 'such programs are not patched here at all'
	else
		check "$name" says 'patching=1 ' \
			env STATIC_CALL_PATCH=0 "$work/showinfo"
		check "$name, STATIC_CALL_DEBUG" \
			silent env STATIC_CALL_DEBUG=1 "$work/showinfo"
	fi
fi

finish
