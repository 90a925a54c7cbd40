/* SPDX-License-Identifier: MIT */
/*
 * test_enter.c - the way into the library, and the end of a copy of it; on the
 * backend of paper.h.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include "backend.h"
#include "enter.h"
#include "mem.h"
#include "paper.h"
#include "permanent.h"
#include "registry.h"
#include "start.h"
#include "unit.h"
#include "world.h"

bool __real_sc_is_permanent(const void *data);
bool __wrap_sc_is_permanent(const void *data);

static bool permanent;

bool __wrap_sc_is_permanent(const void *data)
{
	return permanent;
}

static struct static_call_key keys[MAX_KEYS];
static struct plan plan = { .defines = keys, .n_defines = 1 };
static struct sc_module module = { .state = (char *)&plan };

static void expect_free_lock(void)
{
	ck_assert_int_eq(sc_enter(), 0);
	sc_leave();
}

/* Once; and a process that has not been forked has nothing to repair. */
START_TEST(test_the_first_one_makes_the_world)
{
	struct sc_world *world;

	ck_assert_ptr_null(sc_world);
	expect_free_lock();
	world = sc_world;
	ck_assert_ptr_nonnull(world);
	expect_free_lock();
	ck_assert_ptr_eq(sc_world, world);
	ck_assert_int_eq(fake.repairs, 0);
}
END_TEST

START_TEST(test_the_start_is_once)
{
	ck_assert(!sc_has_started());
	sc_start();
	sc_start();
	ck_assert(sc_has_started());
	ck_assert_int_eq(fake.started, 1);
}
END_TEST

START_TEST(test_no_memory_for_the_world)
{
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_enter(), -ENOMEM);
	ck_assert_ptr_null(sc_world);
	expect_free_lock();
	ck_assert_int_eq(sc_enter(), 0);
	ck_assert_int_eq(sc_enter(), -EDEADLK);
	sc_leave();
}
END_TEST

static void enter_twice(void)
{
	expect_free_lock();
	child_expect(fake.repairs == 1);
	expect_free_lock();
	child_expect(fake.repairs == 1);
}

START_TEST(test_a_child_repairs_once)
{
	expect_free_lock();
	ck_assert_int_eq(child_run(enter_twice), CHILD_FINE);
}
END_TEST

/* ------------------------------------------------------------- the end */

static void expect_alive(void)
{
	sc_end_if_unloaded();
	ck_assert_ptr_nonnull(sc_world);
	ck_assert_int_eq(fake.ends, 0);
	expect_free_lock();
}

/* It stays loaded, or is in use: by a definition, a module, or this thread. */
START_TEST(test_a_copy_that_is_needed_goes_on)
{
	static_call_init();
	permanent = _i == 0;
	if (_i == 1)
		ck_assert_int_eq(sc_registry_define_one(keys, "x", false), 0);
	plan.n_defines = 0;
	if (_i == 2)
		ck_assert_int_eq(sc_registry_add(&module), 0);
	if (_i == 3) {
		ck_assert_int_eq(sc_enter(), 0);
		sc_end_if_unloaded();
		ck_assert_int_eq(sc_enter(), -EDEADLK);
		sc_leave();
		return;
	}
	expect_alive();
}
END_TEST

/* ----------------------------------------------- definitions one by one */

static struct static_call_definition def = {
	.static_call_def_key = keys,
	.static_call_def_name = "x",
};

START_TEST(test_the_last_definition_takes_the_copy_along)
{
	static_call_define(&def);
	ck_assert_int_eq(static_call_initialized, 1);
	/* not while this thread is inside */
	ck_assert_int_eq(sc_enter(), 0);
	static_call_undefine(&def);
	ck_assert_ptr_nonnull(sc_registry_find(keys));
	sc_leave();
	expect_alive();
	static_call_undefine(&def);
	ck_assert_int_eq(fake.ends, 1);
	ck_assert_ptr_null(sc_world);
}
END_TEST

START_TEST(test_a_definition_that_stays_makes_no_call)
{
	permanent = true;
	static_call_define(&def);
	static_call_undefine(&def);
	ck_assert_ptr_nonnull(sc_registry_find(keys));
	expect_free_lock();
}
END_TEST

static void end(void)
{
	sc_end_if_unloaded();
	child_expect(fake.ends == 0);
	child_expect(sc_world != NULL);
}

/* Threads that the parent had may have been inside: nothing is unmapped. */
START_TEST(test_a_child_ends_nothing)
{
	static_call_init();
	ck_assert_int_eq(child_run(end), CHILD_FINE);
}
END_TEST

/* So many that a plan needs room of its own. */
static void update_all(void)
{
	struct static_call_change changes[MAX_KEYS] = { { NULL, NULL } };
	size_t i;

	for (i = 0; i < MAX_KEYS; i++)
		changes[i].key = keys + i;
	ck_assert_int_eq(static_call_update_batch(changes, MAX_KEYS), 0);
}

START_TEST(test_the_end_gives_back_all)
{
	struct traces before, now;

	traces_look(&before);
	__real_sc_is_permanent(&module);
	static_call_init();
	ck_assert_int_eq(sc_registry_add(&module), 0);
	update_all();
	expect_alive();
	ck_assert_ptr_eq(sc_registry_remove((char *)&plan), &module);
	sc_end_if_unloaded();
	ck_assert_int_eq(fake.ends, 1);
	ck_assert_ptr_null(sc_world);
	ck_assert_int_eq(sc_enter(), -EPERM);
	traces_look(&now);
	if (memory_is_ours())
		ck_assert_uint_eq(now.bytes, before.bytes);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("enter");

	tcase_add_test(tc, test_the_first_one_makes_the_world);
	tcase_add_test(tc, test_the_start_is_once);
	tcase_add_test(tc, test_no_memory_for_the_world);
	tcase_add_test(tc, test_a_child_repairs_once);
	tcase_add_loop_test(tc, test_a_copy_that_is_needed_goes_on, 0, 4);
	tcase_add_test(tc, test_the_last_definition_takes_the_copy_along);
	tcase_add_test(tc, test_a_definition_that_stays_makes_no_call);
	tcase_add_test(tc, test_a_child_ends_nothing);
	tcase_add_test(tc, test_the_end_gives_back_all);
	return unit_end();
}
