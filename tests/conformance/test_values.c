/* SPDX-License-Identifier: MIT */
/*
 * test_values.c - arguments and results of every kind pass through a static
 * call as they pass through a plain one.
 */
#include <complex.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "suite.h"

struct one_char { char c; };
struct two_ints { int a, b; };
struct three_longs { long a, b, c; };		/* by hidden pointer */
struct two_longs { long a, b; };		/* two integer registers */
struct two_doubles { double a, b; };		/* two vector registers */
struct two_floats { float a, b; };
struct mixed { long a; double b; };		/* one of each */
struct odd_size { char c[13]; };
struct large { char c[300]; };
struct nested { struct two_ints i; struct two_floats f; };
struct flags { unsigned a : 3, b : 11, c : 18; };
union either { long l; double d; };
enum colour { RED, GREEN = 1000, BLUE = -5 };
typedef int (*int_fn)(int);
typedef float four_floats __attribute__((vector_size(16)));
typedef long two_long_vec __attribute__((vector_size(16)));

static NOINLINE int negate(int x)
{
	return -x;
}

static NOINLINE int invert(int x)
{
	return ~x;
}

static int after_count;

/*
 * On i386 a result in memory cannot be that of a NULL call: the caller expects
 * that the callee takes its address off the stack.
 */
#define NULLED(kind)							\
	ck_assert_int_eq(static_call_update(pick_##kind, NULL), 0);	\
	static_call_cond(pick_##kind)(11, a, b, 2.5);			\
	ck_assert_int_eq(after_count, 2)
#ifdef __i386__
#define NULLED_IN_MEMORY(kind)
#else
#define NULLED_IN_MEMORY(kind)	NULLED(kind)
#endif

/*
 * For each kind: two functions that return one of two values out of the middle
 * of an argument list, so that a value travels in both directions and its
 * neighbours would show a shift.
 */
#define KIND(kind, T, A, B, when_null)				\
static NOINLINE T first_##kind(int before, T a, T b, double after)	\
{									\
	(void)b;							\
	after_count += before == 11 && after == 2.5;			\
	return a;							\
}									\
static NOINLINE T second_##kind(int before, T a, T b, double after)	\
{									\
	(void)a;							\
	after_count += before == 11 && after == 2.5;			\
	return b;							\
}									\
DEFINE_STATIC_CALL(pick_##kind, first_##kind);				\
START_TEST(test_##kind)							\
{									\
	T a = A;							\
	T b = B;							\
	T r;								\
									\
	after_count = 0;						\
	ck_assert_int_eq(static_call_update(pick_##kind,		\
					    first_##kind), 0);		\
	r = static_call(pick_##kind)(11, a, b, 2.5);			\
	ck_assert(same_##kind(r, a) && !same_##kind(r, b));		\
	ck_assert_int_eq(static_call_update(pick_##kind,		\
					    second_##kind), 0);		\
	r = static_call(pick_##kind)(11, a, b, 2.5);			\
	ck_assert(same_##kind(r, b) && !same_##kind(r, a));		\
	when_null(kind);						\
	ck_assert_int_eq(static_call_update(pick_##kind,		\
					    first_##kind), 0);		\
	r = static_call_mod(pick_##kind)(11, a, b, 2.5);		\
	ck_assert(same_##kind(r, a));					\
}									\
END_TEST

#define COMPARED(kind, T, A, B, when_null)				\
static bool same_##kind(T x, T y)					\
{									\
	return x == y;							\
}									\
KIND(kind, T, A, B, when_null)
#define SCALAR(kind, T, A, B)	COMPARED(kind, T, A, B, NULLED)

/* Compares all bytes: for types without padding. */
#define BYTES(kind, T, A, B)						\
static bool same_##kind(T x, T y)					\
{									\
	return !memcmp(&x, &y, sizeof(x));				\
}									\
KIND(kind, T, A, B, NULLED_IN_MEMORY)

/* Parentheses, so that the commas stay inside one macro argument. */
#define AS(T, ...) ((T){ __VA_ARGS__ })

SCALAR(truth, bool, true, false)
SCALAR(char, char, 'a', 'b')
SCALAR(signed_char, signed char, SCHAR_MIN, SCHAR_MAX)
SCALAR(unsigned_char, unsigned char, 0, UCHAR_MAX)
SCALAR(short, short, SHRT_MIN, SHRT_MAX)
SCALAR(unsigned_short, unsigned short, 0, USHRT_MAX)
SCALAR(int, int, INT_MIN, INT_MAX)
SCALAR(unsigned_int, unsigned int, 0, UINT_MAX)
SCALAR(long, long, LONG_MIN, LONG_MAX)
SCALAR(unsigned_long, unsigned long, 0, ULONG_MAX)
SCALAR(long_long, long long, LLONG_MIN, LLONG_MAX)
SCALAR(size, size_t, 1, SIZE_MAX)
SCALAR(int8, int8_t, -1, 1)
SCALAR(int64, int64_t, INT64_C(-0x123456789abcdef), INT64_C(0x7fedcba987654321))
SCALAR(enum, enum colour, GREEN, BLUE)
SCALAR(float, float, 1.5f, -0x1p-100f)
SCALAR(double, double, 0x1.fffffffffffffp1023, -0x1p-1000)
SCALAR(long_double, long double, 1.25L, -3.0e300L)
SCALAR(complex_float, float _Complex, 1.0f + 2.0f * I, -4.0f + 0.5f * I)
COMPARED(complex_double, double _Complex, 1.0 + 2.0 * I, -4.0 + 0.5 * I,
	 NULLED_IN_MEMORY)
COMPARED(complex_long_double, long double _Complex, 1.0L + 2.0L * I,
	 -4.0L + 0.5L * I, NULLED_IN_MEMORY)
SCALAR(pointer, const void *, &after_count, NULL)
SCALAR(char_pointer, char *, (char *)&after_count, (char *)&after_count + 1)
SCALAR(function_pointer, int_fn, negate, invert)
#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 wide;
SCALAR(int128, wide,
       ((wide)0x0123456789abcdef << 64) | 5, -((wide)1 << 100))
#endif

BYTES(struct_of_char, struct one_char, AS(struct one_char, 'x'),
      AS(struct one_char, 'y'))
BYTES(struct_of_two_ints, struct two_ints, AS(struct two_ints, 1, 2),
      AS(struct two_ints, 2, 1))
BYTES(struct_of_two_longs, struct two_longs, AS(struct two_longs, 1, 2),
      AS(struct two_longs, 2, 1))
BYTES(struct_of_three_longs, struct three_longs,
      AS(struct three_longs, 1, 2, 3), AS(struct three_longs, 3, 2, 1))
BYTES(struct_of_two_floats, struct two_floats, AS(struct two_floats, 1, 2),
      AS(struct two_floats, 2, 1))
BYTES(struct_of_two_doubles, struct two_doubles, AS(struct two_doubles, 1, 2),
      AS(struct two_doubles, 2, 1))
BYTES(struct_of_long_and_double, struct mixed, AS(struct mixed, 1, 2),
      AS(struct mixed, 2, 1))
BYTES(struct_of_odd_size, struct odd_size,
      AS(struct odd_size, "abcdefghijkl"), AS(struct odd_size, "ABCDEFGHIJKL"))
BYTES(large_struct, struct large, AS(struct large, "large"),
      AS(struct large, "huge"))
BYTES(nested_struct, struct nested, AS(struct nested, { 1, 2 }, { 3, 4 }),
      AS(struct nested, { 4, 3 }, { 2, 1 }))
BYTES(bit_fields, struct flags, AS(struct flags, 5, 1025, 99999),
      AS(struct flags, 2, 3, 4))
BYTES(union, union either, AS(union either, .d = 3.5),
      AS(union either, .l = 77))
BYTES(vector_of_floats, four_floats, AS(four_floats, 1, 2, 3, 4),
      AS(four_floats, 4, 3, 2, 1))
BYTES(vector_of_longs, two_long_vec, AS(two_long_vec, 1, 2),
      AS(two_long_vec, 2, 1))

static NOINLINE long many(int a, long b, char c, short d, unsigned e, void *f,
			  int g, long h, float i, double j, double k, double l,
			  double m, double n, double o, double p, double q,
			  double r, struct three_longs s, signed char t)
{
	if (f != &after_count)
		return -1;
	return a + 2 * b + 3 * c + 4 * d + 5 * (long)e + 6 * g + 7 * h +
	       8 * (long)(i + j + k + l + m + n + o + p + q + r) +
	       9 * (s.a + s.b + s.c) + 10 * t;
}

static NOINLINE long many_less(int a, long b, char c, short d, unsigned e,
			       void *f, int g, long h, float i, double j,
			       double k, double l, double m, double n,
			       double o, double p, double q, double r,
			       struct three_longs s, signed char t)
{
	return many(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s,
		    t) - 1;
}

DEFINE_STATIC_CALL(call_many, many);

static NOINLINE long call_it_with_many(void)
{
	struct three_longs s = { 100, 200, 300 };

	return static_call(call_many)(1, 2, 3, 4, 5, &after_count, 6, 7, 1.0f,
				      2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
				      10.0, s, -4);
}

START_TEST(test_twenty_arguments_in_registers_and_on_the_stack)
{
	struct three_longs s = { 100, 200, 300 };
	long expect = many(1, 2, 3, 4, 5, &after_count, 6, 7, 1.0f, 2.0, 3.0,
			   4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, s, -4);

	ck_assert_int_eq(expect, 5940);
	ck_assert_int_eq(static_call_update(call_many, many), 0);
	ck_assert_int_eq(call_it_with_many(), expect);
	ck_assert_int_eq(static_call_update(call_many, many_less), 0);
	ck_assert_int_eq(call_it_with_many(), expect - 1);
	ck_assert_int_eq(static_call_update(call_many, NULL), 0);
	call_it_with_many();
	ck_assert_int_eq(static_call_update(call_many,
			(void *)&__static_call_return0), 0);
	ck_assert_int_eq(call_it_with_many(), 0);
}
END_TEST

/* "i" int, "l" long, "d" double, "s" string length, "t" struct two_ints */
static NOINLINE double total(const char *what, ...)
{
	struct two_ints t;
	double sum = 0;
	va_list ap;

	va_start(ap, what);
	for (; *what; what++) {
		if (*what == 'i') {
			sum += va_arg(ap, int);
		} else if (*what == 'l') {
			sum += va_arg(ap, long);
		} else if (*what == 'd') {
			sum += va_arg(ap, double);
		} else if (*what == 's') {
			sum += strlen(va_arg(ap, const char *));
		} else {
			t = va_arg(ap, struct two_ints);
			sum += t.a + t.b;
		}
	}
	va_end(ap);
	return sum;
}

static NOINLINE double no_total(const char *what, ...)
{
	return what[0];
}

DEFINE_STATIC_CALL(call_total, total);

START_TEST(test_variable_arguments)
{
	struct two_ints t = { 1000, 2000 };

	ck_assert_int_eq(static_call_update(call_total, total), 0);
	ck_assert_double_eq(static_call(call_total)(""), 0);
	ck_assert_double_eq(static_call(call_total)("idlst", 1, 0.5, 40L,
						    "abc", t), 3044.5);
	ck_assert_double_eq(static_call(call_total)("iiiiiiiiiiii", 1, 2, 3, 4,
			    5, 6, 7, 8, 9, 10, 11, 12), 78);
	ck_assert_double_eq(static_call(call_total)("dddddddddddd", 1., 2., 3.,
			    4., 5., 6., 7., 8., 9., 10., 11., 12.), 78);
	ck_assert_int_eq(static_call_update(call_total, no_total), 0);
	ck_assert_double_eq(static_call(call_total)("A", 1), 'A');
	ck_assert_int_eq(static_call_update(call_total, NULL), 0);
	static_call_cond(call_total)("ddi", 1., 2., 3);
}
END_TEST

static NOINLINE void store(struct large *to, const struct large from)
{
	*to = from;
}

DEFINE_STATIC_CALL(call_store, store);

START_TEST(test_struct_in_memory_is_a_copy)
{
	struct large a = { "original" }, b = { "" };

	static_call(call_store)(&b, a);
	ck_assert_str_eq(b.c, "original");
	static_call(call_store)(&a, b);
	ck_assert(!memcmp(&a, &b, sizeof(a)));
}
END_TEST

#define RET0_KIND(kind, T)						\
static NOINLINE T one_##kind(double a, struct three_longs b, T c)	\
{									\
	(void)a;							\
	(void)b;							\
	return c;							\
}									\
DEFINE_STATIC_CALL_RET0(zero_##kind, one_##kind);			\
START_TEST(test_ret0_of_##kind)						\
{									\
	struct three_longs s = { 1, 2, 3 };				\
	T one = (T)1;							\
									\
	ck_assert_int_eq(static_call_update(zero_##kind,		\
					    one_##kind), 0);		\
	ck_assert(static_call(zero_##kind)(1.5, s, one) == one);	\
	ck_assert_int_eq(static_call_update(zero_##kind,		\
			(void *)&__static_call_return0), 0);		\
	ck_assert(static_call(zero_##kind)(1.5, s, one) == (T)0);	\
	ck_assert(static_call_mod(zero_##kind)(1.5, s, one) == (T)0);	\
}									\
END_TEST

RET0_KIND(truth, bool)
RET0_KIND(char, char)
RET0_KIND(short, short)
RET0_KIND(int, int)
RET0_KIND(unsigned, unsigned int)
RET0_KIND(long, long)
RET0_KIND(pointer, void *)
RET0_KIND(enum, enum colour)
RET0_KIND(function_pointer, int_fn)

static void add_scalars(TCase *tc)
{
	tcase_add_test(tc, test_truth);
	tcase_add_test(tc, test_char);
	tcase_add_test(tc, test_signed_char);
	tcase_add_test(tc, test_unsigned_char);
	tcase_add_test(tc, test_short);
	tcase_add_test(tc, test_unsigned_short);
	tcase_add_test(tc, test_int);
	tcase_add_test(tc, test_unsigned_int);
	tcase_add_test(tc, test_long);
	tcase_add_test(tc, test_unsigned_long);
	tcase_add_test(tc, test_long_long);
	tcase_add_test(tc, test_size);
	tcase_add_test(tc, test_int8);
	tcase_add_test(tc, test_int64);
	tcase_add_test(tc, test_enum);
	tcase_add_test(tc, test_float);
	tcase_add_test(tc, test_double);
	tcase_add_test(tc, test_long_double);
	tcase_add_test(tc, test_complex_float);
	tcase_add_test(tc, test_complex_double);
	tcase_add_test(tc, test_complex_long_double);
	tcase_add_test(tc, test_pointer);
	tcase_add_test(tc, test_char_pointer);
	tcase_add_test(tc, test_function_pointer);
#ifdef __SIZEOF_INT128__
	tcase_add_test(tc, test_int128);
#endif
}

static void add_aggregates(TCase *tc)
{
	tcase_add_test(tc, test_struct_of_char);
	tcase_add_test(tc, test_struct_of_two_ints);
	tcase_add_test(tc, test_struct_of_two_longs);
	tcase_add_test(tc, test_struct_of_three_longs);
	tcase_add_test(tc, test_struct_of_two_floats);
	tcase_add_test(tc, test_struct_of_two_doubles);
	tcase_add_test(tc, test_struct_of_long_and_double);
	tcase_add_test(tc, test_struct_of_odd_size);
	tcase_add_test(tc, test_large_struct);
	tcase_add_test(tc, test_nested_struct);
	tcase_add_test(tc, test_bit_fields);
	tcase_add_test(tc, test_union);
	tcase_add_test(tc, test_vector_of_floats);
	tcase_add_test(tc, test_vector_of_longs);
	tcase_add_test(tc, test_struct_in_memory_is_a_copy);
}

static void add_lists_and_ret0(TCase *tc)
{
	tcase_add_test(tc,
		       test_twenty_arguments_in_registers_and_on_the_stack);
	tcase_add_test(tc, test_variable_arguments);
	tcase_add_test(tc, test_ret0_of_truth);
	tcase_add_test(tc, test_ret0_of_char);
	tcase_add_test(tc, test_ret0_of_short);
	tcase_add_test(tc, test_ret0_of_int);
	tcase_add_test(tc, test_ret0_of_unsigned);
	tcase_add_test(tc, test_ret0_of_long);
	tcase_add_test(tc, test_ret0_of_pointer);
	tcase_add_test(tc, test_ret0_of_enum);
	tcase_add_test(tc, test_ret0_of_function_pointer);
}

int main(void)
{
	TCase *tc = suite_begin("values");

	add_scalars(tc);
	add_aggregates(tc);
	add_lists_and_ret0(tc);
	return suite_end();
}
