/* SPDX-License-Identifier: MIT */
/* test_many.c - 200 keys and over 800 sites in several translation units. */
#include <stddef.h>
#include <stdlib.h>

#include "many.h"
#include "suite.h"

NOINLINE int many_default(int x)
{
	return x;
}

NOINLINE int many_other(int x)
{
	return x + 1000;
}

#define CHANGE_DEFAULT(i)	STATIC_CALL_CHANGE(many_##i, many_default),
#define CHANGE_OTHER(i)		STATIC_CALL_CHANGE(many_##i, many_other),

static void update_all(int other)
{
	const struct static_call_change to_default[] = { MANY(CHANGE_DEFAULT) };
	const struct static_call_change to_other[] = { MANY(CHANGE_OTHER) };

	ck_assert_int_eq(static_call_update_batch(other ? to_other : to_default,
						  MANY_KEYS), 0);
}

static void check_sums(int x, long expect)
{
	ck_assert_int_eq(many_sum_here(x), expect);
	ck_assert_int_eq(many_sum_there(x), expect);
	ck_assert_int_eq(many_sum_twice(x), 2 * expect);
}

START_TEST(test_all_keys_in_one_batch)
{
	update_all(0);
	check_sums(3, 600);
	update_all(1);
	check_sums(3, 600 + 200000);
	update_all(0);
	check_sums(4, 800);
}
END_TEST

/* Addresses out of order, and more than 256 places in one batch (row P6). */
START_TEST(test_batch_in_reverse_order_mixed_with_single_updates)
{
	struct static_call_change change[] = { MANY(CHANGE_OTHER) }, c;
	size_t i;

	update_all(0);
	for (i = 0; i < MANY_KEYS / 2; i++) {
		c = change[i];
		change[i] = change[MANY_KEYS - 1 - i];
		change[MANY_KEYS - 1 - i] = c;
	}
	ck_assert_int_eq(static_call_update(many_150, many_other), 0);
	ck_assert_int_eq(static_call_update_batch(change, MANY_KEYS), 0);
	check_sums(1, 200 + 200000);
	ck_assert_int_eq(static_call_update(many_050, many_default), 0);
	check_sums(1, 200 + 199000);
	/* after the turn, the second half holds keys 099 ... 000 */
	ck_assert_int_eq(static_call_update_batch(change + 100, 100), 0);
	check_sums(1, 200 + 200000);
}
END_TEST

#define UPDATE_OTHER(i)							\
	ck_assert_int_eq(static_call_update(many_##i, many_other), 0);	\
	done++;								\
	ck_assert_int_eq(static_call(many_##i)(1), 1001);

START_TEST(test_each_key_alone_changes_its_own_sites)
{
	int done = 0;

	update_all(0);
	MANY_FIRST_HALF(UPDATE_OTHER)
	ck_assert_int_eq(done, 100);
	check_sums(0, 100 * 1000);
	MANY_SECOND_HALF(UPDATE_OTHER)
	check_sums(0, 200 * 1000);
}
END_TEST

START_TEST(test_one_key_leaves_all_others_alone)
{
	update_all(0);
	check_sums(1, 200);
	ck_assert_int_eq(static_call_update(many_123, many_other), 0);
	check_sums(1, 1200);
	ck_assert_int_eq(static_call_update(many_123, NULL), 0);
	ck_assert_int_eq(static_call_update(many_123,
			(void *)&__static_call_return0), 0);
	check_sums(1, 199);
	ck_assert_int_eq(static_call_update(many_123, many_default), 0);
	check_sums(1, 200);
}
END_TEST

START_TEST(test_inline_function_has_a_site_in_each_file)
{
	update_all(0);
	ck_assert_int_eq(many_inline(1), 2);
	ck_assert_int_eq(many_inline_there(1), 2);
	ck_assert_int_eq(static_call_update(many_199, many_other), 0);
	ck_assert_int_eq(many_inline(1), 1002);
	ck_assert_int_eq(many_inline_there(1), 1002);
}
END_TEST

static int count_many(const struct static_call_key_info *k, void *arg)
{
	size_t *sum = arg;

	if (k->name[0] == 'm' && k->name[1] == 'a' && k->name[2] == 'n') {
		sum[0]++;
		sum[1] += k->sites;
		sum[2] += k->sites_patched;
	}
	return 0;
}

START_TEST(test_every_site_is_known)
{
	size_t sum[3] = { 0, 0, 0 };

	ck_assert_int_eq(static_call_for_each_key(count_many, sum), 0);
	ck_assert_uint_eq(sum[0], MANY_KEYS);
#if defined(HAVE_STATIC_CALL_INLINE)
	/* each of 200: here, there, twice there, and the updates' own */
	ck_assert_uint_ge(sum[1], 4 * MANY_KEYS + MANY_KEYS);
#elif defined(HAVE_STATIC_CALL)
	ck_assert_uint_eq(sum[1], MANY_KEYS);
#else
	ck_assert_uint_eq(sum[1], 0);
#endif
	/* a few sites in a thousand may cross a page boundary */
	if (getenv("SC_TEST_CONFINED"))
		ck_assert_uint_le(sum[2], sum[1]);
	else if (text_is_patched())
		ck_assert_uint_ge(sum[2] + sum[1] / 50, sum[1]);
	else
		ck_assert_uint_eq(sum[2], 0);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("many");

	tcase_add_test(tc, test_all_keys_in_one_batch);
	tcase_add_test(tc,
		test_batch_in_reverse_order_mixed_with_single_updates);
	tcase_add_test(tc, test_each_key_alone_changes_its_own_sites);
	tcase_add_test(tc, test_one_key_leaves_all_others_alone);
	tcase_add_test(tc, test_inline_function_has_a_site_in_each_file);
	tcase_add_test(tc, test_every_site_is_known);
	return suite_end();
}
