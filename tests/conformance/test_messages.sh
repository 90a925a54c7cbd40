#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_messages.sh - what a compiler says of the usual mistakes: the first line
# names the static call and what is wrong, and little else follows.
#
# Each case has limits, ERRORS:NOTES:NAMED, for C and C++ with gcc and clang.
# NAMED is "first" where the first line names the call, "later" where only a note
# does, and "never" where no compiler names a callee that is no plain function.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

# As an installed header is found.
system=()
for directory in "${include[@]}"; do
	system+=(-isystem "${directory#-I}")
done

cat >"$work/call.h" <<'END2'
#include <static_call.h>
int right(int);
long wrong(int);
extern int object;
#ifdef __cplusplus
struct guard { ~guard(); };
guard guarded(int);
DECLARE_STATIC_CALL(guarded_call, guarded);
#endif
DECLARE_STATIC_CALL(recalibrate, right);
END2

# brief c|c++: sets $compiler and $kind
brief()
{
	compiler=("${cc[@]}")
	[ "$1" = c ] || compiler=("${cxx[@]}")
	if "${compiler[@]}" -dM -E -x c /dev/null | grep -q __clang__; then
		kind=clang
		compiler+=(-fno-caret-diagnostics -fmacro-backtrace-limit=1)
	else
		kind=gcc
		compiler+=(-fno-diagnostics-show-caret)
	fi
}

number_of() # PATTERN
{
	grep -cE "$1" "$work/log"
}

# says NAME c|c++ CALL PATTERN GCC CLANG; the mistake on stdin
says()
{
	local name="$2: $1" language=$2 call=$3 pattern=$4 limit first
	local errors notes named wrong=

	brief "$language"
	limit=$5
	[ $kind = gcc ] || limit=$6
	IFS=: read -r errors notes named <<<"$limit"
	{ echo '#include "call.h"'; cat; } >"$work/case.c"
	"${compiler[@]}" -x "$language" "${system[@]}" "-I$work" -c \
		-o /dev/null "$work/case.c" >"$work/log" 2>&1
	first=$(grep -E '(error|warning): ' "$work/log" | head -1)
	[ -n "$first" ] || wrong='no message'
	[ "$(number_of '(error|warning): ')" -le "$errors" ] ||
		wrong="more than $errors errors"
	[ "$(number_of 'note: ')" -le "$notes" ] || wrong="over $notes notes"
	grep -qE "$pattern" <<<"$first" || wrong='what is wrong'
	case $named in
	first) grep -q "$call" <<<"$first" || wrong='the first line' ;;
	later) grep -q "$call" "$work/log" || wrong='no line names it' ;;
	esac
	if [ -z "$wrong" ]; then
		report ok "$name"
	else
		report 'not ok' "$name: $wrong" "$work/log"
	fi
}

# clang has a note on the declaration where the callee is a function, and its
# arguments are of the wrong number.
later=later
[ "$backend" != generic ] || later=never

says 'an argument of another type' c recalibrate 'passing' \
	1:1:first 1:3:never <<'END2'
int use(void) { return static_call(recalibrate)("text"); }
END2
says 'an argument of another type' c++ recalibrate 'convert|conversion|initialize' \
	1:1:never 1:3:never <<'END2'
int use(void) { return static_call(recalibrate)("text"); }
END2
for language in c c++; do
	named=first
	[ $language = c ] || named=never
	says 'too few arguments' $language recalibrate 'too few arguments' \
		"1:1:$named" "1:3:$later" <<'END2'
int use(void) { return static_call(recalibrate)(); }
END2
	says 'too many arguments' $language recalibrate 'too many arguments' \
		"1:1:$named" "1:3:$later" <<'END2'
int use(void) { return static_call(recalibrate)(1, 2); }
END2
	for target in wrong '&object' 5 '"text"' __static_call_return0; do
		says "an update to $target" $language recalibrate \
			'not the type|could not convert|another type' \
			1:0:first 1:3:first <<END2
int use(void) { return static_call_update(recalibrate, $target); }
END2
	done
	says 'a change to another type' $language recalibrate \
		'not the type|could not convert|another type' \
		1:0:first 1:3:first <<'END2'
void use(struct static_call_change *);
void use(struct static_call_change *to)
{
	struct static_call_change c = STATIC_CALL_CHANGE(recalibrate, wrong);
	*to = c;
}
END2
done
# g++ has one line for the key and one for the trampoline.
says 'a call of what is not declared' c nope 'undeclared' \
	1:1:first 2:4:first <<'END2'
int use(void) { return static_call(nope)(1); }
END2
says 'a call of what is not declared' c++ nope 'undeclared|not declared' \
	3:0:first 2:4:first <<'END2'
int use() { return static_call(nope)(1); }
END2
says 'an update of what is not declared' c nope 'undeclared' \
	1:1:first 2:7:first <<'END2'
int use(void) { return static_call_update(nope, right); }
END2
says 'a query of what is not declared' c nope 'undeclared' \
	1:1:first 2:7:first <<'END2'
int use(void) { return static_call_query(nope) != 0; }
END2
# g++ goes on after an error in template arguments, which name the call in the
# messages above.
says 'an update of what is not declared' c++ nope 'undeclared|not declared' \
	5:2:first 1:2:first <<'END2'
int use() { return static_call_update(nope, right); }
END2
says 'a query of what is not declared' c++ nope 'undeclared|not declared' \
	3:0:first 1:2:first <<'END2'
int use() { return static_call_query(nope) != 0; }
END2
says 'one name in two namespaces' c++ twice 'defined_twice|redefinition' \
	1:0:first 1:5:first <<'END2'
namespace a { static int f(int x) { return x; } DEFINE_STATIC_CALL(twice, f); }
namespace b { static int g(int x) { return x; } DEFINE_STATIC_CALL(twice, g); }
END2
says 'a NULL call whose result has a destructor' c++ hook \
	'its result has a destructor' 1:0:first 1:2:first <<'END2'
DEFINE_STATIC_CALL_NULL(hook, guarded);
END2
for target in nullptr 0 NULL; do
	says "an update to $target of such a call" c++ guarded_call \
		'not_NULL_as_its_result_has_a_destructor' \
		1:3:first 1:3:first <<END2
int use() { return static_call_update(guarded_call, $target); }
END2
done
says 'RET0 of a result that is no integer' c zero 'RET0\(zero\)' \
	1:0:first 1:2:first <<'END2'
DEFINE_STATIC_CALL_RET0(zero, double (*)(void));
END2
says 'RET0 of a result that is no integer' c++ zero 'RET0\(zero\)' \
	1:0:first 1:2:first <<'END2'
DEFINE_STATIC_CALL_RET0(zero, double (*)(float));
END2

finish
