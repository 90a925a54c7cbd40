/* SPDX-License-Identifier: MIT */
/*
 * test_dso.c - static calls of a shared library, used and updated by the
 * program, and what is not exported.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dso.h"
#include "suite.h"

NOINLINE int program_one(int x)
{
	return x + 1000;
}

static NOINLINE int program_two(int x)
{
	return x + 2000;
}

/* The library has another key of this name. */
DEFINE_STATIC_CALL(private_call, program_one);

NOINLINE int tail_calls_dso(int x);
NOINLINE int tail_calls_dso(int x)
{
	return static_call(dso_open)(x);
}

static void reset(void)
{
	ck_assert_int_eq(dso_updates_open(dso_one), 0);
	ck_assert_int_eq(dso_updates_tramp(dso_one), 0);
}

START_TEST(test_program_calls_what_the_library_exports)
{
	reset();
	ck_assert_int_eq(static_call(dso_open)(1), 2);
	ck_assert_int_eq(static_call(dso_open_gpl)(1), 3);
	ck_assert_int_eq(static_call(dso_tramp)(1), 2);
	ck_assert_int_eq(static_call_mod(dso_tramp)(1), 2);
	ck_assert_int_eq(static_call(dso_tramp_gpl)(1), 3);
	ck_assert(static_call_query(dso_open) == dso_one);
}
END_TEST

START_TEST(test_update_by_the_program_is_seen_in_the_library)
{
	reset();
	ck_assert_int_eq(static_call_update(dso_open, program_two), 0);
	ck_assert_int_eq(static_call(dso_open)(1), 2001);
	ck_assert_int_eq(tail_calls_dso(1), 2001);
	ck_assert_int_eq(dso_calls_open(1), 2001);
	ck_assert_int_eq(dso_tail_calls_open(1), 2001);
	sites_match_their_keys();
	ck_assert_int_eq(static_call_update(dso_open, dso_two), 0);
	ck_assert_int_eq(static_call(dso_open)(1), 3);
	ck_assert_int_eq(dso_calls_open(1), 3);
	ck_assert_int_eq(dso_tail_calls_open(1), 3);
	ck_assert_int_eq(static_call_update(dso_open_gpl, dso_one), 0);
	ck_assert_int_eq(static_call(dso_open_gpl)(1), 2);
	ck_assert_int_eq(static_call_update(dso_open_gpl, dso_two), 0);
}
END_TEST

START_TEST(test_update_by_the_library_is_seen_in_the_program)
{
	reset();
	ck_assert_int_eq(dso_updates_open(dso_two), 0);
	ck_assert_int_eq(static_call(dso_open)(1), 3);
	ck_assert(static_call_query(dso_open) == dso_two);
	ck_assert_int_eq(dso_updates_tramp(dso_two), 0);
	ck_assert_int_eq(static_call(dso_tramp)(1), 3);
	ck_assert_int_eq(static_call_mod(dso_tramp)(1), 3);
	ck_assert_int_eq(dso_calls_tramp(1), 3);
	ck_assert_int_eq(dso_updates_tramp(program_two), 0);
	ck_assert_int_eq(static_call(dso_tramp)(1), 2001);
	ck_assert_int_eq(dso_calls_tramp(1), 2001);
}
END_TEST

START_TEST(test_null_and_ret0_across_modules)
{
	reset();
	ck_assert_int_eq(static_call_update(dso_open, NULL), 0);
	(void)static_call(dso_open)(1);
	(void)tail_calls_dso(1);
	(void)dso_calls_open(1);
	(void)dso_tail_calls_open(1);
	sites_match_their_keys();
	ck_assert_int_eq(static_call_update(dso_open,
			(void *)&__static_call_return0), 0);
	ck_assert_int_eq(static_call(dso_open)(1), 0);
	ck_assert_int_eq(tail_calls_dso(1), 0);
	ck_assert_int_eq(dso_calls_open(1), 0);
	ck_assert_int_eq(dso_tail_calls_open(1), 0);
	sites_match_their_keys();
	ck_assert_int_eq(dso_updates_tramp(NULL), 0);
	(void)static_call(dso_tramp)(1);
	ck_assert_int_eq(dso_updates_tramp_to_ret0(), 0);
	ck_assert_int_eq(static_call(dso_tramp)(1), 0);
}
END_TEST

/* An update to it from any module makes a RET0 call (kernel bug C9). */
START_TEST(test_return0_is_one_function_in_all_modules)
{
	ck_assert_ptr_eq(dso_return0(), (void *)&__static_call_return0);
	ck_assert_int_eq(dso_updates_open(dso_return0()), 0);
	ck_assert_ptr_eq((void *)static_call_query(dso_open),
			 (void *)&__static_call_return0);
}
END_TEST

START_TEST(test_batch_over_modules)
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(dso_open, dso_two),
		STATIC_CALL_CHANGE(private_call, program_two),
	};

	reset();
	ck_assert_int_eq(static_call_update_batch(change, 2), 0);
	ck_assert_int_eq(dso_calls_open(1), 3);
	ck_assert_int_eq(static_call(private_call)(1), 2001);
	ck_assert_int_eq(static_call_update(private_call, program_one), 0);
}
END_TEST

START_TEST(test_unexported_calls_of_one_name_are_two)
{
	ck_assert_int_eq(static_call(private_call)(1), 1001);
	ck_assert_int_eq(dso_calls_private(1), 2);
	ck_assert_int_eq(static_call_update(private_call, program_two), 0);
	ck_assert_int_eq(static_call(private_call)(1), 2001);
	ck_assert_int_eq(dso_calls_private(1), 2);
	ck_assert_int_eq(static_call_update(private_call, program_one), 0);
}
END_TEST

/* The generic backend has no code of this name, and so no such symbol. */
#ifdef HAVE_STATIC_CALL
#define TRAMP_SYMBOL(name) "__SCT__" name
#else
#define TRAMP_SYMBOL(name) "__SCT__" name ".target"
#endif

START_TEST(test_only_what_is_exported_is_visible)
{
	ck_assert_ptr_nonnull(dlsym(RTLD_DEFAULT, "__SCK__dso_open"));
	ck_assert_ptr_nonnull(dlsym(RTLD_DEFAULT, TRAMP_SYMBOL("dso_open")));
	ck_assert_ptr_nonnull(dlsym(RTLD_DEFAULT, "__SCK__dso_open_gpl"));
	ck_assert_ptr_nonnull(dlsym(RTLD_DEFAULT, TRAMP_SYMBOL("dso_tramp")));
	ck_assert_ptr_nonnull(dlsym(RTLD_DEFAULT, TRAMP_SYMBOL("dso_tramp_gpl")));
	ck_assert_ptr_null(dlsym(RTLD_DEFAULT, "__SCK__dso_tramp"));
	ck_assert_ptr_null(dlsym(RTLD_DEFAULT, "__SCK__dso_tramp_gpl"));
	ck_assert_ptr_null(dlsym(RTLD_DEFAULT, "__SCK__private_call"));
	ck_assert_ptr_null(dlsym(RTLD_DEFAULT, TRAMP_SYMBOL("private_call")));
}
END_TEST

/*
 * The program and the library are more than 2 GiB apart wherever the system
 * places them as usual: then one of the two cannot hold a direct branch to a
 * target in the other (row C12).
 */
START_TEST(test_target_out_of_reach_goes_through_the_trampoline)
{
	intptr_t apart = (intptr_t)program_two - (intptr_t)dso_place();
	struct static_call_info near = { .size = sizeof(near) }, far = near;
	int i;

	for (i = 0; i < 3; i++) {
		reset();
		ck_assert_int_eq(static_call_get_info(&near), 0);
		ck_assert_int_eq(dso_updates_tramp(program_two), 0);
		ck_assert_int_eq(static_call_update(dso_open, program_two), 0);
		ck_assert_int_eq(static_call_get_info(&far), 0);
		ck_assert_int_eq(dso_calls_tramp(1), 2001);
		ck_assert_int_eq(dso_calls_open(1), 2001);
		ck_assert_int_eq(dso_tail_calls_open(1), 2001);
		ck_assert_int_eq(static_call(dso_tramp)(1), 2001);
		if (far.patching && labs(apart) > 0x90000000L)
			ck_assert_uint_gt(far.sites_far, 0);
		else if (far.patching)
			ck_assert_uint_eq(far.sites_far, 0);
		sites_match_their_keys();
	}
}
END_TEST

static int count_name(const struct static_call_key_info *k, void *arg)
{
	unsigned int *n = arg;

	n[0] += !strcmp(k->name, "private_call");
	n[1] += !strcmp(k->name, "dso_open");
	n[2] += !strcmp(k->name, "dso_tramp");
	return 0;
}

START_TEST(test_both_modules_are_known)
{
	struct static_call_info info = { .size = sizeof(info) };
	unsigned int n[3] = { 0, 0, 0 };

	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.modules, 2);
	ck_assert_uint_eq(info.keys, 6);
	ck_assert_int_eq(static_call_for_each_key(count_name, n), 0);
	ck_assert_uint_eq(n[0], 2);
	ck_assert_uint_eq(n[1], 1);
	ck_assert_uint_eq(n[2], 1);
	/* two keys have this name */
	ck_assert_ptr_null(static_call_find("private_call"));
	ck_assert_ptr_nonnull(static_call_find("dso_open"));
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("dso");

	tcase_add_test(tc, test_program_calls_what_the_library_exports);
	tcase_add_test(tc, test_update_by_the_program_is_seen_in_the_library);
	tcase_add_test(tc, test_update_by_the_library_is_seen_in_the_program);
	tcase_add_test(tc, test_null_and_ret0_across_modules);
	tcase_add_test(tc, test_return0_is_one_function_in_all_modules);
	tcase_add_test(tc, test_batch_over_modules);
	tcase_add_test(tc, test_unexported_calls_of_one_name_are_two);
	tcase_add_test(tc, test_only_what_is_exported_is_visible);
	tcase_add_test(tc,
		test_target_out_of_reach_goes_through_the_trampoline);
	tcase_add_test(tc, test_both_modules_are_known);
	return suite_end();
}
