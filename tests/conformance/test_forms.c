/* SPDX-License-Identifier: MIT */
/*
 * test_forms.c - every spelling that the macros must accept: the second
 * argument of a definition, the target of an update, and an update as a
 * statement and as an expression.
 */
#include <stdarg.h>
#include <stddef.h>

#include "suite.h"

typedef int binary_fn(int a, int b);
typedef int (*binary_ptr)(int a, int b);

struct ops {
	int (*apply)(int a, int b);
	void (*reset)(void);
	int (*sum)(int n, ...);
	binary_fn *typed;
};

static NOINLINE int add(int a, int b)
{
	return a + b;
}

static NOINLINE int mul(int a, int b)
{
	return a * b;
}

static int resets;

static NOINLINE void reset(void)
{
	resets++;
}

static NOINLINE int sum(int n, ...)
{
	va_list ap;
	int s = 0;

	va_start(ap, n);
	while (n--)
		s += va_arg(ap, int);
	va_end(ap);
	return s;
}

static struct ops ops = { add, reset, sum, add };
static struct ops *ops_ptr = &ops;

DEFINE_STATIC_CALL_NULL(by_function, add);
DEFINE_STATIC_CALL_NULL(by_typedef, binary_fn);
DEFINE_STATIC_CALL_NULL(by_pointer_typedef, binary_ptr);
DEFINE_STATIC_CALL_NULL(by_pointer_type, int (*)(int, int));
DEFINE_STATIC_CALL_NULL(by_member, *ops.apply);
DEFINE_STATIC_CALL_NULL(by_member_pointer, ops.apply);
DEFINE_STATIC_CALL_NULL(by_arrow, *ops_ptr->apply);
DEFINE_STATIC_CALL_NULL(by_typed_member, *ops.typed);
DEFINE_STATIC_CALL_NULL(by_void_member, *ops.reset);
DEFINE_STATIC_CALL_NULL(by_variadic_member, *ops.sum);
DEFINE_STATIC_CALL_RET0(ret0_by_typedef, binary_fn);
DEFINE_STATIC_CALL_RET0(ret0_by_pointer_type, int (*)(int, int));
DEFINE_STATIC_CALL_RET0(ret0_by_member, *ops.apply);
DEFINE_STATIC_CALL(by_definition, add);

/* A declaration before the definition, twice, is as legal as in C. */
DECLARE_STATIC_CALL(declared_first, add);
DECLARE_STATIC_CALL(declared_first, add);
DEFINE_STATIC_CALL(declared_first, mul);

#define NULL_FORM(name)							\
START_TEST(test_null_##name)						\
{									\
	ck_assert(static_call_query(name) == NULL);			\
	ck_assert_int_eq(static_call_update(name, add), 0);		\
	ck_assert_int_eq(static_call(name)(3, 4), 7);			\
	ck_assert_int_eq(static_call_update(name, mul), 0);		\
	ck_assert_int_eq(static_call(name)(3, 4), 12);			\
	ck_assert_int_eq(static_call_update(name, NULL), 0);		\
	static_call_cond(name)(3, 4);					\
}									\
END_TEST

NULL_FORM(by_function)
NULL_FORM(by_typedef)
NULL_FORM(by_pointer_typedef)
NULL_FORM(by_pointer_type)
NULL_FORM(by_member)
NULL_FORM(by_member_pointer)
NULL_FORM(by_arrow)
NULL_FORM(by_typed_member)

START_TEST(test_null_by_void_member)
{
	resets = 0;
	static_call(by_void_member)();
	ck_assert_int_eq(resets, 0);
	ck_assert_int_eq(static_call_update(by_void_member, ops.reset), 0);
	static_call(by_void_member)();
	ck_assert_int_eq(resets, 1);
	ck_assert_int_eq(static_call_update(by_void_member, NULL), 0);
}
END_TEST

START_TEST(test_null_by_variadic_member)
{
	ck_assert_int_eq(static_call_update(by_variadic_member, ops.sum), 0);
	ck_assert_int_eq(static_call(by_variadic_member)(3, 1, 2, 4), 7);
	ck_assert_int_eq(static_call_update(by_variadic_member, NULL), 0);
}
END_TEST

#define RET0_FORM(name)							\
START_TEST(test_##name)							\
{									\
	ck_assert_int_eq(static_call_update(name,			\
			(void *)&__static_call_return0), 0);		\
	ck_assert_int_eq(static_call(name)(3, 4), 0);			\
	ck_assert_int_eq(static_call_update(name, mul), 0);		\
	ck_assert_int_eq(static_call(name)(3, 4), 12);			\
}									\
END_TEST

RET0_FORM(ret0_by_typedef)
RET0_FORM(ret0_by_pointer_type)
RET0_FORM(ret0_by_member)

START_TEST(test_declaration_before_definition)
{
	ck_assert_int_eq(static_call(declared_first)(3, 4), 12);
}
END_TEST

START_TEST(test_update_takes_every_form_of_a_target)
{
	void *untyped = (void *)mul;
	binary_ptr typed = mul;

	static_call_update(by_definition, mul);
	ck_assert(static_call_query(by_definition) == mul);
	static_call_update(by_definition, &add);
	ck_assert(static_call_query(by_definition) == add);
	static_call_update(by_definition, NULL);
	ck_assert(static_call_query(by_definition) == NULL);
	static_call_update(by_definition, untyped);
	ck_assert(static_call_query(by_definition) == mul);
	static_call_update(by_definition, 0);
	ck_assert(static_call_query(by_definition) == NULL);
	static_call_update(by_definition, typed);
	ck_assert(static_call_query(by_definition) == mul);
	static_call_update(by_definition, (void *)add);
	ck_assert(static_call_query(by_definition) == add);
	static_call_update(by_definition, ops.apply);
	ck_assert(static_call_query(by_definition) == add);
	static_call_update(by_definition, *ops_ptr->apply);
	ck_assert(static_call_query(by_definition) == add);
	static_call_update(by_definition, resets < 0 ? add : mul);
	ck_assert_int_eq(static_call(by_definition)(5, 6), 30);
}
END_TEST

static int looked_up;

static NOINLINE binary_ptr look_up(void)
{
	looked_up++;
	return mul;
}

START_TEST(test_update_evaluates_its_target_once)
{
	looked_up = 0;
	ck_assert_int_eq(static_call_update(by_definition, look_up()), 0);
	ck_assert_int_eq(looked_up, 1);
	ck_assert(static_call_query(by_definition) == mul);
}
END_TEST

static NOINLINE int update_twice(int first)
{
	if (first)
		static_call_update(by_definition, mul);
	else
		static_call_update(by_definition, add);
	return first ? static_call_update(by_definition, add) :
		       static_call_update(by_definition, mul);
}

START_TEST(test_update_is_a_statement_and_an_expression)
{
	int err = -1;

	ck_assert_int_eq(update_twice(1), 0);
	ck_assert(static_call_query(by_definition) == add);
	ck_assert_int_eq(update_twice(0), 0);
	ck_assert(static_call_query(by_definition) == mul);

	for (static_call_update(by_definition, add);
	     static_call_query(by_definition) == add;
	     static_call_update(by_definition, mul))
		ck_assert_int_eq(static_call(by_definition)(2, 5), 7);
	if (static_call_update(by_definition, add))
		ck_abort_msg("an update failed");
	while ((err = static_call_update(by_definition, mul)))
		ck_abort_msg("an update failed");
	ck_assert_int_eq(err, 0);
	(void)(static_call_update(by_definition, add), 0);
	ck_assert(static_call_query(by_definition) == add);
}
END_TEST

START_TEST(test_calls_stand_where_expressions_stand)
{
	int x[2] = { 0, 0 };

	static_call_update(by_definition, add);
	x[static_call(by_definition)(0, 1)] = 5;
	ck_assert_int_eq(x[1], 5);
	if (static_call(by_definition)(1, 1) == 2)
		static_call(by_definition)(0, 0);
	else
		ck_abort_msg("a call in a condition");
	ck_assert_int_eq(x[0] ? 0 : static_call(by_definition)(2, 2), 4);
	switch (static_call(by_definition)(2, 1)) {
	case 3:
		break;
	default:
		ck_abort_msg("a call in a switch");
	}
}
END_TEST

START_TEST(test_names_of_key_and_trampoline)
{
	ck_assert_str_eq(STATIC_CALL_KEY_STR(by_definition),
			 "__SCK__by_definition");
	ck_assert_str_eq(STATIC_CALL_TRAMP_STR(by_definition),
			 "__SCT__by_definition");
	ck_assert_ptr_nonnull((void *)&STATIC_CALL_KEY(by_definition));
}
END_TEST

/* Kernel code keeps keys in tables and updates through them. */
START_TEST(test_update_through_a_run_time_key)
{
	struct static_call_key *key = &STATIC_CALL_KEY(by_definition);

	static_call_update(by_definition, add);
	ck_assert_int_eq(__static_call_update(key, NULL, (void *)mul), 0);
	ck_assert_int_eq(static_call(by_definition)(6, 7), 42);
	ck_assert_int_eq(__static_call_update(key, NULL, NULL), 0);
	ck_assert(static_call_query(by_definition) == NULL);
	ck_assert_int_eq(__static_call_update(key, NULL, (void *)add), 0);
	ck_assert_int_eq(static_call(by_definition)(6, 7), 13);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("forms");

	tcase_add_test(tc, test_null_by_function);
	tcase_add_test(tc, test_null_by_typedef);
	tcase_add_test(tc, test_null_by_pointer_typedef);
	tcase_add_test(tc, test_null_by_pointer_type);
	tcase_add_test(tc, test_null_by_member);
	tcase_add_test(tc, test_null_by_member_pointer);
	tcase_add_test(tc, test_null_by_arrow);
	tcase_add_test(tc, test_null_by_typed_member);
	tcase_add_test(tc, test_null_by_void_member);
	tcase_add_test(tc, test_null_by_variadic_member);
	tcase_add_test(tc, test_ret0_by_typedef);
	tcase_add_test(tc, test_ret0_by_pointer_type);
	tcase_add_test(tc, test_ret0_by_member);
	tcase_add_test(tc, test_declaration_before_definition);
	tcase_add_test(tc, test_update_takes_every_form_of_a_target);
	tcase_add_test(tc, test_update_evaluates_its_target_once);
	tcase_add_test(tc, test_update_is_a_statement_and_an_expression);
	tcase_add_test(tc, test_calls_stand_where_expressions_stand);
	tcase_add_test(tc, test_names_of_key_and_trampoline);
	tcase_add_test(tc, test_update_through_a_run_time_key);
	return suite_end();
}
