#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# flags.sh DIRECTORY ARCHIVE [FLAGS[-WHERE]...]: the suite of the release archive by
# packaged.sh, with each set of flags, in the source tree (FLAGS-in) and beside it
# (FLAGS-out).  All of debian, fedora and lto if none is named.
#
# DIRECTORY keeps the logs; what an ordinary user builds is in a temporary
# directory, which stays if something failed.
set -u
dir=$(mkdir -p "$1" && cd "$1" && pwd) || exit 99
archive=$(realpath "$2") || exit 99
shift 2
[ $# -gt 0 ] || set -- debian-in debian-out fedora-in fedora-out lto-in lto-out
failed=0

# results TREE: numbers of it.
results()
{
	find "$1" -name '*.trs' -print0 | xargs -0 -r cat | awk '
		/^:test-result: (PASS|XFAIL)/ { p++ }
		/^:test-result: (FAIL|XPASS|ERROR)/ { f++ }
		/^:test-result: SKIP/ { s++ }
		END { print p + 0 " passed, " f + 0 " failed, " s + 0 " skipped" }'
}

# show TREE: the results that are no pass.
show()
{
	find "$1" -name '*.trs' -exec grep -lE \
		'^:test-result: (FAIL|XPASS|ERROR)' {} + | while read -r trs; do
		echo "---- ${trs%.trs}.log"
		grep -A 15 -E '^(not ok|Bail out|ERROR)' "${trs%.trs}.log"
	done
	tail -n 20 "$2"
}

for set; do
	where=in rc=0 began=$SECONDS
	[ "$set" = "${set%-out}" ] || where=out
	tree=$(mktemp -d "${TMPDIR:-/tmp}/sc-flags.XXXXXX") || exit 99
	tar -xJf "$archive" --strip-components=1 -C "$tree" &&
		"$tree/tests/install/packaged.sh" "$tree" "${set%-*}" "$where" \
			</dev/null >"$dir/$set.log" 2>&1 || rc=$?
	echo "$set: $(results "$tree"), $((SECONDS - began)) s"
	if [ "$rc" = 0 ]; then
		rm -rf "$tree"
	else
		show "$tree" "$dir/$set.log"
		echo "$set: FAILED, in $tree"
		failed=1
	fi
done
exit "$failed"
