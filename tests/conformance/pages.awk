# SPDX-License-Identifier: MIT
# pages.awk - takes the examples out of a manual page.  A comment in front of a block
# says what it is:
#
#	.\" in FILE		text of FILE, behind what is there
#	.\" from FILE to TEXT	the file of the block behind it begins with FILE, up to
#				the line with TEXT
#	.\" run [BACKEND...]	a session, with these backends alone; see session.sh
#	.\" run folded [...]	the same; the page breaks its lines, and has other addresses
#	.\" shown by FILE	a piece of FILE in the tree, which a test uses
#	.\" like FILE		something that a test in FILE looks at, with other names
#	.\" tried by FILE NAME	commands that FILE takes from here, and runs
#	.\" declared		a structure of the header
#	.\"+ TEXT		a line that readers need not see
#	.\" end			no block follows
#
# Sessions go to standard output, files to the directory that they are run in, and what
# is wrong to the file "wrong".

function problem(what)
{
	print FILENAME ":" FNR ": " what > "wrong"
}

function plain(line)
{
	gsub(/\\e/, "\\", line)
	gsub(/\\\(dq/, "\"", line)
	sub(/^\\&/, "", line)
	return line
}

function head(name, text,	line)
{
	close(name)
	while ((getline line < name) > 0 && !index(line, text))
		print line > file
	close(name)
}

function put(line)
{
	if (kind == "in")
		print line > file
	else if (kind == "run" && wanted)
		print "\t" line
	else if (kind == "shown" && line != "" && !(line in there))
		problem("not in " file ": " line)
}

/^\.\\" in / { kind = "in"; file = $3; next }
/^\.\\" from / {
	text = $0
	sub(/^.* to /, "", text)
	head($3, text)
	next
}
/^\.\\" run/ {
	kind = "run"
	folded = sub(/ folded/, "")
	wanted = NF == 2 || index($0 " ", " " backend " ")
	if (folded && wanted)
		print "folded"
	next
}
/^\.\\" shown by / {
	kind = "shown"
	file = top "/" $4
	split("", there)
	while ((getline line < file) > 0)
		there[line] = 1
	close(file)
	next
}
/^\.\\" (like|tried by) / {
	kind = $2
	file = top "/" (kind == "like" ? $3 : $4)
	if ((getline line < file) <= 0)
		problem("there is no " file)
	close(file)
	next
}
/^\.\\" declared/ { kind = "declared"; next }
/^\.\\"\+/ { line = $0; sub(/^\.\\"\+ ?/, "", line); put(line); next }
/^\.\\" end/ {
	if (kind == "run" && wanted)
		print ""
	kind = ""
	next
}
/^\.Bd -literal/ {
	if (kind == "")
		problem("a block that no test looks at")
	inside = 1
	next
}
/^\.Ed/ {
	if (inside && kind == "run" && wanted)
		print ""
	inside = 0
	kind = ""
	next
}
inside { put(plain($0)) }
