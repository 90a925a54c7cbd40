#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# files.sh - what a program's file may lie on while its calls are updated: other
# file systems, memory, huge pages, a disk that is slow to answer, nothing at all.
#
# What is mounted is mounted where only this script sees it.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

at=$work/at

# runs NAME CASE [DIRECTORY]: the program, from a copy of it and of its plugin
runs()
{
	local name=$1 how=$2 from=${3:-$work/copy}
	mkdir -p "$from"
	{ [ -x "$from/ground_$b" ] ||
		cp "$here/ground_$b" "$here/.libs/groundplugin_$b.so" "$from"
	} && timeout -k 1 "$patience" "$from/ground_$b" "$how" \
			"$from/groundplugin_$b.so" >"$work/log" 2>&1
	case $? in
	0) report ok "$name" ;;
	77) skip "$name" "$(tail -n 1 "$work/log")" ;;
	*) report 'not ok' "$name" "$work/log" ;;
	esac
}

# on FILE-SYSTEM NAME CASE: mount_FILE-SYSTEM mounts it at $at
on()
{
	mkdir -p "$at"
	if [ "$(id -u)" != 0 ]; then
		skip "$2" 'only root can mount file systems'
	elif ! "mount_$1" >"$work/log" 2>&1; then
		skip "$2" "cannot be mounted: $(tail -n 1 "$work/log")"
	else
		runs "$2" "$3" "$at"
		umount "$at"
	fi
}

mount_tmpfs()
{
	mount -t tmpfs nodev "$at"
}

mount_overlay()
{
	local top=$work/upper
	mkdir -p "$work/lower" "$top" &&
		{ mountpoint -q "$top" || mount -t tmpfs nodev "$top"; } &&
		rm -rf "${top:?}"/* && mkdir "$top/data" "$top/work" &&
		mount -t overlay nodev "$at" \
			-o "lowerdir=$work/lower,upperdir=$top/data" \
			-o "workdir=$top/work"
}

# The program is in the lower layer, as in a container's image.
mount_overlay_lower()
{
	mkdir -p "$work/lower" &&
		cp "$here/ground_$b" "$here/.libs/groundplugin_$b.so" \
			"$work/lower" &&
		mount_overlay
}

# A file system in a file.
mount_image()
{
	local type=$1 PATH=$PATH:/sbin:/usr/sbin
	shift
	command -v "mkfs.$type" || { echo "no mkfs.$type"; return 1; }
	rm -f "$work/$type"
	truncate -s 320M "$work/$type" && "mkfs.$type" "$@" "$work/$type" &&
		mount -o loop "$work/$type" "$at"
}

mount_ext4()
{
	mount_image ext4 -q
}

mount_xfs()
{
	mount_image xfs -q
}

mount_btrfs()
{
	mount_image btrfs -q
}

mount_fuse()
{
	local PATH=$PATH:/sbin:/usr/sbin
	command -v fuse2fs || { echo 'no fuse2fs'; return 1; }
	truncate -s 64M "$work/fuse" && mkfs.ext4 -q "$work/fuse" &&
		fuse2fs -o fakeroot "$work/fuse" "$at"
}

# ---- huge pages -----------------------------------------------------------------

# The text begins with two huge pages; the sites lie in the first.
build_huge()
{
	local h=()
	[ "$b" = inline ] && h=("${HOOK:?}")
	"${cc[@]}" -O2 -DHUGE_TEXT "-I$abs_top_builddir/include/$b" \
		"-I$abs_top_srcdir/include" "${h[@]}" -pthread \
		-Wl,-z,max-page-size=0x200000 -Wl,-z,separate-code \
		-o "$at/ground" "$abs_top_srcdir/tests/system/calls.c" \
		"$abs_top_srcdir/tests/system/ground.c" \
		"-L$libs" "-lstaticcall-$b" "-Wl,-rpath,$libs" -ldl &&
		cp "$here/.libs/groundplugin_$b.so" "$at"
}

# A page that is patched costs its huge page, as any private change of text does,
# and nothing else.  The program says 77 where it has no huge page (left).
huge_pages_split()
{
	local without with rc

	without=$(STATIC_CALL_PATCH=0 "$at/ground" huge \
		"$at/groundplugin_$b.so") || { echo "$without"; return 77; }
	with=$("$at/ground" huge "$at/groundplugin_$b.so")
	rc=$?
	printf '%s\n' "not patched: $without" "patched: $with"
	{ [ $rc = 0 ] || [ $rc = 77 ]; } &&
		[ "${with%% *}" -le "${without%% *}" ]
}

with_huge_pages()
{
	local name="$b: text in huge pages" rc

	if ! mount -t tmpfs -o huge=always nodev "$at" >"$work/log" 2>&1; then
		skip "$name" "no huge tmpfs: $(tail -n 1 "$work/log")"
		return
	fi
	{ build_huge && huge_pages_split; } >"$work/log" 2>&1
	rc=$?
	umount "$at"
	case $rc in
	0) report ok "$name" ;;
	77) skip "$name" "$(tail -n 1 "$work/log")" ;;
	*) report 'not ok' "$name" "$work/log" ;;
	esac
}

# ---- all --------------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && [ -z "${FILES_PRIVATE:-}" ] &&
	unshare -m true 2>/dev/null; then
	export FILES_PRIVATE=1
	exec unshare -m --propagation private "$BASH" "$0"
fi
trap 'umount "$at" "$work/upper" 2>/dev/null; rm -rf "$work"' EXIT
for b in $(patching); do
	runs "$b: here" plain
	runs "$b: the pages of the file are taken from memory" evicted
	runs "$b: the files are deleted" deleted
	runs "$b: a program without a name" memfd
done
# One backend is enough where the engine meets a file system.
for b in $(patching | tail -n 1); do
	on tmpfs "$b: tmpfs" plain
	on overlay "$b: overlayfs, the upper layer" plain
	on overlay_lower "$b: overlayfs, the lower layer" plain
	on ext4 "$b: ext4 on a loop device" evicted
	on xfs "$b: xfs" evicted
	on btrfs "$b: btrfs" evicted
	on fuse "$b: a file system of a user's program" plain
	with_huge_pages
done
finish
