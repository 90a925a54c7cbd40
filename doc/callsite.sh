#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# callsite.sh: makes callsite.svg, the drawing of a call site before, during and after an
# update, from the bytes of a real one.  It needs the installed library with the inline
# backend.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2046 # words
${CC:-cc} -O2 -no-pie "$here/callsite.c" \
	$(pkg-config --cflags --libs libstaticcall) -o "$work/callsite"
"$work/callsite" >"$work/bytes"

awk '
function box(x, y, text, colour)
{
	printf "<rect x=\"%d\" y=\"%d\" width=\"44\" height=\"30\" fill=\"%s\" stroke=\"#444\"/>\n", x, y, colour
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-family=\"monospace\">%s</text>\n", x + 22, y + 20, text
}

function arrow(y, to)
{
	printf "<path d=\"M 380 %d h 60 m -7 -4 l 7 4 l -7 4\" fill=\"none\" stroke=\"#444\"/>\n", y + 15
	printf "<text x=\"450\" y=\"%d\">%s</text>\n", y + 20, to
}

BEGIN {
	label["first"] = "before"
	label["file"] = "during"
	label["second"] = "after"
	target["first"] = "the first function"
	target["file"] = "the trampoline, and through the key"
	target["second"] = "the second function"
	print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 190\" font-family=\"sans-serif\" font-size=\"14\">"
	print "<!-- SPDX-License-Identifier: MIT; made by callsite.sh -->"
}

{
	y = 20 + 55 * (NR - 1)
	printf "<text x=\"10\" y=\"%d\">%s</text>\n", y + 20, label[$1]
	for (i = 2; i <= NF; i++)
		box(90 + 44 * (i - 2), y, $i, i == 2 ? "#cfe3ff" : "#fff3c4")
	arrow(y, target[$1])
}

END {
	print "<text x=\"90\" y=\"185\" font-size=\"12\">opcode, then the distance to the target; \"during\" is what the file has</text>"
	print "</svg>"
}' "$work/bytes" >"$here/callsite.svg"
