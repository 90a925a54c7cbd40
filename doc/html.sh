#!/bin/sh
# SPDX-License-Identifier: MIT
# html.sh DIRECTORY PAGE...: the manual as web pages, with one style and an index.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
command -v mandoc >/dev/null || {
	echo 'html.sh: mandoc is needed (Debian: mandoc)' >&2
	exit 77
}
mkdir -p "$out"
cp "$here/manual.css" "$here/callsite.svg" "$out"
for page; do
	name=${page##*/}
	mandoc -T html -O "style=manual.css,man=%N.%S.html" "$page" |
		# Pages of others have no file here; a further name of a page has
		# that page.
		sed -E -e '/static-?_?call|libstaticcall/!s|<a class="Xr" href="[^"]*">([^<]*)</a>|\1|g' \
			-e 's/for_each_site\.3\.html/for_each_key.3.html/' \
			-e 's|<body>|&<p><a href="index.html">All pages</a></p>|' \
		>"$out/$name.html"
done
{
	cat <<-'HTML'
	<!DOCTYPE html>
	<html lang="en">
	<head>
	<meta charset="utf-8">
	<title>libstaticcall</title>
	<link rel="stylesheet" href="manual.css">
	</head>
	<body>
	<h1>libstaticcall</h1>
	<p>A static call is called like a function pointer, and is a direct call.</p>
	<p><img src="callsite.svg" alt="The bytes of a call site before, during and after an update"></p>
	<ul>
	HTML
	for page; do
		name=${page##*/}
		printf '<li><a href="%s.html">%s(%s)</a> %s</li>\n' "$name" \
			"${name%.*}" "${name##*.}" \
			"$(sed -n 's/^\.Nd //p' "$page")"
	done
	echo '</ul></body></html>'
} >"$out/index.html"
