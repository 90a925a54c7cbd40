#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# confined.sh - the conformance suite inside systems that forbid things before its
# start, and what static_call_get_info() says there; and inside systems that forbid
# them once the library has started.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

export SC_TEST_SHORT=1 SC_TEST_CONFINED=1
confine=$here/confine

# runs NAME COMMAND...: as check, and 77 is a skip
runs()
{
	local name=$1
	shift
	"$@" >"$work/log" 2>&1
	case $? in
	0) report ok "$name" ;;
	77) skip "$name" "$(head -n 1 "$work/log")" ;;
	*) report 'not ok' "$name" "$work/log" ;;
	esac
}

# says PATTERN COMMAND...: what it prints, as one line, matches
says()
{
	local pattern=$1 rc
	shift
	"$@" >"$work/said" 2>&1
	rc=$?
	cat "$work/said"
	[ $rc = 0 ] || return $rc
	tr '\n' ' ' <"$work/said" | grep -Eq -- "$pattern"
}

# all_pass COMMAND...: every program of the suite, run by it
all_pass()
{
	local test failed=0

	for test in "${conformance[@]}"; do
		[ -x "./test_$test" ] || continue
		"$@" "./test_$test" >"$work/one" 2>&1
		case $? in
		0) ;;
		77) cat "$work/one"; return 77 ;;
		*) echo "test_$test:"; grep -v '^ok' "$work/one"; failed=1 ;;
		esac
	done
	return $failed
}

# place NAME PATTERN RESTRICTION...: what showinfo says, and the suite, each of its
# programs as one process
place()
{
	local name=$1 pattern=$2
	shift 2
	cd "$tests/$b" || return
	[ "$b" = generic ] && pattern='reason=.'
	runs "$b, $name: what static_call_get_info() says" \
		says "calls=2,3 $pattern" "$confine" "$@" -- ./showinfo
	runs "$b, $name: the suite" all_pass env CK_FORK=no "$confine" "$@" --
}

# late RESTRICTION [SETTING]: the suite, which is restricted as it begins; what
# the library says then, the programs "locked" assert
late()
{
	cd "$tests/$b" || return
	runs "$b, after its start $*: the suite" all_pass env ${2:+"$2"} \
		LD_PRELOAD="$here/.libs/preload.so" PRELOAD_DOES="late=$1"
}

# An unknown restriction ends the program, so restrictions are applied.
late_is_applied()
{
	cd "$tests/$b" || return
	LD_PRELOAD=$here/.libs/preload.so PRELOAD_DOES=late=nothing ./test_call
	[ $? = 77 ]
}

for b in $(built); do
	place 'MDWE' 'reason= ' mdwe
	place 'no /proc' 'reason=open /proc/self/maps: ENOENT ' noproc
	place 'another user' 'reason= ' nobody
	place 'no mremap (EPERM)' 'reason= ' deny:mremap:EPERM
	place 'no mremap (ENOSYS)' 'reason= ' deny:mremap:ENOSYS
	place 'no membarrier' 'reason= ' deny:membarrier:ENOSYS
	place 'no unshare' 'reason= ' deny:unshare:EPERM
	place 'no ioctl' 'reason= ' deny:ioctl:ENOSYS
	place 'no madvise' 'reason=madvise: EPERM ' deny:madvise:EPERM
	place 'no mremap, no unshare, MDWE' \
		'reason=unshare: EPERM, mremap: EPERM ' \
		mdwe deny:mremap+unshare:EPERM
done
for b in $(built | grep '^inline$'); do
	check "$b: restrictions after its start are applied" late_is_applied
	for what in mdwe nobody lock lockonfault seal \
		deny:{mremap,membarrier,madvise,unshare,ioctl}:{EPERM,ENOSYS}; do
		late "$what"
	done
	# The library calls none of these then; the C library and Check do call
	# others, open and mprotect among them: see the programs "locked".
	for what in mremap membarrier unshare; do
		late deny:$what:kill STATIC_CALL_PATCH=0
	done
done
finish
