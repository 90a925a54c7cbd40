/* SPDX-License-Identifier: MIT */
/* test_plugin.c - plugins with static calls, loaded and unloaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

DEFINE_STATIC_CALL(program_call, program_one);
EXPORT_STATIC_CALL(program_call);
DEFINE_STATIC_CALL(program_tramp, program_one);
EXPORT_STATIC_CALL_TRAMP(program_tramp);

static void *load(const char *name)
{
	const char *dir = getenv("SC_TEST_PLUGINS");
	char path[4096];
	void *handle;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".libs", name);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		ck_abort_msg("%s", dlerror());
	return handle;
}

static const struct plugin_ops *ops_of(void *handle)
{
	const struct plugin_ops *ops = dlsym(handle, "plugin_ops");

	ck_assert_ptr_nonnull(ops);
	return ops;
}

static void unload(void *handle)
{
	ck_assert_int_eq(dlclose(handle), 0);
}

static struct static_call_info get_info(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	ck_assert_int_eq(static_call_get_info(&info), 0);
	return info;
}

static void reset(void)
{
	ck_assert_int_eq(static_call_update(program_call, program_one), 0);
	ck_assert_int_eq(static_call_update(program_tramp, program_one), 0);
	ck_assert_int_eq(static_call_update(dso_open, dso_one), 0);
	ck_assert_int_eq(dso_updates_tramp(dso_one), 0);
}

START_TEST(test_plugin_has_calls_of_its_own)
{
	void *handle = load("confplugin.so");
	const struct plugin_ops *ops = ops_of(handle);

	ck_assert_int_eq(*ops->constructed, 1);
	ck_assert_int_eq(ops->call_own(1), 101);
	ck_assert_int_eq(ops->update_own(program_two), 0);
	ck_assert_int_eq(ops->call_own(1), 2001);
	ck_assert_int_eq(ops->update_own(NULL), 0);
	(void)ops->call_own(1);
	ck_assert_int_eq(ops->update_own(ops->target), 0);
	ck_assert_int_eq(ops->call_own(1), 101);
	sites_match_their_keys();
	unload(handle);
}
END_TEST

START_TEST(test_plugin_follows_updates_of_the_program_and_the_library)
{
	void *handle;
	const struct plugin_ops *ops;

	reset();
	handle = load("confplugin.so");
	ops = ops_of(handle);
	ck_assert_int_eq(ops->call_program(1), 1001);
	ck_assert_int_eq(ops->call_program_tramp(1), 1001);
	ck_assert_int_eq(ops->call_dso(1), 2);
	ck_assert_int_eq(ops->call_dso_tramp(1), 2);
	ck_assert_int_eq(static_call_update(program_call, program_two), 0);
	ck_assert_int_eq(static_call_update(program_tramp, program_two), 0);
	ck_assert_int_eq(static_call_update(dso_open, dso_two), 0);
	ck_assert_int_eq(dso_updates_tramp(program_two), 0);
	ck_assert_int_eq(ops->call_program(1), 2001);
	ck_assert_int_eq(ops->call_program_tramp(1), 2001);
	ck_assert_int_eq(ops->call_dso(1), 3);
	ck_assert_int_eq(ops->call_dso_tramp(1), 2001);
	sites_match_their_keys();
	unload(handle);
}
END_TEST

START_TEST(test_plugin_updates_the_program)
{
	void *handle;
	const struct plugin_ops *ops;

	reset();
	handle = load("confplugin.so");
	ops = ops_of(handle);
	ck_assert_int_eq(ops->update_program(ops->target), 0);
	ck_assert_int_eq(static_call(program_call)(1), 101);
	ck_assert_int_eq(ops->call_program(1), 101);
	sites_match_their_keys();
	/* the program must leave no target in the plugin */
	ck_assert_int_eq(ops->update_program(program_two), 0);
	unload(handle);
	ck_assert_int_eq(static_call(program_call)(1), 2001);
}
END_TEST

/* Its first call runs the target that was set before it was loaded. */
START_TEST(test_plugin_comes_up_to_date)
{
	void *handle;
	const struct plugin_ops *ops;

	reset();
	ck_assert_int_eq(static_call_update(program_call, program_two), 0);
	ck_assert_int_eq(static_call_update(dso_open, NULL), 0);
	ck_assert_int_eq(dso_updates_tramp_to_ret0(), 0);
	handle = load("confplugin.so");
	ops = ops_of(handle);
	ck_assert_int_eq(ops->call_program(1), 2001);
	ck_assert_int_eq(ops->call_dso_tramp(1), 0);
	(void)ops->call_dso(1);
	sites_match_their_keys();
	unload(handle);
}
END_TEST

START_TEST(test_counts_go_back_when_a_plugin_goes)
{
	struct static_call_info before, with, after;
	unsigned long i, rounds = suite_rounds(100);
	void *handle;

	reset();
	before = get_info();
	for (i = 0; i < (rounds < 3 ? 3 : rounds); i++) {
		handle = load("confplugin.so");
		with = get_info();
		ck_assert_uint_eq(with.modules, before.modules + 1);
		ck_assert_uint_eq(with.keys, before.keys + 3);
#ifdef HAVE_STATIC_CALL
		ck_assert_uint_ge(with.sites, before.sites + 3);
		if (with.patching)
			ck_assert_uint_gt(with.sites_patched,
					  before.sites_patched);
#endif
		ck_assert_int_eq(ops_of(handle)->call_own(1), 101);
		unload(handle);
		after = get_info();
		ck_assert_uint_eq(after.modules, before.modules);
		ck_assert_uint_eq(after.keys, before.keys);
		ck_assert_uint_eq(after.sites, before.sites);
		ck_assert_uint_eq(after.sites_patched, before.sites_patched);
		ck_assert_int_eq(static_call_update(program_call,
				i & 1 ? program_one : program_two), 0);
	}
}
END_TEST

START_TEST(test_two_plugins_have_calls_of_one_name)
{
	void *a = load("confplugin.so"), *b = load("confplugin2.so");
	const struct plugin_ops *x = ops_of(a), *y = ops_of(b);

	ck_assert_int_eq(x->call_own(1), 101);
	ck_assert_int_eq(y->call_own(1), 201);
	ck_assert_int_eq(x->update_own(program_two), 0);
	ck_assert_int_eq(x->call_own(1), 2001);
	ck_assert_int_eq(y->call_own(1), 201);
	unload(a);
	ck_assert_int_eq(y->call_own(1), 201);
	ck_assert_int_eq(y->update_own(program_two), 0);
	ck_assert_int_eq(y->call_own(1), 2001);
	sites_match_their_keys();
	unload(b);
}
END_TEST

struct range {
	const char *near;
	const char *addr;
};

static int nearest_site(const struct static_call_site_info *s, void *arg)
{
	struct range *r = arg;
	ptrdiff_t d = (const char *)s->addr - r->near;

	if (d > -4096 * 4 && d < 4096 * 4)
		r->addr = s->addr;
	return 0;
}

/* Kernel bug C5: text that is gone was still reported. */
START_TEST(test_text_of_an_unloaded_plugin_is_not_reserved)
{
	void *handle = load("confplugin.so");
	struct range r = { (const char *)(void *)ops_of(handle)->target, NULL };

	ck_assert_int_eq(static_call_for_each_site(nearest_site, &r), 0);
#ifdef HAVE_STATIC_CALL
	ck_assert_ptr_nonnull(r.addr);
	ck_assert_int_eq(static_call_text_reserved(r.addr, r.addr),
			 text_is_patched());
#endif
	unload(handle);
	if (r.addr)
		ck_assert_int_eq(static_call_text_reserved(r.addr, r.addr), 0);
}
END_TEST

/*
 * Other memory may be mapped where the plugin was (kernel bug C2): the library
 * must not write it, nor read it as a site.
 */
START_TEST(test_update_after_unload_leaves_the_place_alone)
{
	void *handle = load("confplugin.so");
	struct range r = { (const char *)(void *)ops_of(handle)->target, NULL };
	unsigned char *page = NULL;
	size_t i;

	ck_assert_int_eq(static_call_for_each_site(nearest_site, &r), 0);
	unload(handle);
	if (r.addr) {
		page = mmap((void *)((uintptr_t)r.addr & -4096ul), 4096,
			    PROT_READ | PROT_WRITE, MAP_PRIVATE |
			    MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		ck_assert_ptr_ne(page, MAP_FAILED);
		memset(page, 0x5a, 4096);
	}
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(static_call_update(program_call,
				i & 1 ? program_one : program_two), 0);
		ck_assert_int_eq(static_call_update(dso_open,
				i & 1 ? dso_one : dso_two), 0);
	}
	for (i = 0; page && i < 4096; i++)
		ck_assert_uint_eq(page[i], 0x5a);
	if (page)
		munmap(page, 4096);
}
END_TEST

/* The program is wrong (kernel bug C13), and can repair it. */
START_TEST(test_target_in_an_unloaded_plugin_can_be_replaced)
{
	void *handle;

	reset();
	handle = load("confplugin.so");
	ck_assert_int_eq(static_call_update(program_call,
					    ops_of(handle)->target), 0);
	ck_assert_int_eq(static_call(program_call)(1), 101);
	unload(handle);
	ck_assert_int_eq(static_call_update(dso_open, dso_two), 0);
	ck_assert_int_eq(static_call_update(program_call, program_two), 0);
	ck_assert_int_eq(static_call(program_call)(1), 2001);
}
END_TEST

static atomic_int stop, wrong;

static void *keep_updating(void *arg)
{
	int i = 0;

	(void)arg;
	while (!atomic_load(&stop)) {
		if (static_call_update(program_call,
				       i++ & 1 ? program_one : program_two) ||
		    static_call_update(dso_open, i & 2 ? dso_one : NULL))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

START_TEST(test_plugins_come_and_go_while_others_update)
{
	unsigned long i, rounds = suite_rounds(100);
	pthread_t t;
	void *handle;
	int r;

	reset();
	atomic_store(&stop, 0);
	atomic_store(&wrong, 0);
	ck_assert_int_eq(pthread_create(&t, NULL, keep_updating, NULL), 0);
	for (i = 0; i < rounds; i++) {
		handle = load(i & 1 ? "confplugin.so" : "confplugin2.so");
		r = ops_of(handle)->call_program(1);
		ck_assert(r == 1001 || r == 2001);
		ck_assert_int_eq(ops_of(handle)->call_own(1),
				 i & 1 ? 101 : 201);
		unload(handle);
	}
	atomic_store(&stop, 1);
	ck_assert_int_eq(pthread_join(t, NULL), 0);
	ck_assert_int_eq(atomic_load(&wrong), 0);
}
END_TEST

/* Some C libraries keep everything loaded. */
static int plugins_go(void)
{
#ifdef __GLIBC__
	return 1;
#else
	void *handle = load("confplugin.so");
	struct static_call_info with = get_info();

	unload(handle);
	return get_info().modules < with.modules;
#endif
}

int main(void)
{
	TCase *tc = suite_begin("plugin");
	const int go = plugins_go();

	tcase_add_test(tc, test_plugin_has_calls_of_its_own);
	tcase_add_test(tc,
		test_plugin_follows_updates_of_the_program_and_the_library);
	tcase_add_test(tc, test_plugin_updates_the_program);
	tcase_add_test(tc, test_plugin_comes_up_to_date);
	if (go)
		tcase_add_test(tc, test_counts_go_back_when_a_plugin_goes);
	tcase_add_test(tc, test_two_plugins_have_calls_of_one_name);
	if (go) {
		tcase_add_test(tc, test_text_of_an_unloaded_plugin_is_not_reserved);
		tcase_add_test(tc, test_update_after_unload_leaves_the_place_alone);
	}
	tcase_add_test(tc, test_target_in_an_unloaded_plugin_can_be_replaced);
	tcase_add_test(tc, test_plugins_come_and_go_while_others_update);
	return suite_end();
}
