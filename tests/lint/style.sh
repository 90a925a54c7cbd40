#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What every source has, and how long things may be.
. "$(dirname "$0")/lint.sh"

texts=$(sources . | grep -E '\.(c|h|cc|cpp|S|sh|mk|m4|am|ac|cmake\.in)$|/(dev|bootstrap)$' |
	grep -vE '^\./(build|build-aux|aclocal\.m4|configure|sc_config\.h)|^\./m4/(ax_|lt|libtool|pkg)')
mine=$(sources . | grep -E '\.(c|h)$' |
	grep -vE '^\./(build|sc_config\.h)')

each()
{
	local file

	for file in $1; do
		"$2" "$file"
	done
}

no_licence()
{
	head -n 3 "$1" | grep -q 'SPDX-License-Identifier: MIT' || echo "$1"
}
report "each file names its licence" "$(each "$texts" no_licence)"

blanks()
{
	grep -nE '[ 	]+$' "$1" | sed "s|^|$1:|"
}
report "no blanks at the end of a line" "$(each "$texts" blanks)"

wide()
{
	expand "$1" | awk -v f="$1" '!/^#error/ && length($0) > 100 { print f ":" NR }'
}
report "no line of a C file is over 100 columns" "$(each "$mine" wide)"

long_functions()
{
	awk -v f="$1" '/^\{/ { from = NR }
		/^\}/ { if (from && NR - from - 1 > 80)
				print f ":" from ": " NR - from - 1 " lines"
			from = 0 }' "$1"
}
report "no function is over 80 lines" "$(each "$mine" long_functions)"

# A file that no makefile names is neither built nor distributed.
unlisted()
{
	local dir base

	base=$(basename "$1")
	dir=$(dirname "$1")
	while [ "$dir" != . ]; do
		cat "$dir/Makefile.am" "$dir"/*.mk 2>/dev/null |
			grep -qE "(^|[ 	/])${base//./\\.}($|[ 	\\])" && return
		dir=$(dirname "$dir")
	done
	echo "$1"
}
report "each file is named in a makefile" "$(each "$(sources include src tools \
	tests bench examples doc |
	grep -E '\.(c|h|cc|cpp|S|sh|mk|map|py|[1-8]|md|build|txt)$')" unlisted)"

finish
