# SPDX-License-Identifier: MIT
# tables.awk - writes measurements into a text: awk -f tables.awk CSV TEXT
#
# In TEXT these are followed by a line "<!-- end -->", and what lies between is
# made anew; the rest stays.
#
#	<!-- machine -->			the comments of CSV
#	<!-- ratio: GROUP: METHOD... -->	a row for each case, a column for
#	<!-- value: GROUP: METHOD... -->	each method

function pad(text, width)
{
	while (length(text) < width)
		text = text " "
	return text
}

function cell(what, group, name, method,	key)
{
	key = group SUBSEP name SUBSEP method
	if (!(key in value))
		return "-"
	if (what == "ratio")
		return sprintf("%.2f", ratio[key])
	return sprintf(value[key] < 1000 ? "%.3g %s" : "%.0f %s", value[key], \
		unit[key])
}

function row(texts, n,	i, line)
{
	line = "|"
	for (i = 0; i <= n; i++)
		line = line " " pad(texts[i], i ? 10 : 40) " |"
	print line
}

function table(what, group, methods,	n, list, texts, i, c, any)
{
	n = split(methods, list, " ")
	texts[0] = ""
	for (i = 1; i <= n; i++)
		texts[i] = list[i]
	row(texts, n)
	for (i = 0; i <= n; i++)
		texts[i] = i ? "---:" : "---"
	row(texts, n)
	for (c = 1; c <= n_cases[group]; c++) {
		texts[0] = cases[group, c]
		any = 0
		for (i = 1; i <= n; i++) {
			texts[i] = cell(what, group, cases[group, c], list[i])
			any = any || texts[i] != "-"
		}
		if (any)
			row(texts, n)
	}
}

function machine(	i)
{
	for (i = 1; i <= n_comments; i++)
		print "- " comments[i]
}

BEGIN { FS = "," }
FNR == NR && /^#/ {
	comments[++n_comments] = substr($0, 3)
	next
}
FNR == NR {
	if (!(($1, $2) in seen))
		cases[$1, ++n_cases[$1]] = $2
	seen[$1, $2] = 1
	value[$1, $2, $3] = $5
	unit[$1, $2, $3] = $4
	ratio[$1, $2, $3] = $6
	next
}
/^<!-- end -->/ { skipping = 0 }
!skipping { print }
/^<!-- (machine|ratio|value)/ {
	skipping = 1
	line = $0
	sub(/^<!-- /, "", line)
	sub(/ -->$/, "", line)
	n = split(line, part, ": ")
	print ""
	if (n == 1)
		machine()
	else
		table(part[1], part[2], part[3])
	print ""
}
