#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Arrows point down only: who may include what, and what is done in one place.
. "$(dirname "$0")/lint.sh"

# there FILES: those of them that there are.
there()
{
	local file

	for file in $1; do
		[ ! -f "$file" ] || echo "$file"
	done
}

# refuse FILES PATTERN: includes whose names match.
refuse()
{
	# shellcheck disable=SC2046 # a list
	includes $(there "$1") | grep -E -- " includes .*($2)"
}

# allow FILES PATTERN: includes of the project's headers that do not match.
allow()
{
	# shellcheck disable=SC2046 # a list
	includes $(there "$1") | grep -E ' includes ("|<static_call)' |
		grep -vE -- " includes ($2)"
}

c_files()
{
	sources "$@" | grep -E '\.(c|h|cc|cpp)$'
}

# But for those that measure private structures, or are for the other header.
users=$(c_files tests/conformance bench examples |
	grep -Ev '^bench/sizes\.c$|^tests/conformance/fallback\.c$|^examples/portable\.c$')
# Their own headers lie beside them; bench/stages.awk makes one more.
own=$({
	for f in $users; do basename "$f"; done
	echo stages.h
} | grep '\.h$' | paste -sd'|')
report "users include only <static_call.h>" \
	"$(allow "$users" "<static_call\.h>$|\"(${own:-none})\"$")"

# Rooms of src/, from top to bottom: what each must not know.
core=$(c_files src | grep -E '^src/[^/]*$')
report "the core knows no architecture and no text engine" "$(refuse "$core" \
	'"(.*/)?(text|engine|maps|bytes|insn|machine|places|notes)\.h"|x86_64/|generic/')"

report "backends know the seam, never the registry" \
	"$(refuse "$(c_files src/generic src/places)" \
		'"(.*/)?(registry|enter|fork|lock|engine|maps)\.h"')"

report "the text engine knows nothing above it" \
	"$(refuse "$(c_files src/text)" \
		'"(.*/)?(backend|registry|enter|fork|lock|world|places|notes|loaded)\.h"')"

report "a port is a leaf" "$(allow "$(c_files src/x86_64)" \
	'"(insn|machine|targets)\.h"|<static_call/(api|types)\.h>$')"

for leaf in lock log mem sync; do
	report "$leaf is a leaf" "$(allow "src/$leaf.c src/$leaf.h" \
		"\"${leaf}\.h\"$|\"(sc_config|valgrind|line|page)\.h\"$")"
done
for leaf in valgrind page; do
	report "$leaf.h is a leaf" "$(allow "src/$leaf.h" '$')"
done

tools=$(c_files tools)
own=$(for f in $tools; do basename "$f"; done | grep '\.h$' | paste -sd'|')
report "tools use the contract and the decoder only" "$(allow "$tools" \
	"[<\"]static_call/(types|format)\.h[>\"]|.*(insn|targets)\.h\"|\"sc_config\.h\"|\"[a-z]+/(${own:-none})\"$")"

# room NAME ROOM...: the room NAME of tools/ includes from these, and from itself.
room()
{
	local name=$1

	shift
	# shellcheck disable=SC2046 # a list
	report "tools/$name uses ${*:-no other room}" "$(includes \
		$(there "$(c_files "tools/$name")") |
		grep -E ' includes "[a-z]+/' | grep -v 'src/x86_64' |
		grep -vE " includes \"($(printf '%s|' "$@")$name)/")"
}

room common
room elf common
room annotate common elf
room hook common annotate
room inspect common elf annotate
report "the library does not use tools" \
	"$(refuse "$(c_files src)" 'tools/')"

# conditions FILES PATTERN: preprocessor conditions that match.
conditions()
{
	# shellcheck disable=SC2086 # a list
	lines_of $1 | grep -E '^[^:]*:[0-9]*:[ 	]*#[ 	]*(el)?if' |
		grep -E -- "$2"
}

arch='__(x86_64|i386|aarch64|arm|riscv|powerpc|powerpc64|s390x?|mips|sparc|LP64|ILP32)(__)?\b'
# static_call_fallback.h is a file that others copy: it includes none of ours.
report "architectures are told apart in one header" "$(conditions \
	"$(c_files include src tools |
		grep -vE '^include/static_call(/arch|_fallback)\.h$')" \
	"$arch")"
report "the library tells no backends apart" "$(conditions \
	"$(c_files src)" '\b(CONFIG_)?HAVE_STATIC_CALL|\bSTATIC_CALL_BACKEND_')"

# shellcheck disable=SC2046 # a list
library=$(lines_of $(c_files src))

# places WORD: the sources that do this.
places()
{
	grep -E -- "^[^:]*:[0-9]*:.*($1)" <<<"$library" | cut -d: -f1 | uniq
}

for deed in '\b(mremap|SYS_mremap|__NR_mremap)\b' \
	'\b(mprotect|SYS_mprotect|__NR_mprotect)\b' \
	'\b(membarrier|SYS_membarrier|__NR_membarrier)\b' \
	'"mem"' '\bdl_iterate_phdr\b'; do
	where=$(places "$deed")
	name=$(printf '%s' "$deed" | sed 's/.*NR_//; s/\\b//g; s/)$//')
	[ "$(printf '%s\n' "$where" | wc -l)" -le 1 ] && where=
	report "$name is used in one file" "$where"
done

twice=$(sources . | sed 's|^\./||' |
	grep -vE '^(build|m4|build-aux|autom4te|debian|tests/install|src/x86_64|tests/unit/port|\.)|/Makefile|^config|stamp' |
	grep -E '\.(c|h|cc|cpp|S|sh|mk|3|1|7|md)$' | sed 's|.*/||' | sort | uniq -d)
report "file names are unique, but for those of a port" "$twice"

finish
