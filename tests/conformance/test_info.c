/* SPDX-License-Identifier: MIT */
/* test_info.c - what the library says about itself, its keys and its sites. */
#include <errno.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static NOINLINE int one(int x)
{
	return x + 1;
}

static NOINLINE int two(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(told, one);
DEFINE_STATIC_CALL(without_sites, one);
DEFINE_STATIC_CALL_NULL(told_null, one);

/* Two sites of "told", none a tail call. */
static NOINLINE int call_told(int x)
{
	int a = static_call(told)(x);

	return static_call(told)(a) + a;
}

static struct static_call_info get_info(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	ck_assert_int_eq(static_call_get_info(&info), 0);
	return info;
}

START_TEST(test_backend_is_the_one_of_the_header)
{
	const char *name = getenv("SC_TEST_BACKEND");

#if defined(HAVE_STATIC_CALL_INLINE)
	ck_assert_str_eq(static_call_backend(), "inline");
#elif defined(HAVE_STATIC_CALL)
	ck_assert_str_eq(static_call_backend(), "trampoline");
#else
	ck_assert_str_eq(static_call_backend(), "generic");
#endif
	ck_assert_str_eq(get_info().backend, static_call_backend());
	if (name)
		ck_assert_str_eq(static_call_backend(), name);
}
END_TEST

START_TEST(test_library_is_initialized_before_main)
{
	ck_assert_int_eq(static_call_initialized, 1);
	ck_assert_int_eq(static_call_init(), 0);
	ck_assert_int_eq(static_call_init(), 0);
	ck_assert_int_eq(static_call_initialized, 1);
}
END_TEST

/* A second initialisation changes nothing (kernel bug C14). */
START_TEST(test_second_init_is_idempotent)
{
	struct static_call_info before, after;

	ck_assert_int_eq(static_call_update(told, two), 0);
	before = get_info();
	ck_assert_int_eq(static_call_init(), 0);
	after = get_info();
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
	ck_assert_int_eq(static_call(told)(1), 3);
}
END_TEST

START_TEST(test_info_says_whether_text_is_patched_and_why_not)
{
	struct static_call_info info = get_info();
	const char *off = getenv("STATIC_CALL_PATCH");

	ck_assert_uint_eq(info.size, sizeof(info));
	ck_assert(info.patching == 0 || info.patching == 1);
	if (info.patching)
		ck_assert_ptr_null(info.reason);
	else
		ck_assert_uint_gt(strlen(info.reason), 0);
#ifdef HAVE_STATIC_CALL
	/* In confined.sh the script checks the reason. */
	if (getenv("SC_TEST_CONFINED"))
		return;
	ck_assert_int_eq(info.patching, !(off && !strcmp(off, "0")));
	if (!info.patching)
		ck_assert_ptr_nonnull(strstr(info.reason, "STATIC_CALL_PATCH"));
#else
	(void)off;
	ck_assert_int_eq(info.patching, 0);
#endif
}
END_TEST

START_TEST(test_info_counts)
{
	struct static_call_info info = get_info();

	ck_assert_uint_eq(info.modules, 1);
	ck_assert_uint_eq(info.keys, 3);
	ck_assert_uint_eq(info.sites, info.sites_patched + info.sites_far +
			  info.sites_crossing + info.sites_foreign +
			  info.sites_unsafe + info.sites_waiting);
	ck_assert_uint_eq(info.sites_foreign, 0);
	ck_assert_uint_eq(info.sites_unsafe, 0);
}
END_TEST

START_TEST(test_info_counts_updates)
{
	const struct static_call_change twice[] = {
		STATIC_CALL_CHANGE(told, two),
		STATIC_CALL_CHANGE(told, one),
	};
	const struct static_call_change both[] = {
		STATIC_CALL_CHANGE(told, two),
		STATIC_CALL_CHANGE(without_sites, two),
	};
	struct static_call_info before = get_info(), after;

	ck_assert_int_eq(static_call_update(told, two), 0);
	ck_assert_int_eq(static_call_update_batch(both, 2), 0);
	ck_assert_int_eq(static_call_update_batch(twice, 2), -EINVAL);
	after = get_info();
	ck_assert_uint_eq(after.updates, before.updates + 2);
	ck_assert_uint_eq(after.updates_refused, before.updates_refused + 1);
	ck_assert_uint_eq(after.copies_dropped, 0);
	ck_assert_uint_eq(after.sites_given_up, 0);
}
END_TEST

/* An older program knows a shorter structure; a newer one a longer. */
START_TEST(test_info_fills_no_more_than_its_size)
{
	size_t n, full = sizeof(struct static_call_info);
	struct static_call_info all = get_info();
	union {
		struct static_call_info info;
		unsigned char byte[2 * sizeof(struct static_call_info)];
	} u;
	size_t i;

	for (n = offsetof(struct static_call_info, reason); n <= full; n += 8) {
		memset(&u, 0x5a, sizeof(u));
		u.info.size = n;
		ck_assert_int_eq(static_call_get_info(&u.info), 0);
		ck_assert_int_eq(u.info.patching, all.patching);
		for (i = n; i < sizeof(u); i++)
			ck_assert_uint_eq(u.byte[i], 0x5a);
	}
	memset(&u, 0x5a, sizeof(u));
	u.info.size = sizeof(u);
	ck_assert_int_eq(static_call_get_info(&u.info), 0);
	ck_assert_uint_le(u.info.size, sizeof(u));
	ck_assert_uint_eq(u.info.sites, all.sites);
	ck_assert_uint_eq(u.info.sites_waiting, all.sites_waiting);
}
END_TEST

START_TEST(test_info_refuses_impossible_sizes)
{
	struct static_call_info info;
	size_t n;

	ck_assert_int_eq(static_call_get_info(NULL), -EINVAL);
	for (n = 0; n < offsetof(struct static_call_info, patching); n++) {
		memset(&info, 0x5a, sizeof(info));
		info.size = n;
		ck_assert_int_eq(static_call_get_info(&info), -EINVAL);
		ck_assert_int_eq(info.patching, 0x5a5a5a5a);
	}
}
END_TEST

struct seen {
	unsigned int told, told_null, without_sites, all;
	struct static_call_key_info info;
};

static int see_key(const struct static_call_key_info *k, void *arg)
{
	struct seen *seen = arg;

	ck_assert_uint_eq(k->size, sizeof(*k));
	ck_assert_uint_le(k->sites_patched, k->sites);
	ck_assert_ptr_eq(k->func, __static_call_query(k->key));
	seen->all++;
	if (!strcmp(k->name, "told")) {
		seen->told++;
		seen->info = *k;
	}
	seen->told_null += !strcmp(k->name, "told_null") && !k->func;
	seen->without_sites += !strcmp(k->name, "without_sites");
	return 0;
}

START_TEST(test_each_key_is_reported_once)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(static_call_update(told, two), 0);
	ck_assert_int_eq(static_call_for_each_key(see_key, &seen), 0);
	ck_assert_uint_eq(seen.told, 1);
	ck_assert_uint_eq(seen.told_null, 1);
	ck_assert_uint_eq(seen.without_sites, 1);
	ck_assert_uint_eq(seen.all, get_info().keys);
	ck_assert_ptr_eq(seen.info.key, &STATIC_CALL_KEY(told));
	ck_assert_ptr_eq(seen.info.func, (void *)two);
#if defined(HAVE_STATIC_CALL_INLINE)
	ck_assert_uint_ge(seen.info.sites, 2);
#elif defined(HAVE_STATIC_CALL)
	ck_assert_uint_eq(seen.info.sites, 1);
#else
	ck_assert_uint_eq(seen.info.sites, 0);
#endif
	ck_assert_int_eq(call_told(1), 8);
}
END_TEST

static int stop_at_once(const struct static_call_key_info *k, void *arg)
{
	(void)k;
	return ++*(int *)arg;
}

static int stop_at_site(const struct static_call_site_info *s, void *arg)
{
	(void)s;
	++*(int *)arg;
	return -1234;
}

START_TEST(test_walk_ends_at_a_result_and_returns_it)
{
	int keys = 0, sites = 0, result;

	ck_assert_int_eq(static_call_for_each_key(stop_at_once, &keys), 1);
	ck_assert_int_eq(keys, 1);
	keys = -5;
	ck_assert_int_eq(static_call_for_each_key(stop_at_once, &keys), -4);
	result = static_call_for_each_site(stop_at_site, &sites);
#ifdef HAVE_STATIC_CALL
	ck_assert_int_eq(sites, 1);
	ck_assert_int_eq(result, -1234);
#else
	ck_assert_int_eq(sites, 0);
	ck_assert_int_eq(result, 0);
#endif
}
END_TEST

static jmp_buf out_of_walk;

static int nested(const struct static_call_key_info *k, void *arg)
{
	(void)k;
	++*(int *)arg;
	return 0;
}

static int jump_from_key(const struct static_call_key_info *k, void *arg)
{
	(void)k;
	(void)arg;
	longjmp(out_of_walk, 1);
}

static int jump_from_site(const struct static_call_site_info *s, void *arg)
{
	(void)s;
	(void)arg;
	longjmp(out_of_walk, 1);
}

static long mapped_pages(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!statm)
		return 0;
	ck_assert_int_eq(fscanf(statm, "%ld", &pages), 1);
	fclose(statm);
	return pages;
}

/* A walk holds no lock and no memory. */
START_TEST(test_walk_may_be_left_by_longjmp)
{
	long before = mapped_pages();
	volatile int i;
	int keys = 0;

	for (i = 0; i < 1000; i++)
		if (!setjmp(out_of_walk)) {
			static_call_for_each_key(jump_from_key, NULL);
			ck_abort_msg("no key is known");
		}
	for (i = 0; i < 1000; i++)
		if (!setjmp(out_of_walk) &&
		    !static_call_for_each_site(jump_from_site, NULL))
			break;
	/* the C library and valgrind may have mapped some */
	ck_assert_int_lt(mapped_pages() - before, 1000);
	ck_assert_int_eq(static_call_update(told, two), 0);
	ck_assert_int_eq(static_call_for_each_key(nested, &keys), 0);
	ck_assert_int_eq(keys, 3);
}
END_TEST

START_TEST(test_find_gives_the_key_of_a_name)
{
	ck_assert_ptr_eq(static_call_find("told"), &STATIC_CALL_KEY(told));
	ck_assert_ptr_eq(static_call_find("told_null"),
			 &STATIC_CALL_KEY(told_null));
	ck_assert_ptr_null(static_call_find("tol"));
	ck_assert_ptr_null(static_call_find("untold"));
	ck_assert_ptr_null(static_call_find(NULL));
	ck_assert_int_eq(__static_call_update(static_call_find("told"), NULL,
					      (void *)two), 0);
	ck_assert_int_eq(static_call(told)(1), 3);
}
END_TEST

START_TEST(test_walk_without_a_function_is_refused)
{
	ck_assert_int_eq(static_call_for_each_key(NULL, NULL), -EINVAL);
	ck_assert_int_eq(static_call_for_each_site(NULL, NULL), -EINVAL);
}
END_TEST

static int update_key(const struct static_call_key_info *k, void *arg)
{
	int inner = 0;

	(void)arg;
	ck_assert_int_eq(__static_call_update(k->key, NULL, (void *)two), 0);
	ck_assert_int_eq(static_call_for_each_key(nested, &inner), 0);
	ck_assert_int_eq(inner, 3);
	return 0;
}

static int update_at_site(const struct static_call_site_info *s, void *arg)
{
	(void)arg;
	ck_assert_int_eq(__static_call_update(s->key, NULL, (void *)one), 0);
	return 0;
}

START_TEST(test_callbacks_may_update_and_walk)
{
	ck_assert_int_eq(static_call_update(told, one), 0);
	ck_assert_int_eq(static_call_for_each_key(update_key, NULL), 0);
	ck_assert_int_eq(static_call(told)(0), 2);
	ck_assert_int_eq(static_call(told_null)(0), 2);
	ck_assert_int_eq(static_call_for_each_site(update_at_site, NULL), 0);
#ifdef HAVE_STATIC_CALL
	ck_assert_int_eq(static_call(told)(0), 1);
#endif
	ck_assert_int_eq(static_call_update(told_null, NULL), 0);
}
END_TEST

static int check_site(const struct static_call_site_info *s, void *arg)
{
	const char *p = s->addr;
	size_t *n = arg;
	int reserved = text_is_patched();

	ck_assert_uint_eq(s->size, sizeof(*s));
	ck_assert_uint_ge(s->len, 5);
	ck_assert_uint_le(s->len, 7);
	ck_assert_ptr_nonnull(s->key);
	*n += !strcmp(s->name, "told");
	/* text that is never written is not reserved; another site may be near */
	if (s->state == STATIC_CALL_SITE_CROSSING) {
		ck_assert_int_eq(static_call_text_reserved(p, p + s->len - 1),
				 0);
		return 0;
	}
	ck_assert_int_eq(static_call_text_reserved(p, p), reserved);
	/* the end is part of the range, as in the kernel */
	ck_assert_int_eq(static_call_text_reserved(p - 9, p), reserved);
	ck_assert_int_eq(static_call_text_reserved(p + s->len - 1, p + 99),
			 reserved);
	ck_assert_int_eq(static_call_text_reserved(p - 99, p + 99), reserved);
	return 0;
}

START_TEST(test_sites_are_reserved_text)
{
	size_t n = 0;

	ck_assert_int_eq(static_call_for_each_site(check_site, &n), 0);
#if defined(HAVE_STATIC_CALL_INLINE)
	ck_assert_uint_ge(n, 2);
#elif defined(HAVE_STATIC_CALL)
	ck_assert_uint_eq(n, 1);
#endif
}
END_TEST

static int lowest_site(const struct static_call_site_info *s, void *arg)
{
	uintptr_t *low = arg;

	if (!*low || (uintptr_t)s->addr < *low)
		*low = (uintptr_t)s->addr;
	return 0;
}

START_TEST(test_other_text_is_not_reserved)
{
	uintptr_t p = (uintptr_t)one;
	uintptr_t low = 0;

	ck_assert_int_eq(static_call_text_reserved((void *)p, (void *)p), 0);
	ck_assert_int_eq(static_call_text_reserved(NULL, NULL), 0);
	ck_assert_int_eq(static_call_text_reserved((void *)p,
						   (void *)(p - 1)), -EINVAL);
	ck_assert_int_eq(static_call_for_each_site(lowest_site, &low), 0);
	if (low)
		ck_assert_int_eq(static_call_text_reserved(
				(void *)(low - 64), (void *)(low - 1)), 0);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("info");

	tcase_add_test(tc, test_backend_is_the_one_of_the_header);
	tcase_add_test(tc, test_library_is_initialized_before_main);
	tcase_add_test(tc, test_second_init_is_idempotent);
	tcase_add_test(tc, test_info_says_whether_text_is_patched_and_why_not);
	tcase_add_test(tc, test_info_counts);
	tcase_add_test(tc, test_info_counts_updates);
	tcase_add_test(tc, test_info_fills_no_more_than_its_size);
	tcase_add_test(tc, test_info_refuses_impossible_sizes);
	tcase_add_test(tc, test_each_key_is_reported_once);
	tcase_add_test(tc, test_walk_ends_at_a_result_and_returns_it);
	tcase_add_test(tc, test_walk_may_be_left_by_longjmp);
	tcase_add_test(tc, test_find_gives_the_key_of_a_name);
	tcase_add_test(tc, test_walk_without_a_function_is_refused);
	tcase_add_test(tc, test_callbacks_may_update_and_walk);
	tcase_add_test(tc, test_sites_are_reserved_text);
	tcase_add_test(tc, test_other_text_is_not_reserved);
	return suite_end();
}
