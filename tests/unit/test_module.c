/* SPDX-License-Identifier: MIT */
/*
 * test_module.c - what the constructor and the destructor of a module do, on the
 * backend of paper.h.
 */
#include "sc_config.h"

#include <errno.h>

/* Without a constructor of its own. */
#define STATIC_CALL_BUILDING_LIBRARY
#include <static_call.h>

#include "backend.h"
#include "enter.h"
#include "mem.h"
#include "paper.h"
#include "permanent.h"
#include "registry.h"
#include "sync.h"
#include "unit.h"
#include "world.h"

static bool permanent, library_leaves;
static int synchronised;

bool __wrap_sc_is_permanent(const void *address);
void __wrap_sc_sync_threads(void);
void __real_sc_sync_threads(void);

void __wrap_sc_sync_threads(void)
{
	synchronised++;
	__real_sc_sync_threads();
}

/* The state byte is what the plan begins with. */
static struct static_call_key keys[2];
static struct plan module = { .state = 1, .defines = keys, .n_defines = 2 };
static struct traces before;

/* The library itself stays. */
bool __wrap_sc_is_permanent(const void *address)
{
	return address == &module.state ? permanent : !library_leaves;
}

static void setup(void)
{
	static_call_init();
	ck_assert_int_eq(sc_enter(), 0);
	/* what stays once a module was here */
	ck_assert_int_eq(sc_registry_define_one(keys, "x", false), 0);
	sc_registry_undefine(keys);
	sc_leave();
	traces_look(&before);
	synchronised = 0;
}

static void enter(void)
{
	errno = EXDEV;
	__static_call_backend_enter(&module.state);
	ck_assert_int_eq(errno, EXDEV);
}

static void leave(void)
{
	errno = EXDEV;
	static_call_module_leave(&module.state);
	ck_assert_int_eq(errno, EXDEV);
}

START_TEST(test_module_comes_and_goes)
{
	setup();
	enter();
	ck_assert_ptr_nonnull(sc_world->modules);
	ck_assert_ptr_eq(sc_world->modules->state, &module.state);
	ck_assert_ptr_null(sc_world->modules->image);
	ck_assert_int_eq(fake.forgets, 1);
	ck_assert_int_eq(synchronised, 1);
	ck_assert_int_eq(module.state, 1);
	leave();
	ck_assert_ptr_null(sc_world->modules);
	ck_assert_int_eq(fake.removes, 1);
	ck_assert_int_eq(synchronised, 2);
	ck_assert_int_eq(module.state, 0);
	traces_same(&before);
	ck_assert_int_eq(sc_enter(), 0);
	sc_leave();
	/* its destructor may run once more */
	leave();
	ck_assert_int_eq(fake.removes, 1);
	ck_assert_int_eq(synchronised, 2);
}
END_TEST

START_TEST(test_first_module_initialises)
{
	enter();
	ck_assert_int_eq(static_call_initialized, 1);
}
END_TEST

/* A copy of the library that is in a plugin goes with it. */
START_TEST(test_library_goes_with_the_last_module)
{
	enter();
	library_leaves = true;
	leave();
	ck_assert_ptr_null(sc_world);
	ck_assert_int_eq(sc_enter(), -EPERM);
}
END_TEST

START_TEST(test_permanent_module_never_leaves)
{
	permanent = true;
	fake.read_error = _i ? -ENOENT : 0;
	setup();
	enter();
	ck_assert_int_eq(module.state, 2);
	leave();
	ck_assert_int_eq(module.state, 2);
	ck_assert_int_eq(fake.removes, 0);
	ck_assert_int_eq(sc_world->modules == NULL, _i);
}
END_TEST

/* One without static calls costs nothing. */
START_TEST(test_module_without_calls)
{
	fake.read_error = -ENOENT;
	enter();
	ck_assert_int_eq(static_call_initialized, 0);
	ck_assert_int_eq(fake.reads, 1);
	ck_assert_int_eq(fake.adds + fake.forgets, 0);
}
END_TEST

/* Then it is not known, and nothing is left of it. */
START_TEST(test_module_that_cannot_be_added)
{
	setup();
	if (_i == 0)
		sc_alloc_fail_after = 0;
	else if (_i == 1)
		fake.add_error = -ENOSYS;
	else
		ck_assert_int_eq(sc_enter(), 0);
	enter();
	ck_assert_int_eq(fake.adds, _i == 1);
	ck_assert_int_eq(fake.forgets, 1);
	ck_assert_ptr_null(sc_world->modules);
	traces_same(&before);
	if (_i == 2)
		sc_leave();
	leave();
	ck_assert_int_eq(fake.removes, 0);
}
END_TEST

/* Inside of the library itself: the next update finds out that it is gone. */
START_TEST(test_module_that_leaves_in_an_update)
{
	setup();
	enter();
	ck_assert_int_eq(sc_enter(), 0);
	leave();
	ck_assert_int_eq(fake.removes, 0);
	ck_assert_int_eq(synchronised, 1);
	/* the lock is still this thread's */
	ck_assert_int_eq(sc_enter(), -EDEADLK);
	sc_leave();
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("module");

	tcase_add_test(tc, test_module_comes_and_goes);
	tcase_add_test(tc, test_first_module_initialises);
	tcase_add_test(tc, test_library_goes_with_the_last_module);
	tcase_add_loop_test(tc, test_permanent_module_never_leaves, 0, 2);
	tcase_add_test(tc, test_module_without_calls);
	tcase_add_loop_test(tc, test_module_that_cannot_be_added, 0, 3);
	tcase_add_test(tc, test_module_that_leaves_in_an_update);
	return unit_end();
}
