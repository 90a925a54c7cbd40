#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What README and doc/performance.md show is what was measured: doc/performance.csv.
. "$(dirname "$0")/lint.sh"
csv=doc/performance.csv

report "README shows the figures that were measured" "$(
	awk -f bench/figures.awk bench/figures $csv README 2>&1)"

report "the tables of performance.md are those of performance.csv" "$(
	awk -f bench/tables.awk $csv doc/performance.md 2>&1 |
		diff doc/performance.md - 2>&1)"

report "each line of performance.csv has six fields" "$(
	awk -F , '!/^#/ && NF != 6' $csv)"

# Left out where a compiler or a tool was missing when the tables were made.
report "performance.csv has all that bench/ measures" "$(
	for group in 'call in a loop,static call,inline' \
		'call in a loop,static call,trampoline' \
		'call in a loop,static call,generic' \
		'call in a loop,static call,retpoline' \
		'call in a loop,static call,slh' \
		'call in a loop,static call,cfi-icall' \
		'pipeline,pointers,plain,instructions' \
		'pipeline,pointers,retpoline,instructions' \
		'bulk update,10000 places,XRay'; do
		grep -q "^$group," $csv || echo "no $group"
	done)"

finish
