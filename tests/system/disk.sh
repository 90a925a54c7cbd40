#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# disk.sh - the disk fails under a program that updates calls while threads call:
# the update fails, and the callers live.
#
# The disk is a file with a file system in it, mounted where only this script
# sees it, so that nothing is left whatever ends the script.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

# Prints why it fails.
set_up_disk()
{
	local files=$work/files b

	if [ "$(id -u)" != 0 ]; then
		echo 'only root can mount file systems'
		return 1
	fi
	mkdir -p "$files" "$work/disk" || return
	for b in $(built); do
		cp "$here/ground_$b" "$here/.libs/groundplugin_$b.so" \
			"$files" || return
	done
	# shellcheck disable=SC2031 # for this function alone
	PATH=$PATH:/sbin:/usr/sbin
	if ! command -v mkfs.ext4 >/dev/null; then
		echo 'there is no mkfs.ext4 here'
		return 1
	fi
	mkfs.ext4 -q -O '^has_journal' -d "$files" "$work/image" 32M
}

# Read-only: a file system that writes to a lost disk logs errors.  The loop
# device goes with the mount.
mount_disk()
{
	umount "$work/disk" 2>/dev/null
	cp --sparse=always "$work/image" "$work/backing" &&
		mount -o loop,ro "$work/backing" "$work/disk"
}

# on_disk CASE [VARIABLE=VALUE]
on_disk()
{
	local how=$1 rc
	shift
	mount_disk || return 77
	env "$@" timeout -k 1 "$patience" "$work/disk/ground_$b" "$how" \
		"$work/disk/groundplugin_$b.so" "$work/backing"
	rc=$?
	umount "$work/disk"
	return $rc
}

# expect NAME STATUS CASE [VARIABLE=VALUE]
expect()
{
	local name=$1 status=$2 rc
	shift 2
	on_disk "$@" >"$work/log" 2>&1
	rc=$?
	case $rc in
	"$status") report ok "$name" ;;
	77) skip "$name" "$(tail -n 1 "$work/log")" ;;
	*)
		echo "exit status $rc, not $status" >>"$work/log"
		report 'not ok' "$name" "$work/log"
		;;
	esac
}

if [ -z "${DISK_PRIVATE:-}" ] && unshare -m true 2>/dev/null; then
	export DISK_PRIVATE=1
	exec unshare -m --propagation private "$BASH" "$0"
fi
if ! set_up_disk >"$work/log" 2>&1 || ! mount_disk >>"$work/log" 2>&1; then
	echo "1..0 # SKIP no disk to lose: $(tail -n 1 "$work/log")"
	exit 0
fi
umount "$work/disk"
trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
killed_by_bus=$((128 + 7))
for b in $(patching); do
	expect "$b: the disk fails" 0 cut
	expect "$b: the disk fails after an update" 0 cut-later
	# The rule is that the library asks for the pages first.
	expect "$b: without the rule callers die" $killed_by_bus \
		cut "LD_PRELOAD=$here/.libs/preload.so" PRELOAD_DOES=blind
	expect "$b: without the rule callers die after an update" \
		$killed_by_bus cut-later \
		"LD_PRELOAD=$here/.libs/preload.so" PRELOAD_DOES=blind
done
finish
