#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kernel_cases.sh - every test that doc/kernel-cases.md names is there.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

table=$abs_top_srcdir/doc/kernel-cases.md

# has DIRECTORY/FILE[:TEXT]
has()
{
	local file=$abs_top_srcdir/tests/${1%%:*}

	[ -f "$file" ] || return
	[[ $1 != *:* ]] || grep -qF -- "${1#*:}" "$file"
}

# Tests are named in code quotes: `directory/file:text`.
names()
{
	grep -oE '`(conformance|unit|annotate|system|stress|install|lint)/[^`]+`' \
		"$table" | tr -d '`' | sort -u
}

all_are_there()
{
	local name missing=0

	while read -r name; do
		has "$name" || { echo "$name: not found"; missing=1; }
	done < <(names)
	return $missing
}

# Every row says where its test is, or why there is none.
each_row_is_answered()
{
	awk -F'|' '/^\| [CXPU][0-9]/ {
			n++
			if ($4 !~ /`[a-z]+\// && $4 !~ /[Nn]one/) {
				print "no answer:" $2; bad = 1
			}
		}
		END { print n + 0 " rows"; exit bad || n < 30 }' "$table"
}

check 'every test that is named exists' all_are_there
check 'every row has an answer' each_row_is_answered
finish
