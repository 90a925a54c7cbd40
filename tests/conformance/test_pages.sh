#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_pages.sh - the examples of the manual pages: programs compile, and what they
# print is what the page shows.  pages.awk has how a page says what is what.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

if ! "${PKG_CONFIG:-pkg-config}" --version >/dev/null 2>&1; then
	echo '1..0 # SKIP no pkg-config'
	exit 0
fi
cc+=(-Wall -Wextra -Werror)
cxx+=(-Wall -Wextra -Werror)
# shellcheck source=tests/conformance/session.sh
. "$abs_top_srcdir/tests/conformance/session.sh"

# extract PAGE: its files and its session, here.
extract()
{
	awk -v backend="$backend" -v top="$abs_top_srcdir" \
		-f "$abs_top_srcdir/tests/conformance/pages.awk" "$1" >session
	touch wrong
}

# look PAGE: in a directory of its own.
look()
{
	local name=${1##*/}

	mkdir "$work/$name" && cd "$work/$name" || exit 99
	extract "$1"
	sessions "$name" <session
	check "$name: a test looks at each block" cmp wrong /dev/null
	[ ! -s wrong ] || sed 's/^/# /' wrong
}

for page in "$abs_top_srcdir"/doc/*.[137]; do
	look "$page"
done

# Symptoms of static_call(3), DIAGNOSTICS: each was seen in its session.
awk '/^\.Sh DIAGNOSTICS/ { on = 1; next } /^\.Sh / { on = 0 }
	on && sub(/^\.It Li /, "") { gsub(/"/, ""); print }' \
	"$abs_top_srcdir/doc/static_call.3" >"$work/symptoms"
while read -r symptom; do
	grep -qF -- "...$symptom..." "$abs_top_srcdir/doc/static_call.3" ||
		echo "$symptom"
done <"$work/symptoms" >"$work/unseen"
check 'static_call.3: a session has each symptom' cmp "$work/unseen" /dev/null
check 'static_call.3: there are symptoms' test -s "$work/symptoms"

# A block that nobody looks at is noticed, and another output.
cat >"$work/control.7" <<'END2'
.Bd -literal
int x;
.Ed
.\" run
.Bd -literal
$ echo right
wrong
.Ed
.\" run folded
.Bd -literal
$ echo 2 right 0x12
2 right
  0x345
.Ed
.\" run folded
.Bd -literal
$ echo 2 right 0x12
1 right 0x12
.Ed
END2
mkdir "$work/control" && cd "$work/control" || exit 99
extract "$work/control.7"
check 'a block that no test looks at is noticed' grep -q 'no test' wrong
before=$failed
out=$(sessions control <session)
failed=$before
check 'another output is noticed' test "$(grep -c '^not ok' <<<"$out")" = 2
check 'another address and another break of lines are not' \
	test "$(grep -c '^ok' <<<"$out")" = 1

finish
