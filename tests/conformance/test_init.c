/* SPDX-License-Identifier: MIT */
/*
 * test_init.c - static calls before main(): in functions that run before any
 * constructor of the library, in constructors, and after main() in
 * destructors.
 *
 * They note what happened, and the tests check it.
 */
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static NOINLINE int one(int x)
{
	return x + 1;
}

static NOINLINE int two(int x)
{
	return x + 2;
}

static NOINLINE int three(int x)
{
	return x + 3;
}

DEFINE_STATIC_CALL(early_called, one);
DEFINE_STATIC_CALL(early_updated, one);
DEFINE_STATIC_CALL(early_null, one);
DEFINE_STATIC_CALL_NULL(early_from_null, one);
DEFINE_STATIC_CALL_RET0(early_ret0, one);
DEFINE_STATIC_CALL(constructor_updated, one);
DEFINE_STATIC_CALL(destructor_updated, one);

struct report {
	int ran, called, err, updated, ret0, initialized;
};

static struct report preinit, first, ordinary;

static void call_and_update(struct report *r, int (*func)(int))
{
	r->initialized = static_call_initialized;
	r->called = static_call(early_called)(10);
	static_call(early_null)(10);
	r->ret0 = static_call(early_ret0)(10);
	r->err = static_call_update(early_updated, func);
	r->err |= static_call_update(early_null, NULL);
	r->err |= static_call_update(early_from_null, func);
	r->updated = static_call(early_updated)(10) * 100 +
		     static_call(early_from_null)(10);
	r->ran++;
}

/* Before all constructors of all modules; only a program can have it. */
static void run_preinit(void)
{
	call_and_update(&preinit, two);
}

#define ENTRY(section_name, func)					\
	__attribute__((section(section_name), used))			\
	static void (*func##_entry)(void) = func
ENTRY(".preinit_array", run_preinit);

/* Before the constructor that the header brings, which has priority 101. */
static void run_first(void)
{
	call_and_update(&first, three);
}
ENTRY(".init_array.00100", run_first);

static __attribute__((constructor)) void run_ordinary(void)
{
	call_and_update(&ordinary, two);
	ordinary.err |= static_call_update(constructor_updated, three);
}

START_TEST(test_update_before_any_constructor)
{
#ifndef __GLIBC__
	/* Others have constructors only. */
	if (!preinit.ran)
		return;
#endif
	ck_assert_int_eq(preinit.ran, 1);
	ck_assert_int_eq(preinit.called, 11);
	ck_assert_int_eq(preinit.ret0, 0);
	ck_assert_int_eq(preinit.err, 0);
	ck_assert_int_eq(preinit.updated, 1212);
}
END_TEST

START_TEST(test_update_before_the_constructor_of_the_header)
{
	ck_assert_int_eq(first.ran, 1);
	ck_assert_int_eq(first.called, 11);
	ck_assert_int_eq(first.err, 0);
	ck_assert_int_eq(first.updated, 1313);
}
END_TEST

START_TEST(test_constructors_find_the_library_initialized)
{
	ck_assert_int_eq(ordinary.ran, 1);
	ck_assert_int_eq(ordinary.initialized, 1);
	ck_assert_int_eq(ordinary.err, 0);
	ck_assert_int_eq(ordinary.updated, 1212);
	ck_assert_int_eq(static_call_initialized, 1);
}
END_TEST

/* What was set before the library knew of the keys is still in force. */
START_TEST(test_main_finds_what_constructors_left)
{
	ck_assert(static_call_query(early_updated) == two);
	ck_assert(static_call_query(early_from_null) == two);
	ck_assert(static_call_query(early_null) == NULL);
	ck_assert_int_eq(static_call(early_updated)(1), 3);
	ck_assert_int_eq(static_call(constructor_updated)(1), 4);
	ck_assert_int_eq(static_call(early_called)(1), 2);
}
END_TEST

enum { LEAVE_IN_OURS, LEAVE_IN_LAST };

static pid_t leaving;
static int leave_at;

static int update_and_call(int (*func)(int), int expect)
{
	if (static_call_update(destructor_updated, func))
		return 20;
	return static_call(destructor_updated)(1) == expect ? 42 : 21;
}

/* Runs before the destructor that the header brings. */
static __attribute__((destructor)) void run_destructor(void)
{
	int result;

	if (getpid() != leaving)
		return;
	result = update_and_call(three, 4);
	if (leave_at == LEAVE_IN_OURS || result != 42)
		_exit(result);
}

/* Runs after it.  A program's keys stay known. */
static void run_last(void)
{
	int result;

	if (getpid() != leaving)
		return;
	result = static_call(destructor_updated)(1) == 4 ? 42 : 22;
	if (result == 42)
		result = update_and_call(two, 3);
	_exit(result);
}
ENTRY(".fini_array.00100", run_last);

static int exit_in_child(int where)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		leaving = getpid();
		leave_at = where;
		exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(test_destructors_may_call_and_update)
{
	ck_assert_int_eq(exit_in_child(LEAVE_IN_OURS), 42);
}
END_TEST

START_TEST(test_last_destructors_may_call_and_update)
{
	ck_assert_int_eq(exit_in_child(LEAVE_IN_LAST), 42);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("init");

	tcase_add_test(tc, test_update_before_any_constructor);
	tcase_add_test(tc, test_update_before_the_constructor_of_the_header);
	tcase_add_test(tc, test_constructors_find_the_library_initialized);
	tcase_add_test(tc, test_main_finds_what_constructors_left);
	tcase_add_test(tc, test_destructors_may_call_and_update);
	tcase_add_test(tc, test_last_destructors_may_call_and_update);
	return suite_end();
}
