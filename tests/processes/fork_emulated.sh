#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fork_emulated.sh - fork under an emulator that says yes to MADV_WIPEONFORK, and to
# any other advice, and wipes nothing.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

qemu=qemu-$(uname -m)
"$qemu" ./exit_traced >/dev/null 2>&1
if [ $? != 7 ]; then
	echo "1..0 # SKIP $qemu is not here, or runs no such program"
	exit 0
fi

# One that hangs has its signals blocked.
emulated()
{
	timeout -k 1 "$patience" "$qemu" "$@"
}

# No thread runs beside these forks: the emulator's own fork is not safe then.
check 'emulated: fork at each step of an update' \
	emulated ./fork_steps 'fork at each step of an update'
check 'emulated: fork at each step of loading' \
	emulated ./fork_steps "fork at each step of a plugin's coming and going"
check 'emulated: a handler updates in the child' \
	emulated ./fork_handlers 'a handler updates in the child'
finish
