/* SPDX-License-Identifier: MIT */
/*
 * paired.c - one of two modules that call each other's static calls; the second one
 * with -DPAIRED_IS_SECOND.
 */
#include "paired.h"

#include <static_call.h>

#define NOINLINE	__attribute__((noinline))

/* ---------------------------------------------------------------- the end */

static void (*last)(void);

static void end(void)
{
	if (last)
		last();
}

/* Runs after the header's destructor, whose priority is the first for programs. */
static void (*at_last)(void)
	__attribute__((used, section(".fini_array.00100"))) = end;

/* ------------------------------------------------------------- the targets */

typedef int target(int x);
target paired_first_0, paired_second_0;

DECLARE_STATIC_CALL(pair_first, paired_first_0);
DECLARE_STATIC_CALL(pair_second, paired_second_0);

static int result(int step, unsigned int n, int x)
{
	return x + step * (int)(1 + n % PAIRED_TARGETS);
}

#ifdef PAIRED_IS_SECOND
#define OWN		pair_second
#define OWN_STEP	100
#define FIRST_TARGET	paired_second_0
#define TABLE		paired_second
#else
#define OWN		pair_first
#define OWN_STEP	10
#define FIRST_TARGET	paired_first_0
#define TABLE		paired_first
#endif

#define EXPORT	__attribute__((visibility("default")))

EXPORT NOINLINE int FIRST_TARGET(int x)
{
	return result(OWN_STEP, 0, x);
}

static NOINLINE int target1(int x)
{
	return result(OWN_STEP, 1, x);
}

static NOINLINE int target2(int x)
{
	return result(OWN_STEP, 2, x);
}

static target *const targets[PAIRED_TARGETS] = {
	FIRST_TARGET, target1, target2,
};

DEFINE_STATIC_CALL(OWN, FIRST_TARGET);
EXPORT_STATIC_CALL(OWN);

/* ---------------------------------------------------------------- sites */

static NOINLINE int call_first(int x)
{
	return static_call(pair_first)(x) + 1;
}

static NOINLINE int call_first_last(int x)
{
	return static_call(pair_first)(x);
}

static NOINLINE int call_second(int x)
{
	return static_call(pair_second)(x) * 2;
}

static NOINLINE int call_second_last(int x)
{
	return static_call(pair_second)(x);
}

/* ------------------------------------------------------------- the table */

static int update(unsigned int n)
{
	return static_call_update(OWN, targets[n % PAIRED_TARGETS]);
}

static int check(unsigned int first, unsigned int second)
{
	int a = result(10, first, 5), b = result(100, second, 5);

	if (call_first(5) != a + 1 || call_first_last(5) != a)
		return 1;
	if (call_second(5) != b * 2 || call_second_last(5) != b)
		return 2;
	return 0;
}

static void at_end(void (*func)(void))
{
	last = func;
}

const struct paired *TABLE(void);
EXPORT const struct paired *TABLE(void)
{
	static const struct paired table = { update, check, at_end };

	return &table;
}
