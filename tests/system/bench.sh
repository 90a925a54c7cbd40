#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bench.sh - a benchmark builds, runs, and writes the rows that bench/report.sh makes
# tables and plots of.  What the times are is nobody's business here.

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

bench=$abs_top_builddir/bench
rows=$work/rows

# All three kinds of code in both ways, with a time and a ratio.
complete()
{
	awk -F, '
		NF != 6 || $5 <= 0 || $6 <= 0 { print "odd: " $0; odd = 1 }
		{ seen[$1 "," $2] = 1 }
		END { for (s in seen) n++; exit odd || n != 6 }' "$rows" ||
		{ cat "$rows" && return 1; }
}

# What the awk scripts make of them: a line for each kind.
table()
{
	printf '<!-- ratio: %s: plain -->\n<!-- end -->\n' \
		'pipeline with 32 packets in a row' >"$work/text"
	awk -f "$abs_top_srcdir/bench/tables.awk" "$rows" "$work/text" \
		>"$work/table"
	grep -Eq '^\| pointers +\| [0-9]+\.[0-9]+ ' "$work/table" ||
		{ cat "$work/table" && return 1; }
}

if ! built | grep -q '^inline$'; then
	echo '1..0 # SKIP the inline backend is not tested here'
	exit 0
fi
if [ -n "${SC_TEST_SANITIZER:-}" ]; then
	echo '1..0 # SKIP it is about tools, not about the library'
	exit 0
fi
check 'a benchmark: build' make -s -C "$bench" pipeline
check 'a benchmark: run' env QUICK=1 SC_BENCH_CSV="$rows" "$bench/pipeline"
check 'a benchmark: its rows' complete
check 'a benchmark: a table of them' table
finish
