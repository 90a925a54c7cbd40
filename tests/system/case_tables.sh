#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# case_tables.sh - every test that the tables of known mistakes name is there:
# doc/kernel-cases.md and doc/patching-cases.md.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

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
	grep -oE '`(conformance|unit|annotate|processes|system|stress|install|lint)/[^`]+`' \
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

# rows LETTERS LEAST: every row says where its test is, or why there is none, in
# its third column or behind; and no column is empty.
rows()
{
	awk -F'|' -v letters="^ [$1][0-9]+ \$" -v least="$2" '
		$2 ~ letters {
			n++
			answer = ""
			for (i = 4; i < NF; i++)
				answer = answer $i
			if (answer !~ /`[a-z]+\/|[Nn]one/) {
				print "no answer:" $2; bad = 1
			}
			for (i = 3; i < NF; i++)
				if ($i ~ /^ *$/) {
					print "an empty column:" $2; bad = 1
				}
			if (seen[$2]++) {
				print "twice:" $2; bad = 1
			}
		}
		END { print n + 0 " rows"; exit bad || n < least }' "$table"
}

# look_at NAME LETTERS LEAST
look_at()
{
	table=$abs_top_srcdir/doc/$1.md
	check "$1: every test that is named exists" all_are_there
	check "$1: every row has an answer" rows "$2" "$3"
}

look_at kernel-cases CXPU 30
look_at patching-cases BDN 30
finish
