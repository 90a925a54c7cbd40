#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What every source has, and how long things may be.
. "$(dirname "$0")/lint.sh"

mapfile -t texts < <(sources . |
	grep -E '\.(c|h|cc|cpp|S|sh|mk|m4|am|ac|cmake\.in)$|/(dev|bootstrap)$' |
	grep -vE '^\./(build|build-aux|aclocal\.m4|configure|sc_config\.h)' |
	grep -vE '^\./m4/(ax_|lt|libtool|pkg)')
mapfile -t mine < <(printf '%s\n' "${texts[@]}" | grep -E '\.(c|h)$')
mapfile -t listed < <(sources include src tools tests bench examples doc |
	grep -E '\.(c|h|cc|cpp|S|sh|mk|map|py|[1-8]|md|build|txt)$')

report "each file names its licence" \
	"$(grep -L 'SPDX-License-Identifier: MIT' "${texts[@]}")"

report "no blanks at the end of a line" \
	"$(grep -nE '[ 	]+$' "${texts[@]}")"

# A tab reaches to the next multiple of 8.  Messages are not broken, so that
# they can be searched for.
report "no line of a C file is over 100 columns" "$(awk '
	match($0, /"[^"]*"/) && RLENGTH > 40 { next }
	!/^#error/ && length($0) > 50 {
		n = 0
		for (i = 1; i <= length($0); i++)
			n += substr($0, i, 1) == "\t" ? 8 - n % 8 : 1
		if (n > 100)
			print FILENAME ":" FNR ": " n
	}' "${mine[@]}")"

report "no function is over 80 lines" "$(awk '
	/^\{/ { from = FNR }
	/^\}/ { if (from && FNR - from - 1 > 80)
			print FILENAME ":" from ": " FNR - from - 1 " lines"
		from = 0 }' "${mine[@]}")"

report "no file of the library is over 400 lines" "$(
	sources src | grep -E '\.(c|h)$' | while read -r file; do
		awk 'END { if (NR > 400) print FILENAME ": " NR " lines" }' \
			"$file"
	done)"

# Lines that are a comment or hold one, of all that are not blank: reported, and
# no more.  A sixth is too little to say what must stay true, a third too much.
sources src | grep '\.c$' | xargs awk '
	/^[ 	]*$/ { next }
	{ n++ }
	/\/\*/ { in_comment = 1 }
	in_comment { comments++ }
	/\*\// { in_comment = 0 }
	END { printf "# %.0f %% of the lines of src/ hold a comment (18 to 25 is the aim)\n",
		100 * comments / n }'

# A file that no makefile names is neither built nor distributed.  File names
# are unique, so the last part is enough.
makefiles=$(sources . | grep -E '/Makefile\.am$|\.mk$' | grep -v '^\./build')
report "each file is named in a makefile" "$(
	printf '%s\n' "${listed[@]}" | while read -r file; do
		printf '%s\t%s\n' "${file##*/}" "$file"
	done | sort |
	join -t '	' -v 1 -o 1.2 - <(
		# shellcheck disable=SC2086 # a list
		tr -s ' \t\\' '\n' <<<"$(cat $makefiles)" |
			sed 's|.*/||' | sort -u))"

finish
