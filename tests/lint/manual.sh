#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual speaks of all that the headers offer, and of nothing else.
. "$(dirname "$0")/lint.sh"
api=include/static_call/api.h
pages=$(sources doc | grep -E '\.[1-8]$')
if [ -z "$pages" ]; then
	skip "the manual" "no manual pages"
	finish
fi

# mentioned WORD: some page has it as a word.
mentioned()
{
	# shellcheck disable=SC2086 # a list
	grep -qwF -- "$1" $pages
}

# unmentioned: the words on standard input that no page has.
unmentioned()
{
	local word

	while read -r word; do
		mentioned "$word" || echo "$word"
	done
}

# What a program may write: the macros of the public header.
macros()
{
	code include/static_call.h |
		sed -n 's/^#define[ \t]*\([A-Za-z_0-9]*\).*/\1/p' |
		grep -vE '^(__static_call_|STATIC_CALL_H$)'
	code "$api" | sed -n 's/^#define[ \t]*\(static_call[a-z_]*\).*/\1/p'
	cat include/config/*.h.in |
		sed -n 's/^#define[ \t]*\([A-Za-z_0-9]*\).*/\1/p' |
		grep -vE '^STATIC_CALL_(CONFIG_H|BACKEND_[A-Z]*)$' | sort -u
}
report "each macro is in the manual" "$(macros | unmentioned)"

# Members and enumerators: the last word before each ; , = or [.
members()
{
	code "$api" | awk '
		/^(struct|enum) [a-z_]+ \{/ { inside = 1; next }
		/^\}/ { inside = 0 }
		inside' | sed 's/[;,=[].*//; s/.*[ \t*]\([A-Za-z_0-9]\{1,\}\) *$/\1/' |
		grep -E '^[A-Za-z_]' | sort -u
}
report "each member and enumerator is in the manual" "$(members | unmentioned)"

declared_errors()
{
	sed -n 's/^ \*   \(E[A-Z]*\) .*/\1/p' "$api" | sort
}

described_errors()
{
	sed -n 's/^\.It Er \(E[A-Z]*\)$/\1/p' doc/static_call_update.3 | sort
}
report "header and manual list the same errors" \
	"$(diff <(declared_errors) <(described_errors))"

variables()
{
	for file in $(sources src | grep '\.c$'); do
		code "$file"
	done | grep -oE '(getenv|value_of)\("[A-Z_]+"' | grep -oE '[A-Z_]{4,}'
}
report "each environment variable is in the manual" "$(variables | unmentioned)"

# What is said of a call that is not direct: the notes of failed calls, where the files
# below /proc are put together, and the rest.
reasons()
{
	local text opened

	# As one line, for an argument may be on the next one.
	text=$(for file in $(sources src | grep '\.c$'); do
		code "$file"
	done | tr -s '\n\t ' ' ')
	opened=$(grep -oE 'sc_maps_open_file\("[a-z]+"' <<<"$text" |
		grep -oE '[a-z]+"$' | tr -d '"' | sort -u)
	for file in $opened; do
		echo "open /proc/thread-self/$file"
		echo "open /proc/self/$file"
	done
	for file in $(grep -oE '\.name = "[a-z]+"' <<<"$text" |
		grep -oE '[a-z]+"$' | tr -d '"'); do
		echo "read /proc/self/$file"
	done
	grep -oE 'sc_why_note\( ?"[^"]*", (NULL|"[^"]*"|in\.name)' <<<"$text" |
		sed 's/in\.name/"maps"/; s/^[^"]*"//; s/", "//; s/", NULL$//; s/"$//'
	grep -oE '(\b(reason|sc_why_no_patching) = |why_or\(|too_many\[\] = )"[^"]*"' \
		<<<"$text" | grep -v '= "a program' | cut -d'"' -f2
	sed -nE 's/^#define SC_(WITHOUT_HOOK|EDITED)[^"]*"(.*)"$/a program or library was \2/p' \
		src/backend.h
	grep -oE 'sc_backend_reason\(void\) \{ return "[^"]*"' <<<"$text" |
		cut -d'"' -f2
}

described_reasons()
{
	awk '/^\.Ss Why calls are not direct/ { on = 1; next }
		/^\.S[sh] / { on = 0 }
		on && /^\.It Li / { sub(/^\.It Li /, ""); gsub(/"/, ""); print }' \
		doc/libstaticcall.7
}
report "the manual has each reason why calls are not direct, and no other" \
	"$(diff <(reasons | sort -u) <(described_reasons | sort))"

# PAGE:NAME of doc/Makefile.am: the page exists and has the name.
bad_links()
{
	local page name

	grep -v '^#' doc/Makefile.am | grep -oE '\b[A-Za-z_]+:[A-Za-z_0-9]+' |
		while IFS=: read -r page name; do
			grep -qwF -- "$name" "doc/$page.3" 2>/dev/null ||
				echo "$page:$name"
		done
}
report "each further name of a page is in the page" "$(bad_links)"

# A page that is referred to is one of ours, or somebody else's.
dangling()
{
	local name section file

	# shellcheck disable=SC2086 # a list
	sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1 \2/p' $pages | sort -u |
		grep -E '^(lib)?static[-_]?call' |
		while read -r name section; do
			file=doc/$name.$section
			[ -e "$file" ] || grep -qE ":$name( |\$)" doc/Makefile.am ||
				echo "$name($section)"
		done
}
report "no reference in the manual dangles" "$(dangling)"

# dead_links: files that the manual's web pages name, and that are not there.
dead_links()
{
	local web

	web=$(mktemp -d) || exit 99
	# shellcheck disable=SC2086 # a list
	sh doc/html.sh "$web" $pages >/dev/null 2>&1
	grep -ohE '(href|src)="[^"#:]+' "$web"/*.html | cut -d'"' -f2 | sort -u |
		while read -r link; do
			[ -s "$web/$link" ] || echo "$link"
		done
	[ -s "$web/index.html" ] || echo index.html
	rm -rf "$web"
}

if ! command -v mandoc >/dev/null; then
	skip "no link of the manual's web pages is dead" "no mandoc"
elif [ ! -e doc/html.sh ]; then
	skip "no link of the manual's web pages is dead" "no html.sh"
else
	report "no link of the manual's web pages is dead" "$(dead_links)"
fi

finish
