#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_compile.sh - what the compiler must accept without a warning, and what it
# must refuse.
#
# A refused case is compiled twice, with the right and the wrong thing in the same
# place, so that it fails for no other reason.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

strict=(-Wall -Wextra -Werror -pedantic)

# compile c|c++ STD OPTION...: compiles $work/case
compile()
{
	local language=$1 std=$2
	shift 2
	local with=("${cc[@]}")

	[ "$language" = c++ ] && with=("${cxx[@]}")
	"${with[@]}" -x "$language" "-std=$std" "${strict[@]}" \
		"${include[@]}" "$@" -c -o "$work/case.o" "$work/case" \
		>"$work/log" 2>&1
}

declare -A known

knows() # c|c++ STD
{
	if [ -z "${known[$2]:-}" ]; then
		echo 'typedef int unused;' >"$work/case"
		compile "$1" "$2" && known[$2]=yes || known[$2]=no
	fi
	[ "${known[$2]}" = yes ]
}

# Optimised in the first STD alone: the language is the same without.
accept() # NAME c|c++ STD...; source on stdin
{
	local name=$1 language=$2 levels='-O0 -O2' level std
	shift 2

	cat >"$work/source"
	for std; do
		if ! knows "$language" "$std"; then
			skip "$name, $std" 'not known to the compiler'
			continue
		fi
		cp "$work/source" "$work/case"
		for level in $levels; do
			if compile "$language" "$std" $level; then
				report ok "$name, $std $level"
			else
				report 'not ok' "$name, $std $level" "$work/log"
			fi
		done
		levels=-O0
	done
}

# refuse NAME c|c++ STD PATTERN RIGHT WRONG; source on stdin, which has the one
# or the other for WHAT
refuse()
{
	local name=$1 language=$2 std=$3 pattern=$4 right=$5 wrong=$6

	cat >"$work/case"
	if ! compile "$language" "$std" "-DWHAT=$right"; then
		report 'not ok' "$language: $name: $right is accepted" \
			"$work/log"
		return
	fi
	if compile "$language" "$std" "-DWHAT=$wrong"; then
		report 'not ok' "$language: $name: $wrong is refused"
	elif grep -Eq "$pattern" "$work/log"; then
		report ok "$language: $name: $wrong is refused"
	else
		report 'not ok' "$language: $name: $wrong, the message" \
			"$work/log"
	fi
}

# ---- accepted ---------------------------------------------------------------

accept 'header alone in C' c c11 c17 gnu11 gnu2x <<'END'
#include <static_call.h>
END

accept 'header alone in C++' c++ c++11 c++14 c++17 c++20 gnu++17 <<'END'
#include <static_call.h>
END

accept 'header twice and after others' c c11 <<'END'
#include <stdlib.h>
#include <string.h>
#include <static_call.h>
#include <static_call.h>
END

accept 'header inside extern "C"' c++ c++11 c++20 <<'END'
extern "C" {
#include <static_call.h>
int f(int x);
DECLARE_STATIC_CALL(x, f);
}
int g();
int g()
{
	return static_call(x)(1) + static_call_update(x, f);
}
END

accept 'kernel style' c c11 c17 gnu2x <<'END'
#include <stddef.h>
#include <static_call.h>

int my_default(int a, const char *b);
int my_default(int a, const char *b) { return a + b[0]; }
static void hook(void) { }
struct ops { int (*run)(int); void (*stop)(void); };
extern struct ops ops;

DEFINE_STATIC_CALL(my_call, my_default);
DEFINE_STATIC_CALL_NULL(my_hook, hook);
DEFINE_STATIC_CALL_NULL(my_stop, *ops.stop);
DEFINE_STATIC_CALL_RET0(my_run, *ops.run);
EXPORT_STATIC_CALL(my_call);
EXPORT_STATIC_CALL_TRAMP_GPL(my_run);

int user(int x);
int user(int x)
{
	if (x)
		static_call_cond(my_hook)();
	else
		static_call(my_hook)();
	static_call(my_call)(x, "x");
	static_call_mod(my_run)(x);
	if (x)
		static_call_update(my_hook, hook);
	else
		static_call_update(my_hook, NULL);
	for (; x; x--)
		static_call_update(my_run, ops.run);
	static_call_update(my_stop, ops.stop);
	static_call_update(my_run, (void *)&__static_call_return0);
	if (static_call_query(my_run) == NULL || !static_call_initialized)
		return -1;
	return x ? static_call(my_call)(x, "y") : static_call(my_run)(x);
}
END

accept 'C++ style' c++ c++11 c++14 c++17 c++20 <<'END'
#include <static_call.h>

static int one(int x) { return x; }
struct object { int a, b; object(); ~object(); };
static object make(const object &) { return object(); }

DEFINE_STATIC_CALL(call_one, one);
DEFINE_STATIC_CALL(call_make, make);
DEFINE_STATIC_CALL_NULL(call_null, void (*)(int &));
DEFINE_STATIC_CALL_RET0(call_ret0, int (*)(int));
EXPORT_STATIC_CALL(call_one);

static int initialised = static_call(call_one)(1);

template <class T> static int generic(T x)
{
	static_call_update(call_one, [](int y) { return y; });
	static_call_update(call_one, nullptr);
	static_call_cond(call_null)(initialised);
	return static_call(call_one)(x) + static_call(call_ret0)(x);
}

int user();
int user()
{
	auto f = static_call_query(call_one);
	object o = static_call(call_make)(object());
	const struct static_call_change c[] = {
		STATIC_CALL_CHANGE(call_one, one),
	};

	return f(1) + generic(1) + generic('x') + o.a +
	       static_call_update_batch(c, 1);
}
END

accept 'batch' c c11 <<'END'
#include <static_call.h>
int f(int x);
int user(void);
DECLARE_STATIC_CALL(a, f);
DECLARE_STATIC_CALL(b, f);
int user(void)
{
	const struct static_call_change c[] = {
		STATIC_CALL_CHANGE(a, f),
		STATIC_CALL_CHANGE(b, (void *)0),
	};
	return static_call_update_batch(c, sizeof(c) / sizeof(c[0]));
}
END

# ---- refused: targets of another type ---------------------------------------

mismatch='incompatible|int-conversion|makes pointer from integer'
mismatch="$mismatch|integer to pointer|cannot convert|no matching|no viable"
mismatch="$mismatch|invalid conversion|cannot initialize|could not convert"
mismatch="$mismatch|the new target has not the type|with another type than"

targets='
#include <static_call.h>
int right(int x, const char *y);
int other(int x, const char *y);
long wrong_result(int x, const char *y);
int wrong_parameter(int x, int y);
int too_few(int x);
void no_result(int x, const char *y);
extern int object;
extern char *string;
DECLARE_STATIC_CALL(checked, right);
int user(void);
'
for language in c c++; do
	std=c11
	[ $language = c++ ] && std=c++11
	for wrong in wrong_result wrong_parameter too_few no_result \
		'&object' string 5 __static_call_return0 '"text"'; do
		refuse 'update' $language $std "$mismatch" other "$wrong" <<END
$targets
int user(void) { return static_call_update(checked, WHAT); }
END
	done
	for wrong in wrong_result too_few '&object'; do
		refuse 'change of a batch' $language $std "$mismatch" \
			'(void*)0' "$wrong" <<END
$targets
int user(void)
{
	const struct static_call_change c = STATIC_CALL_CHANGE(checked, WHAT);
	return static_call_update_batch(&c, 1);
}
END
	done
	refuse 'definition after a declaration' $language $std \
		'conflicting|different type|cannot be overloaded' \
		right wrong_result <<END
$targets
DEFINE_STATIC_CALL(checked, WHAT);
int user(void) { return 0; }
END
	refuse 'arguments' $language $std 'too few arguments|no matching' \
		'(1,"x")' '(1)' <<END
$targets
int user(void) { return static_call(checked)WHAT; }
END
	# In C for i386 it has the result: arch.h says why.
	[ "$language$machine" = ci386 ] ||
	refuse 'result of static_call_cond' $language $std 'void' \
		static_call static_call_cond <<END
$targets
int user(void) { int r = WHAT(checked)(1, "x"); return r; }
END
	refuse 'result of query' $language $std "$mismatch" right_t wrong_t <<END
$targets
typedef int (*right_t)(int, const char *);
typedef long (*wrong_t)(int, const char *);
int user(void) { WHAT f = static_call_query(checked); return f != 0; }
END
done

refuse 'update' c++ c++11 "$mismatch" '[](int,const_char_p){return(1);}' \
	'[&](int,const_char_p){return(y);}' <<END
$targets
typedef const char *const_char_p;
int user(void)
{
	int y = 1;
	(void)y;
	return static_call_update(checked, (WHAT));
}
END

if knows c++ c++17; then
	refuse 'update of a noexcept call' c++ c++17 "$mismatch" quiet loud <<'END'
#include <static_call.h>
int quiet(int x) noexcept;
int loud(int x);
DECLARE_STATIC_CALL(checked, quiet);
int user();
int user() { return static_call_update(checked, WHAT); }
END
fi

# ---- refused: RET0 of a result that is not one integer register -------------

ret0='the result is not an integer of at most long'
results='
#include <static_call.h>
struct s { int a; };
struct large { long a[9]; };
union u { int a; float b; };
enum e { E };
typedef double real;
#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 wide;
#else
typedef double wide;
#endif
typedef float vector __attribute__((vector_size(16)));
'
for type in float double 'long double' real wide; do
	for parameters in '(void)' '(int,double,void*)'; do
		refuse "RET0 $parameters" c c11 "$ret0" int "$type" <<END
$results
DEFINE_STATIC_CALL_RET0(zero, WHAT (*)$parameters);
END
	done
done
refuse 'RET0' c c11 "$ret0" 'struct s *' '_Complex double' <<END
$results
DEFINE_STATIC_CALL_RET0(zero, WHAT (*)(void));
END

for type in float double 'long double' real wide 's' 'large' 'u' \
	'vector' 'int &' 'const s &' 'int &&'; do
	for parameters in '()' '(float,char)' '(const char*,...)'; do
		# parameters matter to the template, not to the type
		case $parameters,$type in
		'()',* | *,double | *,s) ;;
		*) continue ;;
		esac
		refuse "RET0 $parameters" c++ c++11 "$ret0" int "$type" <<END
$results
DEFINE_STATIC_CALL_RET0(zero, WHAT (*)$parameters);
END
	done
done
for type in void bool char 'unsigned short' long 'unsigned long' 'e' 's *' \
	'const void *' 'int (*'; do
	tail=
	[ "$type" = 'int (*' ] && tail=')(void)'
	accept "RET0 of $type$tail in C++" c++ c++11 c++17 <<END
$results
typedef $type result$tail;
DEFINE_STATIC_CALL_RET0(zero, result (*)(float, char));
END
done

finish
