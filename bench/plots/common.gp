# SPDX-License-Identifier: MIT
# common.gp - what the plots share; "here" is the folder of pivot.awk.
set terminal svg size 760,400 dynamic font "sans-serif,12" background "white"
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set boxwidth 0.9
set grid ytics lc rgb "#dddddd"
set key tmargin center horizontal
set yrange [0:*]
set border 3
set tics nomirror
set xtics rotate by -15
red = "#cc6677"
blue = "#4477aa"
grey = "#bbbbbb"
# Lines for some cases (all if ""), a column for each GROUP:METHOD; field 5 is the
# value, 6 the ratio.
rows(columns, cases, field) = sprintf( \
	"< awk -F, -v columns='%s' -v cases='%s' -v field=%d -f %s/pivot.awk performance.csv", \
	columns, cases, field, here)
