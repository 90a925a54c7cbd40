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
prefix='^libstaticcall: pid [0-9]+: '
check 'it tells of the start' \
	errors "${prefix}started, backend $backend: text is " \
	env STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo
check 'it names the module, with what is in it' \
	errors "${prefix}module /.*showinfo: added, [0-9]+ keys?, [0-9]+ sites?, [0-9]+ direct\$" \
	env STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo
name='it names the targets of an update, static functions too'
if [ ${#emulator[@]} -gt 0 ] && [ "$machine" = i386 ]; then
	skip "$name" 'the emulator shows its own mappings'
else
	check "$name" \
		errors "${prefix}update [a-z_0-9]+: [a-z_0-9]+ -> [a-z_0-9]+, [0-9]+ sites?, [0-9]+ direct, [0-9]+ us\$" \
		env STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo
fi
check 'each key of a batch has a line' \
	errors "${prefix}update .* us, 2 of 2\$" \
	env STATIC_CALL_DEBUG=1 SC_TEST_SHORT=1 "${emulator[@]}" ./test_batch
check 'an error has its name and a cure' \
	errors "${prefix}update .*: failed, not changed to .*, EINVAL: name each key once" \
	env STATIC_CALL_DEBUG=1 SC_TEST_SHORT=1 "${emulator[@]}" ./test_batch
one_writer()
{
	STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo 2>"$work/err" >"$work/out" || return
	! grep -Ev "$prefix" "$work/err"
}
check 'no line has another form' one_writer
check 'a target in a plugin that leaves is reported' \
	errors 'key program_call: its target leaves with its library' \
	env STATIC_CALL_DEBUG=1 SC_TEST_SHORT=1 "${emulator[@]}" ./test_plugin
# written FILE COMMAND...: each line of the log is there, and nowhere else
written()
{
	local file=$1
	shift
	rm -f "$file"
	silent env STATIC_CALL_DEBUG="$file" "$@" || return
	cat "$file" && ! grep -Ev "$prefix" "$file" &&
		grep -q 'started, backend' "$file"
}
check 'a path gets the log instead' written "$work/log" "${emulator[@]}" ./showinfo
check 'so does a path that begins here' written ./environment.log "${emulator[@]}" ./showinfo
rm -f environment.log
check 'a path that is no file is silent' \
	silent env STATIC_CALL_DEBUG=/nonexistent/log "${emulator[@]}" ./showinfo
# The generic backend has its own reason.
forbidden_by()
{
	local why='STATIC_CALL_PATCH is neither 0 nor 1'

	says 'patching=0 sites=[0-9]+ patched=0 calls=2,3' \
		env STATIC_CALL_PATCH="$1" "${emulator[@]}" ./showinfo || return
	[ $patches = 1 ] || return 0
	grep -qx "reason=$why" "$work/out" &&
		errors "${prefix}started.*: text is not patched, $why" \
			env STATIC_CALL_PATCH="$1" STATIC_CALL_DEBUG=1 "${emulator[@]}" ./showinfo
}
for value in no off 2 false; do
	check "STATIC_CALL_PATCH=$value is not understood, and forbids patching" \
		forbidden_by "$value"
	check "STATIC_CALL_PATCH=$value alone prints nothing" \
		silent env STATIC_CALL_PATCH="$value" "${emulator[@]}" ./showinfo
done
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
		no_file()
		{
			silent env STATIC_CALL_DEBUG="$work/log2" \
				"$work/showinfo" && [ ! -e "$work/log2" ]
		}
		check "$name, a file for the log" no_file
	fi
fi

finish
