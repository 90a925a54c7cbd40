/* SPDX-License-Identifier: MIT */
/* test_batch.c - several static calls in one transaction, and its errors. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "suite.h"

static NOINLINE int one(void)
{
	return 1;
}

static NOINLINE int two(void)
{
	return 2;
}

static NOINLINE long half(long x)
{
	return x / 2;
}

static NOINLINE long twice(long x)
{
	return x * 2;
}

DEFINE_STATIC_CALL(batch_a, one);
DEFINE_STATIC_CALL(batch_b, one);
DEFINE_STATIC_CALL(batch_c, half);
DEFINE_STATIC_CALL_NULL(batch_d, long (*)(long));

static void reset(void)
{
	ck_assert_int_eq(static_call_update(batch_a, one), 0);
	ck_assert_int_eq(static_call_update(batch_b, one), 0);
	ck_assert_int_eq(static_call_update(batch_c, half), 0);
	ck_assert_int_eq(static_call_update(batch_d, NULL), 0);
}

static void expect_untouched(void)
{
	ck_assert_int_eq(static_call(batch_a)(), 1);
	ck_assert_int_eq(static_call(batch_b)(), 1);
	ck_assert_int_eq(static_call(batch_c)(10), 5);
	ck_assert(static_call_query(batch_a) == one);
	ck_assert(static_call_query(batch_b) == one);
	ck_assert(static_call_query(batch_c) == half);
	ck_assert(static_call_query(batch_d) == NULL);
}

START_TEST(test_batch_changes_all_of_its_keys)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_a, two),
		STATIC_CALL_CHANGE(batch_b, NULL),
		STATIC_CALL_CHANGE(batch_c, (void *)&__static_call_return0),
		STATIC_CALL_CHANGE(batch_d, &twice),
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 4), 0);
	ck_assert_int_eq(static_call(batch_a)(), 2);
	ck_assert(static_call_query(batch_b) == NULL);
	static_call_cond(batch_b)();
	ck_assert_int_eq(static_call(batch_c)(10), 0);
	ck_assert_int_eq(static_call(batch_d)(10), 20);
}
END_TEST

START_TEST(test_batch_of_one)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_c, twice),
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 1), 0);
	ck_assert_int_eq(static_call(batch_c)(10), 20);
	ck_assert_int_eq(static_call(batch_a)(), 1);
}
END_TEST

START_TEST(test_batch_of_none_changes_nothing)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_a, two),
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 0), 0);
	ck_assert_int_eq(static_call_update_batch(NULL, 0), 0);
	expect_untouched();
}
END_TEST

START_TEST(test_batch_reads_only_n_changes)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_a, two),
		STATIC_CALL_CHANGE(batch_c, twice),
		{ NULL, NULL },
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 1), 0);
	ck_assert_int_eq(static_call(batch_a)(), 2);
	ck_assert_int_eq(static_call(batch_c)(10), 5);
	ck_assert_int_eq(static_call_update_batch(change, 2), 0);
	ck_assert_int_eq(static_call(batch_c)(10), 20);
}
END_TEST

/* Whatever the place of the bad change, no other is made. */
START_TEST(test_key_twice_in_a_batch_is_refused)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_b, two),
		STATIC_CALL_CHANGE(batch_a, two),
		STATIC_CALL_CHANGE(batch_c, twice),
		STATIC_CALL_CHANGE(batch_a, one),
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 4), -EINVAL);
	expect_untouched();
	ck_assert_int_eq(static_call_update_batch(change, 3), 0);
	ck_assert_int_eq(static_call(batch_a)(), 2);
}
END_TEST

START_TEST(test_same_change_twice_in_a_batch_is_refused)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_a, one),
		STATIC_CALL_CHANGE(batch_a, one),
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 2), -EINVAL);
	expect_untouched();
}
END_TEST

START_TEST(test_batch_without_a_key_is_refused)
{
	struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_a, two),
		STATIC_CALL_CHANGE(batch_b, two),
		STATIC_CALL_CHANGE(batch_c, twice),
	};
	struct static_call_change bad[3];
	size_t i;

	reset();
	for (i = 0; i < 3; i++) {
		memcpy(bad, change, sizeof(bad));
		bad[i].key = NULL;
		ck_assert_int_eq(static_call_update_batch(bad, 3), -EINVAL);
		expect_untouched();
	}
	ck_assert_int_eq(static_call_update_batch(NULL, 3), -EINVAL);
	expect_untouched();
}
END_TEST

START_TEST(test_update_without_a_key_is_refused)
{
	ck_assert_int_eq(__static_call_update(NULL, NULL, (void *)one),
			 -EINVAL);
	ck_assert_int_eq(__static_call_update(NULL, NULL, NULL), -EINVAL);
}
END_TEST

START_TEST(test_batch_may_mix_changed_and_unchanged_keys)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(batch_a, one),
		STATIC_CALL_CHANGE(batch_b, two),
		STATIC_CALL_CHANGE(batch_d, NULL),
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 3), 0);
	ck_assert_int_eq(static_call(batch_a)(), 1);
	ck_assert_int_eq(static_call(batch_b)(), 2);
	ck_assert_int_eq(static_call(batch_c)(10), 5);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("batch");

	tcase_add_test(tc, test_batch_changes_all_of_its_keys);
	tcase_add_test(tc, test_batch_of_one);
	tcase_add_test(tc, test_batch_of_none_changes_nothing);
	tcase_add_test(tc, test_batch_reads_only_n_changes);
	tcase_add_test(tc, test_key_twice_in_a_batch_is_refused);
	tcase_add_test(tc, test_same_change_twice_in_a_batch_is_refused);
	tcase_add_test(tc, test_batch_without_a_key_is_refused);
	tcase_add_test(tc, test_update_without_a_key_is_refused);
	tcase_add_test(tc, test_batch_may_mix_changed_and_unchanged_keys);
	return suite_end();
}
