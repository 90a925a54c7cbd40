/* SPDX-License-Identifier: MIT */
/*
 * test_tail.c - tail calls, conditional tail calls, recursion, and a target
 * that replaces itself.
 */
#include <limits.h>
#include <stddef.h>

#include "suite.h"

static NOINLINE int plus_one(int x)
{
	return x + 1;
}

static NOINLINE int plus_two(int x)
{
	return x + 2;
}

static int noted;

static NOINLINE void note(int x)
{
	noted = x;
}

static NOINLINE void note_negative(int x)
{
	noted = -x;
}

DEFINE_STATIC_CALL(tail_int, plus_one);
DEFINE_STATIC_CALL(tail_void, note);

/*
 * Compilers turn these into jumps (-O2) or conditional jumps (clang -Os); the
 * results are the same whatever they make of them.
 */
NOINLINE int tail(int x);
NOINLINE int tail(int x)
{
	return static_call(tail_int)(x * 2);
}

NOINLINE void tail_without_result(int x);
NOINLINE void tail_without_result(int x)
{
	static_call(tail_void)(x);
}

#define CONDITION(cc, T, COND)						\
NOINLINE void when_##cc(T a, T b, int x);				\
NOINLINE void when_##cc(T a, T b, int x)				\
{									\
	(void)b;							\
	if (COND)							\
		static_call(tail_void)(x);				\
}									\
NOINLINE int value_when_##cc(int x, T a, T b);				\
NOINLINE int value_when_##cc(int x, T a, T b)				\
{									\
	(void)b;							\
	if (COND)							\
		return static_call(tail_int)(x);			\
	return x;							\
}

CONDITION(equal, int, a == b)
CONDITION(not_equal, int, a != b)
CONDITION(less, int, a < b)
CONDITION(less_or_equal, int, a <= b)
CONDITION(greater, int, a > b)
CONDITION(greater_or_equal, int, a >= b)
CONDITION(below, unsigned int, a < b)
CONDITION(below_or_equal, unsigned int, a <= b)
CONDITION(above, unsigned int, a > b)
CONDITION(above_or_equal, unsigned int, a >= b)
CONDITION(negative, int, a < 0)
CONDITION(not_negative, int, a >= 0)
CONDITION(carry, unsigned int, __builtin_add_overflow(a, b, &a))
CONDITION(overflow, int, __builtin_add_overflow(a, b, &a))
CONDITION(no_overflow, int, !__builtin_add_overflow(a, b, &a))
CONDITION(unordered, double, __builtin_isunordered(a, b))
CONDITION(ordered, double, !__builtin_isunordered(a, b))

static void update_both(int (*f)(int), void (*g)(int))
{
	ck_assert_int_eq(static_call_update(tail_int, f), 0);
	ck_assert_int_eq(static_call_update(tail_void, g), 0);
}

START_TEST(test_tail_call_follows_updates)
{
	update_both(plus_one, note);
	ck_assert_int_eq(tail(5), 11);
	tail_without_result(6);
	ck_assert_int_eq(noted, 6);
	update_both(plus_two, note_negative);
	ck_assert_int_eq(tail(5), 12);
	tail_without_result(6);
	ck_assert_int_eq(noted, -6);
}
END_TEST

START_TEST(test_tail_call_of_null_returns)
{
	noted = 0;
	update_both(NULL, NULL);
	(void)tail(5);
	tail_without_result(6);
	ck_assert_int_eq(noted, 0);
	sites_match_their_keys();
	update_both(plus_one, note);
	ck_assert_int_eq(tail(5), 11);
	tail_without_result(6);
	ck_assert_int_eq(noted, 6);
}
END_TEST

START_TEST(test_tail_call_of_ret0_returns_zero)
{
	noted = 0;
	update_both((void *)&__static_call_return0,
		    (void *)&__static_call_return0);
	ck_assert_int_eq(tail(5), 0);
	tail_without_result(6);
	ck_assert_int_eq(noted, 0);
	sites_match_their_keys();
	update_both(plus_two, note);
	ck_assert_int_eq(tail(5), 12);
}
END_TEST

/* Takes the branch and leaves it, in each of the states of the call. */
#define CHECK_CONDITION(cc, TAKEN_A, TAKEN_B, LEFT_A, LEFT_B)		\
	do {								\
		noted = 0;						\
		when_##cc(LEFT_A, LEFT_B, 3);				\
		ck_assert_int_eq(noted, 0);				\
		when_##cc(TAKEN_A, TAKEN_B, 3);				\
		ck_assert_int_eq(noted, expect_noted);			\
		ck_assert_int_eq(value_when_##cc(3, LEFT_A, LEFT_B), 3);\
		if (expect_value >= 0)					\
			ck_assert_int_eq(value_when_##cc(3, TAKEN_A,	\
						TAKEN_B), expect_value);\
		else							\
			(void)value_when_##cc(3, TAKEN_A, TAKEN_B);	\
	} while (0)

static void check_conditions(int expect_noted, int expect_value)
{
	double nan = __builtin_nan("");

	CHECK_CONDITION(equal, 1, 1, 1, 2);
	CHECK_CONDITION(not_equal, 1, 2, 1, 1);
	CHECK_CONDITION(less, -1, 0, 0, -1);
	CHECK_CONDITION(less, INT_MIN, 1, 1, INT_MIN);
	CHECK_CONDITION(less_or_equal, 1, 1, 2, 1);
	CHECK_CONDITION(less_or_equal, INT_MIN, 1, 1, INT_MIN);
	CHECK_CONDITION(greater, 2, 1, 1, 1);
	CHECK_CONDITION(greater, 1, INT_MIN, INT_MIN, 1);
	CHECK_CONDITION(greater_or_equal, 1, 1, 1, 2);
	CHECK_CONDITION(greater_or_equal, 1, INT_MIN, INT_MIN, 1);
	CHECK_CONDITION(below, 1, -1U, -1U, 1);
	CHECK_CONDITION(below_or_equal, 1, 1, -1U, 1);
	CHECK_CONDITION(above, -1U, 1, 1, -1U);
	CHECK_CONDITION(above_or_equal, 1, 1, 1, -1U);
	CHECK_CONDITION(negative, -1, 0, 0, 0);
	CHECK_CONDITION(not_negative, 0, 0, -1, 0);
	CHECK_CONDITION(carry, -1U, 1, 1, 1);
	CHECK_CONDITION(overflow, INT_MAX, 1, 1, 1);
	CHECK_CONDITION(no_overflow, 1, 1, INT_MAX, 1);
	CHECK_CONDITION(unordered, nan, 1, 1, 1);
	CHECK_CONDITION(ordered, 1, 1, 1, nan);
}

START_TEST(test_conditional_tail_calls_keep_their_condition)
{
	update_both(plus_one, note);
	check_conditions(3, 4);
	update_both(plus_two, note_negative);
	check_conditions(-3, 5);
}
END_TEST

START_TEST(test_conditional_tail_calls_of_null)
{
	update_both(NULL, NULL);
	check_conditions(0, -1);
	sites_match_their_keys();
	update_both(plus_two, note_negative);
	check_conditions(-3, 5);
}
END_TEST

START_TEST(test_conditional_tail_calls_of_ret0)
{
	update_both((void *)&__static_call_return0,
		    (void *)&__static_call_return0);
	check_conditions(0, 0);
	sites_match_their_keys();
	update_both(plus_one, note);
	check_conditions(3, 4);
}
END_TEST

static int count_down(int n);
DEFINE_STATIC_CALL(recursive, count_down);
DEFINE_STATIC_CALL(self_replacing, plus_one);

static NOINLINE int count_down(int n)
{
	return n ? static_call(recursive)(n - 1) + 1 : 0;
}

static NOINLINE int count_down_by_two(int n)
{
	return n > 1 ? static_call(recursive)(n - 2) + 1 : 0;
}

START_TEST(test_recursion_through_a_static_call)
{
	ck_assert_int_eq(static_call_update(recursive, count_down), 0);
	ck_assert_int_eq(static_call(recursive)(100), 100);
	ck_assert_int_eq(static_call_update(recursive, count_down_by_two), 0);
	ck_assert_int_eq(static_call(recursive)(100), 50);
}
END_TEST

/* Halfway down the recursion goes on in the other function. */
static NOINLINE int change_halfway(int n)
{
	int err = 0;

	if (n == 50)
		err = static_call_update(recursive, count_down_by_two);
	if (err)
		return -1000;
	return n ? static_call(recursive)(n - 1) + 1 : 0;
}

START_TEST(test_update_in_the_middle_of_a_recursion)
{
	ck_assert_int_eq(static_call_update(recursive, change_halfway), 0);
	/* 51 steps of one, then 49 by two: 24 more */
	ck_assert_int_eq(static_call(recursive)(100), 51 + 24);
	ck_assert_int_eq(static_call_update(recursive, count_down), 0);
}
END_TEST

static NOINLINE int replaces_itself(int x)
{
	int err = static_call_update(self_replacing, plus_two);

	/* still runs here, and the next call runs the other */
	return err ? err : x + 100 + static_call(self_replacing)(0);
}

START_TEST(test_update_from_inside_the_replaced_function)
{
	int i;

	for (i = 0; i < 10; i++) {
		ck_assert_int_eq(static_call_update(self_replacing,
						    replaces_itself), 0);
		ck_assert_int_eq(static_call(self_replacing)(i), i + 102);
		ck_assert_int_eq(static_call(self_replacing)(i), i + 2);
	}
}
END_TEST

static NOINLINE int becomes_null(int x)
{
	return static_call_update(self_replacing, NULL) ? -1 : x;
}

static NOINLINE int becomes_ret0(int x)
{
	return static_call_update(self_replacing,
			(void *)&__static_call_return0) ? -1 : x;
}

START_TEST(test_function_replaces_itself_by_null_and_ret0)
{
	ck_assert_int_eq(static_call_update(self_replacing, becomes_null), 0);
	ck_assert_int_eq(static_call(self_replacing)(7), 7);
	ck_assert(static_call_query(self_replacing) == NULL);
	(void)static_call(self_replacing)(7);
	ck_assert_int_eq(static_call_update(self_replacing, becomes_ret0), 0);
	ck_assert_int_eq(static_call(self_replacing)(7), 7);
	ck_assert_int_eq(static_call(self_replacing)(7), 0);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("tail");

	tcase_add_test(tc, test_tail_call_follows_updates);
	tcase_add_test(tc, test_tail_call_of_null_returns);
	tcase_add_test(tc, test_tail_call_of_ret0_returns_zero);
	tcase_add_test(tc, test_conditional_tail_calls_keep_their_condition);
	tcase_add_test(tc, test_conditional_tail_calls_of_null);
	tcase_add_test(tc, test_conditional_tail_calls_of_ret0);
	tcase_add_test(tc, test_recursion_through_a_static_call);
	tcase_add_test(tc, test_update_in_the_middle_of_a_recursion);
	tcase_add_test(tc, test_update_from_inside_the_replaced_function);
	tcase_add_test(tc, test_function_replaces_itself_by_null_and_ret0);
	return suite_end();
}
