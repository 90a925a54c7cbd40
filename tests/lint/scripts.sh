#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shell scripts and manual pages, by the tools that know them.
. "$(dirname "$0")/lint.sh"

scripts=$(sources . | grep -vE '^\./(build|build-aux|configure|libtool|config|m4)' |
	xargs grep -lE '^#!/(bin/sh|bin/bash|usr/bin/env bash)' 2>/dev/null |
	grep -vE '\.(md|py)$')
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2086 # a list
	report "shellcheck has nothing to say" \
		"$(shellcheck -S warning -x -P SCRIPTDIR -e SC1091,SC2317 -f gcc $scripts)"
else
	skip "shellcheck has nothing to say" "no shellcheck"
fi

pages=$(sources doc | grep -E '\.[1-8]$')
if [ -z "$pages" ]; then
	skip "mandoc has nothing to say" "no manual pages"
elif command -v mandoc >/dev/null; then
	# shellcheck disable=SC2086 # a list
	report "mandoc has nothing to say" \
		"$(mandoc -T lint -W warning $pages 2>&1)"
else
	skip "mandoc has nothing to say" "no mandoc"
fi

finish
