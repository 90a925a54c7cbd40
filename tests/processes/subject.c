/* SPDX-License-Identifier: MIT */
/* subject.c - static calls to update, and a look at what they run. */
#include <static_call.h>

#include "subject.h"

#define NOINLINE	__attribute__((noinline))

#ifndef SUBJECT
#define SUBJECT		plugin_subject
#endif
#ifndef SUBJECT_STEP
#define SUBJECT_STEP	1000
#endif

#define TARGET(n)							\
	static NOINLINE int value##n(int x)				\
	{								\
		return x + SUBJECT_STEP * (n);				\
	}
TARGET(0)
TARGET(1)
TARGET(2)
TARGET(3)

#define ZERO_TARGET(n)							\
	static NOINLINE int zero##n(int x)				\
	{								\
		return 0 * x + (n);					\
	}
ZERO_TARGET(1)
ZERO_TARGET(2)
ZERO_TARGET(3)

static int (*const values[SUBJECT_TARGETS])(int) = {
	value0, value1, value2, value3,
};

static __thread int hits;

static NOINLINE void hit1(int n)
{
	hits += n;
}

static NOINLINE void hit2(int n)
{
	hits += 2 * n;
}

static NOINLINE void hit3(int n)
{
	hits += 3 * n;
}

static void (*const maybes[SUBJECT_TARGETS])(int) = { 0, hit1, hit2, hit3 };

DEFINE_STATIC_CALL(subject_value, value0);
DEFINE_STATIC_CALL_NULL(subject_maybe, hit1);
DEFINE_STATIC_CALL_RET0(subject_zero, zero1);
DEFINE_STATIC_CALL(subject_other, value0);

/* ---------------------------------------------------------------- sites */

/*
 * Each is different, or a compiler makes one of them, and does something with the
 * result, or it is a tail call.
 */

static NOINLINE int call_first(int x)
{
	return static_call(subject_value)(x) + 1;
}

static NOINLINE int call_second(int x)
{
	return static_call(subject_value)(x) * 2;
}

static NOINLINE int call_last(int x)
{
	return static_call(subject_value)(x);
}

static NOINLINE int call_maybe(int x)
{
	hits = 0;
	static_call_cond(subject_maybe)(x);
	return hits;
}

static NOINLINE int call_zero(int x)
{
	return static_call(subject_zero)(x) - 1;
}

static NOINLINE int call_other(int x)
{
	return static_call(subject_other)(x) + 2;
}

/* ------------------------------------------------------------- the table */

static void *zero_target(unsigned int n)
{
	switch (n % SUBJECT_TARGETS) {
	case 1:
		return (void *)zero1;
	case 2:
		return (void *)zero2;
	case 3:
		return (void *)zero3;
	default:
		return (void *)&__static_call_return0;
	}
}

static int update(unsigned int n)
{
	int err = static_call_update(subject_value,
				     values[n % SUBJECT_TARGETS]);

	if (!err)
		err = static_call_update(subject_maybe,
					 maybes[n % SUBJECT_TARGETS]);
	if (!err)
		err = static_call_update(subject_zero, zero_target(n));
	return err;
}

static int update_batch(unsigned int n)
{
	struct static_call_change changes[] = {
		STATIC_CALL_CHANGE(subject_value, values[n % SUBJECT_TARGETS]),
		STATIC_CALL_CHANGE(subject_maybe, maybes[n % SUBJECT_TARGETS]),
		STATIC_CALL_CHANGE(subject_zero, zero_target(n)),
	};

	return static_call_update_batch(changes, 3);
}

static int update_other(unsigned int n)
{
	int err = static_call_update(subject_other,
				     values[n % SUBJECT_TARGETS]);

	if (err)
		return err;
	return call_other(0) == values[n % SUBJECT_TARGETS](0) + 2 ? 0 : 1;
}

static int check(unsigned int n)
{
	int want = values[n % SUBJECT_TARGETS](7);

	if (call_first(7) != want + 1 || call_second(7) != want * 2)
		return 1;
	if (call_last(7) != want)
		return 2;
	if (static_call_query(subject_value) != values[n % SUBJECT_TARGETS])
		return 3;
	if (call_maybe(1) != (int)(n % SUBJECT_TARGETS))
		return 4;
	if (call_zero(5) != (int)(n % SUBJECT_TARGETS) - 1)
		return 5;
	return 0;
}

static int is_a_target(int r)
{
	unsigned int n;

	for (n = 0; n < SUBJECT_TARGETS; n++)
		if (r == values[n](7))
			return 1;
	return 0;
}

static int call(void)
{
	int maybe = call_maybe(1), zero = call_zero(5) + 1;

	if (!is_a_target(call_first(7) - 1) ||
	    !is_a_target(call_second(7) / 2) ||
	    !is_a_target(call_last(7)))
		return 1;
	return maybe < 0 || maybe > 3 || zero < 0 || zero > 3;
}

static int number(void)
{
	unsigned int n;

	for (n = 0; n < SUBJECT_TARGETS; n++)
		if (!check(n))
			return (int)n;
	return -1;
}

static int change(unsigned int n)
{
	int err = update(n + 1);

	if (!err)
		err = check(n + 1);
	if (!err)
		err = update_batch(n);
	if (!err)
		err = check(n);
	return err;
}

const struct subject *SUBJECT(void);
__attribute__((visibility("default"))) const struct subject *SUBJECT(void)
{
	static const struct subject subject = {
		update, update_batch, update_other, check, call, number,
		change,
	};

	return &subject;
}
