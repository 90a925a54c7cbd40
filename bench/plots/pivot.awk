# SPDX-License-Identifier: MIT
# pivot.awk - rows of performance.csv as gnuplot reads them: a line for each case.
# awk -F, -v columns=GROUP:METHOD|... [-v cases=CASE|...] [-v field=5] -f pivot.awk CSV
#
# Without cases: those of the first column.
BEGIN {
	field = field ? field : 6
	n = split(columns, column, "|")
	first = column[1]
	n_names = split(cases, names, "|")
}
{
	key = $1 ":" $3
	if (key == first && cases == "")
		names[++n_names] = $2
	value[key, $2] = $field
}
END {
	for (c = 1; c <= n_names; c++) {
		printf "\"%s\"", names[c]
		for (i = 1; i <= n; i++)
			printf " %s", ((column[i], names[c]) in value) ? \
				value[column[i], names[c]] : "NaN"
		print ""
	}
}
