/* SPDX-License-Identifier: MIT */
/* test_call.c - calling and updating one static call: the plain contract. */
#include <errno.h>
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

static int seen, calls;

static NOINLINE void note(int x)
{
	seen = x;
	calls++;
}

static NOINLINE void note_negative(int x)
{
	seen = -x;
	calls++;
}

static int evaluated;

static NOINLINE int counted(int x)
{
	evaluated++;
	return x;
}

DEFINE_STATIC_CALL(selftest, plus_one);
DEFINE_STATIC_CALL(untouched, plus_two);
DEFINE_STATIC_CALL(noted, note);
DEFINE_STATIC_CALL_NULL(starts_null, note);
DEFINE_STATIC_CALL_NULL(stays_null, note);
DECLARE_STATIC_CALL_NULL(declared_null, void (*)(int));
DEFINE_STATIC_CALL_NULL(null_int, plus_one);
DEFINE_STATIC_CALL_RET0(starts_ret0, plus_one);
DEFINE_STATIC_CALL_RET0(stays_ret0, plus_one);
DEFINE_STATIC_CALL(becomes_ret0, plus_one);

/* What the kernel's own self-test does: one site, {leave, b, a}. */
START_TEST(test_kernel_selftest_sequence)
{
	static const struct {
		int (*func)(int);
		int arg, expect;
	} step[] = {
		{ NULL,     2, 3 },
		{ plus_two, 2, 4 },
		{ plus_one, 2, 3 },
	};
	size_t i;

	ck_assert_int_eq(static_call_update(selftest, plus_one), 0);
	for (i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		if (step[i].func)
			ck_assert_int_eq(static_call_update(selftest,
							    step[i].func), 0);
		ck_assert_int_eq(static_call(selftest)(step[i].arg),
				 step[i].expect);
	}
}
END_TEST

START_TEST(test_definition_names_the_first_target)
{
	ck_assert_int_eq(static_call(untouched)(40), 42);
	ck_assert(static_call_query(untouched) == plus_two);
}
END_TEST

START_TEST(test_update_is_seen_by_the_next_call)
{
	int i;

	for (i = 0; i < 20; i++) {
		ck_assert_int_eq(static_call_update(selftest, plus_two), 0);
		ck_assert_int_eq(static_call(selftest)(i), i + 2);
		ck_assert_int_eq(static_call_update(selftest, plus_one), 0);
		ck_assert_int_eq(static_call(selftest)(i), i + 1);
	}
}
END_TEST

START_TEST(test_update_to_the_same_target_changes_nothing)
{
	int i;

	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(static_call_update(selftest, plus_two), 0);
		ck_assert_int_eq(static_call(selftest)(1), 3);
		ck_assert(static_call_query(selftest) == plus_two);
	}
}
END_TEST

START_TEST(test_null_calls_nothing)
{
	calls = 0;
	static_call(stays_null)(7);
	static_call_cond(stays_null)(7);
	static_call_mod(stays_null)(7);
	static_call(declared_null)(7);
	ck_assert_int_eq(calls, 0);
	ck_assert(static_call_query(stays_null) == NULL);
	ck_assert(static_call_query(declared_null) == NULL);
}
END_TEST

START_TEST(test_null_and_back)
{
	int i;

	for (i = 0; i < 3; i++) {
		calls = 0;
		ck_assert_int_eq(static_call_update(starts_null, NULL), 0);
		static_call(starts_null)(1);
		static_call_cond(starts_null)(1);
		ck_assert_int_eq(calls, 0);
		ck_assert(static_call_query(starts_null) == NULL);

		ck_assert_int_eq(static_call_update(starts_null, note), 0);
		static_call(starts_null)(2);
		ck_assert_int_eq(seen, 2);
		static_call_cond(starts_null)(3);
		ck_assert_int_eq(seen, 3);
		ck_assert_int_eq(calls, 2);
		ck_assert(static_call_query(starts_null) == note);
	}
}
END_TEST

/* The value is indeterminate; the call must come back. */
START_TEST(test_null_with_a_result_does_not_crash)
{
	int i, x = 0;

	for (i = 0; i < 3; i++)
		x |= static_call(null_int)(i) & 0;
	ck_assert_int_eq(x, 0);
	ck_assert_int_eq(static_call_update(null_int, plus_one), 0);
	ck_assert_int_eq(static_call(null_int)(1), 2);
	ck_assert_int_eq(static_call_update(null_int, NULL), 0);
}
END_TEST

START_TEST(test_ret0_gives_zero)
{
	ck_assert_int_eq(static_call(stays_ret0)(41), 0);
	ck_assert_int_eq(static_call_mod(stays_ret0)(41), 0);
	ck_assert(static_call_query(stays_ret0) ==
		  (int (*)(int))(void *)&__static_call_return0);
}
END_TEST

START_TEST(test_ret0_and_back)
{
	int i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(static_call_update(starts_ret0,
				(void *)&__static_call_return0), 0);
		ck_assert_int_eq(static_call(starts_ret0)(1), 0);
		ck_assert_int_eq(static_call_update(starts_ret0, plus_one), 0);
		ck_assert_int_eq(static_call(starts_ret0)(1), 2);
		ck_assert_int_eq(static_call_update(starts_ret0, NULL), 0);
		(void)static_call(starts_ret0)(1);
	}
}
END_TEST

/* Defined as RET0 and updated to it: one state (kernel bug C10). */
START_TEST(test_defined_ret0_is_updated_ret0)
{
	ck_assert_int_eq(static_call_update(becomes_ret0,
			(void *)&__static_call_return0), 0);
	ck_assert_int_eq(static_call(becomes_ret0)(5), 0);
	ck_assert(static_call_query(becomes_ret0) ==
		  static_call_query(stays_ret0));
}
END_TEST

START_TEST(test_return0_can_be_called_as_a_function)
{
	ck_assert_int_eq(__static_call_return0(), 0);
}
END_TEST

START_TEST(test_arguments_are_evaluated_once)
{
	evaluated = 0;
	ck_assert_int_eq(static_call_update(noted, note), 0);
	static_call(noted)(counted(4));
	ck_assert_int_eq(seen, 4);
	static_call_cond(noted)(counted(5));
	ck_assert_int_eq(seen, 5);
	static_call_mod(noted)(counted(6));
	ck_assert_int_eq(seen, 6);
	ck_assert_int_eq(evaluated, 3);
}
END_TEST

START_TEST(test_arguments_are_evaluated_when_null)
{
	evaluated = calls = 0;
	static_call(stays_null)(counted(1));
	static_call_cond(stays_null)(counted(2));
	static_call_mod(stays_null)(counted(3));
	(void)static_call(null_int)(counted(4));
	ck_assert_int_eq(evaluated, 4);
	ck_assert_int_eq(calls, 0);
}
END_TEST

START_TEST(test_arguments_are_evaluated_when_ret0)
{
	evaluated = 0;
	ck_assert_int_eq(static_call(stays_ret0)(counted(1)), 0);
	ck_assert_int_eq(evaluated, 1);
}
END_TEST

START_TEST(test_query_has_the_type_of_the_call)
{
	int (*f)(int);

	ck_assert_int_eq(static_call_update(selftest, plus_two), 0);
	f = static_call_query(selftest);
	ck_assert_int_eq(f(1), 3);
	ck_assert_int_eq(static_call_query(selftest)(2), 4);
}
END_TEST

START_TEST(test_cond_and_mod_follow_updates)
{
	ck_assert_int_eq(static_call_update(noted, note_negative), 0);
	static_call_cond(noted)(8);
	ck_assert_int_eq(seen, -8);
	static_call_mod(noted)(9);
	ck_assert_int_eq(seen, -9);
	ck_assert_int_eq(static_call_update(noted, note), 0);
	static_call_mod(noted)(10);
	ck_assert_int_eq(seen, 10);
}
END_TEST

START_TEST(test_mod_call_keeps_its_result)
{
	ck_assert_int_eq(static_call_update(selftest, plus_two), 0);
	ck_assert_int_eq(static_call_mod(selftest)(10), 12);
	ck_assert_int_eq(static_call_update(selftest, plus_one), 0);
	ck_assert_int_eq(static_call_mod(selftest)(10), 11);
}
END_TEST

START_TEST(test_calls_nest_in_arguments)
{
	ck_assert_int_eq(static_call_update(selftest, plus_one), 0);
	ck_assert_int_eq(static_call(selftest)(static_call(selftest)(
			 static_call(untouched)(0))), 4);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("call");

	tcase_add_test(tc, test_kernel_selftest_sequence);
	tcase_add_test(tc, test_definition_names_the_first_target);
	tcase_add_test(tc, test_update_is_seen_by_the_next_call);
	tcase_add_test(tc, test_update_to_the_same_target_changes_nothing);
	tcase_add_test(tc, test_null_calls_nothing);
	tcase_add_test(tc, test_null_and_back);
	tcase_add_test(tc, test_null_with_a_result_does_not_crash);
	tcase_add_test(tc, test_ret0_gives_zero);
	tcase_add_test(tc, test_ret0_and_back);
	tcase_add_test(tc, test_defined_ret0_is_updated_ret0);
	tcase_add_test(tc, test_return0_can_be_called_as_a_function);
	tcase_add_test(tc, test_arguments_are_evaluated_once);
	tcase_add_test(tc, test_arguments_are_evaluated_when_null);
	tcase_add_test(tc, test_arguments_are_evaluated_when_ret0);
	tcase_add_test(tc, test_query_has_the_type_of_the_call);
	tcase_add_test(tc, test_cond_and_mod_follow_updates);
	tcase_add_test(tc, test_mod_call_keeps_its_result);
	tcase_add_test(tc, test_calls_nest_in_arguments);
	return suite_end();
}
