#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_names.sh - the header brings no name into a program but its own, and
# works where the program has macros of every other name.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

own='(__|__raw_)?(static_call|STATIC_CALL)[A-Za-z0-9_]*|__SC[KT]__[A-Za-z0-9_]*'
own="$own|(DECLARE|DEFINE|EXPORT)_STATIC_CALL[A-Z0-9_]*"
own="$own|(CONFIG_)?HAVE_STATIC_CALL(_INLINE)?"

# The language's, and what compilers reserve.
words='alignof asm auto bool break case char class const continue decltype
	default delete do double else enum extern false float for goto if inline
	int long mutable namespace noexcept nullptr operator private public
	register restrict return short signed sizeof static static_assert
	static_cast const_cast reinterpret_cast struct switch template this true
	typedef typename union unsigned using virtual void volatile wchar_t
	char8_t char16_t char32_t while C
	size_t int32_t uint32_t uintptr_t offsetof'
words="__[a-z_0-9]+__|__builtin_[a-z_]+|__is_[a-z_]+|__has_[a-z_]+|__asm__|\
__int128|__typeof|__null|__func__|__COUNTER__|_Static_assert|_Generic|_Complex|\
_Pragma|__attribute__|__atomic_[a-z_]+|__ATOMIC_[A-Z_]+|\
$(printf '%s' "$words" | tr -s ' \t\n' '|')"

# Documented members and enumerators of public structures.
members()
{
	sed 's|/\*.*||' "$abs_top_srcdir"/include/static_call/{api,types}.h |
		awk '/^(struct|enum) [A-Za-z_ ]+ \{/ { inside = 1; next }
			/^\}/ { inside = 0 }
			inside' |
		sed -n 's/[;,=].*//; s/.*[ \t*]\([A-Za-z_0-9]\{1,\}\) *$/\1/p' |
		sort -u | tr '\n' '|'
}
words="$words|$(members)func"

standard='#include <stddef.h>
#include <stdint.h>'
cat >"$work/uses.h" <<'END2'
DECLARE_STATIC_CALL(my_call, my_function);
DEFINE_STATIC_CALL(my_call, my_function);
DEFINE_STATIC_CALL_NULL(my_null, my_function);
DEFINE_STATIC_CALL_RET0(my_ret0, my_function);
EXPORT_STATIC_CALL(my_call);
EXPORT_STATIC_CALL_TRAMP(my_ret0);
__STATIC_CALL_ADDRESSABLE(my_call);
__STATIC_CALL_MOD_ADDRESSABLE(my_call);
int my_user(int my_x);
int my_user(int my_x)
{
	const struct static_call_change my_change =
		STATIC_CALL_CHANGE(my_call, my_function);

	static_call_update(my_call, my_function);
	static_call_update_early(my_call, my_function);
	static_call_cond(my_null)(my_x);
	static_call_update_batch(&my_change, 1);
	if (static_call_query(my_call) == my_function)
		return static_call_mod(my_ret0)(my_x);
	return static_call(my_call)(my_x) + static_call_initialized;
}
END2

# The words of the C tokens on standard input, without strings.
identifiers()
{
	sed 's/"\(\\.\|[^"\\]\)*"/""/g' | grep -oE '\b[A-Za-z_][A-Za-z_0-9]*' |
		sort -u
}

preprocess() # c|c++ SOURCE OPTION...
{
	local language=$1 source=$2
	shift 2
	local with=("${cc[@]}")

	[ "$language" = c++ ] && with=("${cxx[@]}")
	printf '%s\n' "$source" | "${with[@]}" -x "$language" \
		"${include[@]}" "-I$work" "$@" -E -
}

# Only the lines of our own headers, or of the file that uses them.
of_ours()
{
	awk '/^# [0-9]+ "/ { ours = /static_call(\.h|\/)|\/uses\.h"/; next }
		/^#/ { next }
		ours'
}

# Names that the filter finds and that are not ours; the macros last.
foreign()
{
	grep -vxE "$own|$words|my_[a-z0-9_]*" | tr '\n' ' '
}

none() # NAME NAMES
{
	if [ -z "$2" ]; then
		report ok "$1"
	else
		report 'not ok' "$1: $2"
	fi
}

# macros LANGUAGE SOURCE: foreign ones that it has and the standard headers not.
macros()
{
	comm -13 <(preprocess "$1" "$standard" -dM | sort) \
		<(preprocess "$1" "$2" -dM | sort) |
		awk '{ print $2 }' | sed 's/(.*//' | sort -u | foreign
}

for language in c c++; do
	header=$standard$'\n''#include <static_call.h>'
	none "$language: no macro of another name" "$(macros $language "$header")"
	found=$(macros $language "$header"$'\n#define SC_FOUND(x) 1')
	[ "$found" = 'SC_FOUND ' ] && report ok "$language: control: it is found" ||
		report 'not ok' "$language: control: it is found, and not: $found"
	none "$language: no tag, function, type or parameter of another name" "$(
		preprocess $language "$header" | of_ours | identifiers | foreign)"
	use="$header"$'\nint my_function(int);\n#include "uses.h"'
	none "$language: nor in what the macros become" "$(
		preprocess $language "$use" | of_ours | identifiers | foreign)"
	if [ "$language" = c ]; then with=("${cc[@]}"); else with=("${cxx[@]}"); fi
	printf '%s\n' "$use" >"$work/source"
	check "$language: the use compiles" \
		"${with[@]}" -x $language "${include[@]}" "-I$work" -c \
		-o "$work/uses.o" "$work/source"
	none "$language: no symbol of another name" "$(
		"${NM:-nm}" "$work/uses.o" | awk '{ print $NF }' | grep -v '^\.L' |
			sed 's/\..*//; s/^_Z[A-Za-z]*[0-9]*//; s/^[0-9]*//' |
			grep -vE '^(_GLOBAL_OFFSET_TABLE_|_?static_call)' |
			sort -u | foreign)"
done

# The filter finds what it is for.
found=$(printf '# 1 "static_call.h"\nvoid sc_found(int x, char *"no");\n' |
	of_ours | identifiers | foreign)
[ "$found" = 'sc_found x ' ] && report ok 'control: names are found' ||
	report 'not ok' "control: names are found, and not: $found"

# Macros of every word that the header's text has, keywords apart.
hostile()
{
	local word

	for word in A B C F K P R T V a b c f k n p r t v x y name type key \
		target tramp symbol value used weak alias visibility hidden \
		unused constructor destructor section always_inline artificial \
		init start end state arg changes define declare update call \
		str cat extern_c fn ok SC_CALL SC_HIDDEN SC_DEFAULT SC_STR \
		SC_UPDATE SC_DECLARE SC_DEFINE SC_EXTERN HAVE_STATIC_CALL \
		HAVE_STATIC_CALL_INLINE CONFIG_HAVE_STATIC_CALL linux_call; do
		[ "$word" != C ] || continue
		echo "#define $word + 1 +"
	done
}
for language in c c++; do
	{
		echo "$standard"
		hostile | grep -vE 'define (name|key|state|start|end) '
		echo '#include <static_call.h>'
		echo 'static int my_function(int my_x) { return my_x; }'
		echo '#include "uses.h"'
	} >"$work/source"
	if [ $language = c ]; then with=("${cc[@]}"); else with=("${cxx[@]}"); fi
	check "$language: macros of a program before the header" \
		"${with[@]}" -x $language "${include[@]}" "-I$work" -c \
		-o "$work/uses.o" "$work/source"
	{
		echo '#include <static_call.h>'
		echo 'static int my_function(int my_x) { return my_x; }'
		hostile
		echo '#include "uses.h"'
	} >"$work/source"
	check "$language: and after it" \
		"${with[@]}" -x $language "${include[@]}" "-I$work" -c \
		-o "$work/uses.o" "$work/source"
done
cat >"$work/source" <<'END2'
struct sc_target { int id, lun; };
struct sc_ref { int x; };
#include <static_call.h>
static int add(int x) { return x + 1; }
DEFINE_STATIC_CALL(adder, add);
int use(sc_target t, sc_ref r);
int use(sc_target t, sc_ref r) { return static_call(adder)(t.id) - r.x; }
END2
check 'c++: types of a program' "${cxx[@]}" -x c++ "${include[@]}" -c \
	-o "$work/uses.o" "$work/source"

finish
