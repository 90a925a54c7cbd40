#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_null.sh - results that a NULL call may have.  On i386 a function takes the
# address of a structure that it returns off the stack, and the empty function that
# stands for NULL does not: there such a call does not compile.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

# The C++ compiler may be missing, or be another machine's.
has_cxx=no
echo 'int unused;' >"$work/case"
if "${cxx[@]}" -c -o "$work/case.o" -x c++ "$work/case" 2>/dev/null &&
	[ "$(machine_of "${cxx[@]}")" = "$machine" ]; then
	has_cxx=yes
fi

compiles() # c|c++ SOURCE
{
	local compiler=("${cc[@]}" -std=c11)

	[ "$1" = c ] || compiler=("${cxx[@]}" -std=c++11)
	printf '%s\n' '#include <static_call.h>' \
		'struct s { long a; }; union u { long a; };' \
		"typedef $result R;" "$2" >"$work/case"
	"${compiler[@]}" -Wall -Wextra -Werror "${include[@]}" \
		-c -o "$work/case.o" -x "$1" "$work/case"
}

# null LANGUAGE NAME SOURCE: compiles, but for structures on i386
null()
{
	local name="$1: $2 with $result for result"

	if [ "$1" = c++ ] && [ $has_cxx = no ]; then
		skip "$name" 'no C++ compiler'
	elif [ "$machine" = i386 ] && [[ $result = struct* || $result = union* ]]; then
		check_fails "$name is refused" \
			'structure|conditional expression|incompatible' \
			compiles "$1" "$3"
	else
		check "$name" compiles "$1" "$3"
	fi
}

for result in 'struct s' 'union u' int 'void *' double void; do
	null c++ 'DEFINE_STATIC_CALL_NULL' \
		'DEFINE_STATIC_CALL_NULL(null, R (*)(int));'
	null c++ 'an update to NULL' 'R g(int); DEFINE_STATIC_CALL(call, g);
		int use(); int use() { return static_call_update(call, nullptr); }'
	null c 'static_call_cond()' 'DECLARE_STATIC_CALL(call, R (*)(int));
		void use(void); void use(void) { static_call_cond(call)(1); }'
done

finish
