#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_language.sh - what the header must take of the languages: standards and
# warnings, templates, modules, calling conventions, results of RET0 and NULL
# calls.

# shellcheck source=tests/conformance/tap.sh
. "${abs_top_srcdir:?}/tests/conformance/tap.sh"

# compile c|c++ OPTION...: compiles $work/case
compile()
{
	local language=$1
	shift
	local with=("${cc[@]}")

	[ "$language" = c ] || with=("${cxx[@]}")
	"${with[@]}" -x "$language" "${include[@]}" "$@" -c \
		-o "$work/case.o" "$work/case"
}

takes() # c|c++ OPTION...
{
	echo 'typedef int unused;' >"$work/case"
	compile "$@" >"$work/log" 2>&1
}

clang=no
"${cxx[@]}" -dM -E -x c++ /dev/null | grep -q __clang__ && clang=yes

# ---- warnings ---------------------------------------------------------------

# The test leaves out what this compiler lacks.
c_warnings='all extra pedantic redundant-decls shadow cast-qual conversion undef
	nested-externs missing-declarations missing-prototypes strict-prototypes
	old-style-definition bad-function-cast c++-compat unused-macros cast-align
	missing-variable-declarations overlength-strings everything'
cxx_warnings='all extra pedantic redundant-decls shadow cast-qual conversion undef
	missing-declarations old-style-cast zero-as-null-pointer-constant
	useless-cast effc++ unused-macros cast-align everything'

cat >"$work/use.h" <<'END2'
#include <static_call.h>
int f1(int);
int f2(int);
void text(const char *, ...) __attribute__((format(printf, 1, 2)));
int f1(int x) { return x + 1; }
int f2(int x) { return x; }
DECLARE_STATIC_CALL(plain, f1);
DECLARE_STATIC_CALL(plain, f1);
DEFINE_STATIC_CALL(plain, f1);
DEFINE_STATIC_CALL_NULL(null, f1);
DEFINE_STATIC_CALL_RET0(ret0, f1);
DECLARE_STATIC_CALL(printing, text);
EXPORT_STATIC_CALL(plain);
EXPORT_STATIC_CALL_TRAMP(null);
__STATIC_CALL_ADDRESSABLE(plain);
__STATIC_CALL_MOD_ADDRESSABLE(plain);
int use(int x);
int use(int x)
{
	__STATIC_CALL_ADDRESSABLE(plain);
	__STATIC_CALL_MOD_ADDRESSABLE(plain);
	int r = static_call(plain)(x) + static_call_mod(ret0)(x);

	static_call_cond(null)(x);
	static_call(plain)(x);
	static_call(printing)("%d", x);
	static_call_update(plain, f2);
	static_call_update_early(null, f2);
	if (x)
		static_call_update(plain, NOTHING);
	else
		static_call_update(null, f1);
	r += static_call_query(plain) == f2;
	return r + static_call_initialized;
}
END2

# known c|c++ WARNING...: sets $known to the options of those it has
known()
{
	local language=$1 warning
	shift

	known=()
	# The program itself causes these of clang's "everything".
	[ $clang = no ] || known=(-Wno-unknown-warning-option -Wno-padded
		-Wno-declaration-after-statement -Wno-c++98-compat
		-Wno-c++98-compat-pedantic -Wno-unsafe-buffer-usage
		-Wno-pre-c11-compat -Wno-pre-c2x-compat)
	for warning; do
		! takes "$language" -Werror "-W$warning" "${known[@]}" ||
			known+=("-W$warning")
	done
}

quiet() # c|c++ OPTION...
{
	cp "$work/use" "$work/case"
	compile "$@" "-I$work" -Werror
}

# shellcheck disable=SC2086 # a list
known c $c_warnings
for std in c90 gnu90 c99 c11 gnu17 c2x; do
	printf '#define NOTHING (void *)0\n#include "use.h"\n' >"$work/use"
	check "no warning in $std, of ${#known[@]} kinds" \
		quiet c "-std=$std" "${known[@]}"
done
# shellcheck disable=SC2086 # a list
known c++ $cxx_warnings
for std in c++11 c++14 c++17 c++20; do
	printf '#define NOTHING nullptr\n#include "use.h"\n' >"$work/use"
	check "no warning in $std, of ${#known[@]} kinds" \
		quiet c++ "-std=$std" "${known[@]}"
done
# The control: warnings about the user's code and the user's call are seen.
printf 'int missing;\n#include "use.h"\nint g(long long a) { int b = a; return b; }\n' |
	sed '1i #define NOTHING (void *)0' >"$work/use"
check_fails 'control: a conversion of the program is warned of' conversion \
	quiet c -std=c11 -Wconversion
if [ $clang = no ]; then
	printf '#define NOTHING 0\n#include "use.h"\n%s\n' \
		'void g(void) { static_call(printing)("%s", 1); }' >"$work/use"
	check_fails 'a format is checked through a static call' format \
		quiet c -std=c11 -Wformat
fi

# ---- what C++ adds ----------------------------------------------------------

accepts() # NAME c|c++ OPTION...; source on stdin
{
	local name=$1
	shift

	if ! takes "$@"; then
		cat >/dev/null
		skip "$name" 'not known to the compiler'
		return
	fi
	cat >"$work/case"
	check "$name" compile "$@" -Wall -Wextra -Werror
}

for std in c++11 c++17 c++20; do
	accepts "template arguments with commas, $std" c++ "-std=$std" <<'END2'
#include <static_call.h>
template <class T> T one(T x) { return x; }
template <class T, class U> T two(U x) { return T(x); }
template <class T, class U> struct pair { T t; U u; };
typedef pair<int, long> result;
result make(int);
DEFINE_STATIC_CALL(of_one, one<int>);
DEFINE_STATIC_CALL(of_two, two<int, long>);
DEFINE_STATIC_CALL(of_address, &two<long, int>);
DECLARE_STATIC_CALL(of_type, pair<int, long> (*)(int));
DEFINE_STATIC_CALL_NULL(of_null, int (*)(pair<int, long>));
DEFINE_STATIC_CALL_RET0(of_ret0, pair<int, long> *(*)(int));
int use();
int use()
{
	struct static_call_change c = STATIC_CALL_CHANGE(of_two, two<int, long>);

	return static_call_update(of_two, two<int, long>) +
	       static_call_update(of_one, one<int>) +
	       static_call_update(of_two, {}) +
	       static_call_update_early(of_address, two<long, int>) +
	       static_call(of_two)(1) + static_call(of_one)(1) +
	       static_call_update_batch(&c, 1);
}
END2
done

accepts 'uses that are arguments of another macro' c++ -std=c++11 <<'END2'
#include <static_call.h>
#define TWICE_(x, text) ((x) + (x) + sizeof(text))
#define TWICE(x) TWICE_(x, #x)
int f(int);
DEFINE_STATIC_CALL(call, f);
unsigned long use();
unsigned long use()
{
	return TWICE(static_call(call)(1)) +
	       TWICE(static_call_update(call, f)) +
	       TWICE(static_call_query(call) == f);
}
END2

accepts 'names that are overloaded, lambdas, results that are references' \
	c++ -std=c++11 <<'END2'
#include <static_call.h>
int f(int);
int f(long);
int &r(int &);
DECLARE_STATIC_CALL(call, int (*)(int));
DEFINE_STATIC_CALL_NULL(reference, r);
int use();
int use()
{
	return static_call_update(call, f) + static_call_update(call, &f) +
	       static_call_update(call, [](int x) { return x; }) +
	       static_call_update(call, +[](int x) { return x; }) +
	       static_call_update(reference, nullptr) +
	       static_call_update(call, 0) + static_call_update(call, {});
}
END2

# A result of an incomplete type, and ones with a trivial destructor.
[ "$machine" = i386 ] || accepts 'NULL calls of other classes' c++ -std=c++11 <<'END2'
#include <static_call.h>
struct later;
struct flat { int a; double b; };
struct copied { copied(const copied &); int a; };
DEFINE_STATIC_CALL_NULL(null_later, later (*)(int));
DEFINE_STATIC_CALL_NULL(null_flat, flat (*)(int));
DEFINE_STATIC_CALL_NULL(null_copied, copied (*)(int));
int use();
int use() { return static_call_update(null_flat, nullptr); }
END2

accepts 'an update of a call whose result has a destructor' c++ -std=c++11 <<'END2'
#include <static_call.h>
struct guard { ~guard(); };
guard make(int), make_too(int);
DEFINE_STATIC_CALL(call, make);
int use(void *p);
int use(void *p)
{
	return static_call_update(call, make_too) +
	       static_call_update(call, p);
}
END2

accepts 'one name in two namespaces, defined in one' c++ -std=c++11 <<'END2'
#include <static_call.h>
static int f(int x) { return x; }
namespace a { DECLARE_STATIC_CALL(shared, f); }
namespace b { DEFINE_STATIC_CALL(shared, f); }
namespace a { int use(); int use() { return static_call(shared)(1); } }
END2

# NAME, yes or no, and what declares f, whose result is to be 0.
ret0()
{
	local name="RET0 of $1" wanted=$2

	printf '%s\n' "$3" >"$work/f.h"
	{ echo '#include "f.h"'; } >"$work/case"
	if ! compile c++ -std=c++20 "-I$work" >"$work/log" 2>&1; then
		skip "$name" 'not known to the compiler'
		return
	fi
	printf '%s\n' '#include <static_call.h>' '#include "f.h"' \
		'DEFINE_STATIC_CALL_RET0(r, decltype(f));' >"$work/case"
	if [ "$wanted" = yes ]; then
		check "$name is accepted" compile c++ -std=c++20 "-I$work"
	else
		check_fails "$name is refused" 'RET0\(r\): the result is not' \
			compile c++ -std=c++20 "-I$work"
	fi
}

ret0 char8_t yes 'char8_t f(int);'
ret0 'an enumeration' yes 'enum class E : long { a }; E f(int);'
ret0 'an enumeration of __int128' no \
	'__extension__ enum class E : __int128 { a }; E f(int);'
ret0 'a function of another convention' yes '__attribute__((ms_abi)) int f(int);'
ret0 'such a double' no '__attribute__((ms_abi)) double f(int);'
ret0 nullptr_t yes 'decltype(nullptr) f(int);'
ret0 'a structure' no 'struct X { long a, b; }; X f(int);'
ret0 'a pointer to a member' no \
	'struct X { int m(int); }; typedef int (X::*P)(int); P f(int);'
ret0 'a const long' yes 'typedef long T; const T f(int);'
ret0 'a noexcept function' yes 'int f(int) noexcept;'
ret0 'a variadic noexcept function' yes 'int f(int, ...) noexcept;'
ret0 __int128 no '__extension__ typedef __int128 I; I f(int);'
ret0 _Float32 no '_Float32 f(int);'
ret0 'a reference' no 'int &f(int);'

# ---- modules ----------------------------------------------------------------

if [ $clang = yes ] && takes c++ -std=c++20; then
	cat >"$work/m.cppm" <<'END2'
module;
#include <static_call.h>
export module m;
export int inc(int);
END2
	cat >"$work/m.cpp" <<'END2'
module;
#include <static_call.h>
module m;
int inc(int x) { return x + 1; }
DEFINE_STATIC_CALL(of_module, inc);
END2
	module() # OUTPUT OPTION...
	{
		local output=$1
		shift
		"${cxx[@]}" -std=c++20 "${include[@]}" "$@" -o "$work/$output"
	}
	check 'a named module' module m.pcm --precompile "$work/m.cppm"
	check 'its implementation unit' module m.o "-fmodule-file=$work/m.pcm" \
		-c "$work/m.cpp"
else
	skip 'a named module' 'clang alone'
fi

# ---- calling conventions ----------------------------------------------------

library=("-L$libs" "-Wl,-rpath,$libs" "-lstaticcall-$backend")
run() # LANGUAGE OPTION...
{
	local with=("${cc[@]}")

	[ "$1" = c ] || with=("${cxx[@]}")
	"${with[@]}" -x "$1" "${include[@]}" ${hook:+"$hook"} "${@:2}" \
		-o "$work/program" "$work/case" -x none "${library[@]}" &&
		"${emulator[@]}" "$work/program"
}

for convention in regcall ms_abi; do
	for language in c c++; do
		echo "__attribute__(($convention)) int f(int x);" >"$work/case"
		if ! compile $language -Werror >"$work/log" 2>&1; then
			skip "$language: $convention" 'not known to the compiler'
			continue
		fi
		cat >"$work/case" <<END2
#include <static_call.h>
#define CONVENTION __attribute__(($convention, noinline))
CONVENTION static long add(long a, long b, long c, long d, long e, long f,
			   long g, double h)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + (long)h;
}
CONVENTION static long sub(long a, long b, long c, long d, long e, long f,
			   long g, double h)
{
	return -add(a, b, c, d, e, f, g, h);
}
DEFINE_STATIC_CALL(call, add);
DEFINE_STATIC_CALL_RET0(zero, add);
int main(void)
{
	return static_call(call)(1, 2, 3, 4, 5, 6, 7, 8) != 148 ||
	       static_call_update(call, sub) ||
	       static_call(call)(1, 2, 3, 4, 5, 6, 7, 8) != -148 ||
	       static_call(zero)(1, 2, 3, 4, 5, 6, 7, 8) != 0;
}
END2
		check "$language: $convention" run $language -O1
	done
done

# ---- attributes of the first target -------------------------------------------

# Targets that break what the first one promised, and their caller in a file of its
# own.  PLAIN: declared from types without attributes, as the manual says.
cat >"$work/promises.h" <<'END2'
#include <static_call.h>
__attribute__((returns_nonnull)) char *never_null(int x);
__attribute__((nonnull)) int wants_pointer(const char *p);
__attribute__((const)) int constant(int x);
__attribute__((pure)) int clean(int x);
__attribute__((noreturn)) void ends(int x);
#ifdef PLAIN
DECLARE_STATIC_CALL(pointer, char *(*)(int));
DECLARE_STATIC_CALL(taker, int (*)(const char *));
DECLARE_STATIC_CALL(number, int (*)(int));
DECLARE_STATIC_CALL(reader, int (*)(int));
DECLARE_STATIC_CALL(ender, void (*)(int));
#else
DECLARE_STATIC_CALL(pointer, never_null);
DECLARE_STATIC_CALL(taker, wants_pointer);
DECLARE_STATIC_CALL(number, constant);
DECLARE_STATIC_CALL(reader, clean);
DECLARE_STATIC_CALL(ender, ends);
#endif
int see(const char *p);
void change(void);
END2
cat >"$work/caller.c" <<'END2'
#include "promises.h"
#include <stdio.h>
int see(const char *p)
{
	static int calls;
	int first, second, r;

	printf("returns_nonnull %s\n", static_call(pointer)(1) ? "yes" : "no");
	r = static_call(taker)(p);
	printf("nonnull %s\n", p ? "yes" : "no");
	first = static_call(number)(1) + static_call(reader)(1);
	change();
	second = static_call(number)(1);
	printf("const %s\n", second == 1 ? "yes" : "no");
	printf("pure %s\n", static_call(reader)(1) == 1 ? "yes" : "no");
	return r + first + ++calls;
}
END2
cat >"$work/targets.c" <<'END2'
#define PLAIN
#include "promises.h"
static char *null(int x) { (void)x; return 0; }
static int any(const char *p) { return p ? 1 : 0; }
static int same(int x) { return x; }
static int more(int x) { return x + 1; }
static void nothing(int x) { (void)x; }
DEFINE_STATIC_CALL(pointer, null);
DEFINE_STATIC_CALL(taker, any);
DEFINE_STATIC_CALL(number, same);
DEFINE_STATIC_CALL(reader, same);
DEFINE_STATIC_CALL(ender, nothing);
void change(void)
{
	static_call_update(number, more);
	static_call_update(reader, more);
}
int main(int argc, char **argv)
{
	(void)argv;
	see(argc > 1 ? "" : 0);
	return 0;
}
END2
# promises OPTION...: which attributes the caller believed
promises()
{
	"${cc[@]}" "${include[@]}" "-I$work" -O2 "$@" ${hook:+"$hook"} \
		-o "$work/program" "$work/caller.c" "$work/targets.c" \
		"${library[@]}" && "${emulator[@]}" "$work/program"
}
believes() # EXPECTED OPTION...
{
	diff <(printf '%s\n' $1) <(promises "${@:2}" | tr ' ' =)
}
check 'a call declared from a plain type has no attribute' believes \
	'returns_nonnull=no nonnull=no const=no pure=no' -DPLAIN
# The control, and the table of the manual.
if [ $clang = yes ]; then
	check 'attributes of the function do not travel, as the manual says' \
		believes 'returns_nonnull=no nonnull=no const=no pure=no'
else
	returns=yes
	[ "$backend" != generic ] || returns=no
	check 'attributes of the function travel, as the manual says' believes \
		"returns_nonnull=$returns nonnull=yes const=no pure=no"
fi

# ---- a pointer that was taken from a call ----------------------------------------

# No compiler can warn of it.  What the manual says of it, and of the right way.
cat >"$work/case" <<'END2'
#include <static_call.h>
static int one(int x) { return x + 1; }
static int two(int x) { return x + 2; }
DEFINE_STATIC_CALL(call, one);
int main(void)
{
	int (*taken)(int) = static_call(call), (*asked)(int);

	if (taken(1) != 2 || static_call_update(call, two))
		return 1;
	asked = static_call_query(call);
	return asked != two || asked(1) != 3 || taken(1) != FOLLOWS;
}
END2
follows=3
[ "$backend" != generic ] || follows=2
check 'a pointer that was taken from a call' run c -O2 -DFOLLOWS=$follows

# ---- trampolines in asm -----------------------------------------------------

cat >"$work/case" <<'END2'
#include <static_call.h>
static int calls;
static void count(void) { calls++; }
DEFINE_STATIC_CALL(counted, count);
int main(void)
{
	__STATIC_CALL_MOD_ADDRESSABLE(counted);
	__asm__ volatile("sub $136, %%rsp; call " STATIC_CALL_TRAMP_STR(counted)
			 "; add $136, %%rsp"
			 : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9",
			 "r10", "r11", "memory", "cc");
	return calls != 1;
}
END2
case $backend,$machine in
generic,x86_64)
	check_fails 'asm that calls a trampoline does not link' \
		'undefined.*__SCT__counted' run c
	;;
*,x86_64)
	check 'asm that calls a trampoline' run c -O0
	check 'optimised, too' run c -O2
	;;
esac

finish
