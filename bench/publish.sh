#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Puts the results that lie in a folder of report.sh into doc/ and README.
# publish.sh FOLDER
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?usage: publish.sh FOLDER}

cp "$folder"/performance.csv "$folder"/*.svg "$top/doc"
text=$(awk -f "$top/bench/tables.awk" "$top/doc/performance.csv" \
	"$top/doc/performance.md")
printf '%s\n' "$text" >"$top/doc/performance.md"
awk -v write=1 -f "$top/bench/figures.awk" "$top/bench/figures" \
	"$top/doc/performance.csv" "$top/README"
