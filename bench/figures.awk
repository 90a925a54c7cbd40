# SPDX-License-Identifier: MIT
# figures.awk - are the figures in a text those that were measured?
#
#	awk [-v write=1] -f figures.awk FIGURES CSV TEXT
#
# Prints what differs by more than the tolerance, and numbers of the text's section
# on costs that nobody measured.  With write=1 it corrects TEXT instead.  bench/figures
# says how FIGURES is written.

function complain(message)
{
	print message
}

# As a regular expression: "@" and "#" stand for numbers, a blank for white space.
function pattern(text)
{
	gsub(/[][().*+?^$|\\\/{}]/, "\\\\&", text)
	gsub(/[@#]/, number, text)
	gsub(/ +/, "[ \t\n]+", text)
	return text
}

# The digits after the point.
function decimals(text)
{
	return index(text, ".") ? length(text) - index(text, ".") : 0
}

# Half a unit of the last digit is granted beside: the text is rounded.
function differs(shown, measured, percent,	gap)
{
	gap = shown - measured
	gap = gap < 0 ? -gap : gap
	return gap > measured * percent / 100 + 0.5001 / 10 ^ decimals(shown)
}

function measured_of(f,	key)
{
	key = group[f] SUBSEP name[f] SUBSEP method[f]
	if (!(key in value))
		return ""
	return (column[f] ~ /^ratio/ ? ratio[key] : value[key]) * scale[f]
}

function check(f,	before, at, shown, want)
{
	before = pattern(substr(text_of[f], 1, index(text_of[f], "@") - 1))
	if (!match(text, pattern(text_of[f])))
		return complain("the text has no: " text_of[f])
	at = RSTART
	match(substr(text, at), "^" before)
	at += RLENGTH
	match(substr(text, at), "^" number)
	shown = substr(text, at, RLENGTH)
	covered[at] = RLENGTH
	want = measured_of(f)
	if (want == "")
		return complain("not measured: " group[f] ", " name[f] ", " \
			method[f])
	if (write)
		exchange(at, shown, sprintf("%." decimals(shown) "f", want))
	else if (differs(shown, want, tolerance[f]))
		complain("\"" text_of[f] "\": the text has " shown \
			", measured was " want ", tolerance " tolerance[f] " %")
}

function exchange(at, from, to)
{
	text = substr(text, 1, at - 1) to substr(text, at + length(from))
}

# Numbers of the section that are neither checked nor conditions.
function check_rest(	rest, at, word)
{
	rest = text
	for (at in covered)
		rest = substr(rest, 1, at - 1) \
			sprintf("%" covered[at] "s", "") \
			substr(rest, at + covered[at])
	rest = substr(rest, index(rest, section "\n---"))
	rest = substr(rest, length(section) + 1)
	if (match(rest, /\n\n\n/))
		rest = substr(rest, 1, RSTART)
	while (match(rest, /[^A-Za-z0-9][0-9][0-9.]*/)) {
		word = substr(rest, RSTART + 1, RLENGTH - 1)
		rest = substr(rest, RSTART + RLENGTH)
		sub(/\.$/, "", word)
		if (!(word in conditions))
			complain("nobody checks the number " word)
	}
}

BEGIN { number = "[0-9]+[.]?[0-9]*" }
FNR == 1 { file++ }
file == 1 && /^(#|$)/ { next }
file == 1 && /^section:/ {
	section = substr($0, 10)
	next
}
file == 1 && /^conditions:/ {
	n = split(substr($0, 12), list, " ")
	for (i = 1; i <= n; i++)
		conditions[list[i]] = 1
	next
}
file == 1 {
	n_figures++
	split($0, part, / *\| */)
	tolerance[n_figures] = part[1]
	column[n_figures] = part[2]
	scale[n_figures] = 1
	if (split(part[2], factor, "*") == 2)
		scale[n_figures] = factor[2]
	group[n_figures] = part[3]
	name[n_figures] = part[4]
	method[n_figures] = part[5]
	text_of[n_figures] = part[6]
	next
}
file == 2 {
	split($0, part, ",")
	value[part[1], part[2], part[3]] = part[5]
	ratio[part[1], part[2], part[3]] = part[6]
	next
}
file == 3 {
	text_file = FILENAME
	text = text $0 "\n"
}
END {
	for (f = 1; f <= n_figures; f++)
		check(f)
	if (write)
		printf "%s", text >text_file
	else
		check_rest()
}
