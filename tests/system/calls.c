/* SPDX-License-Identifier: MIT */
/* calls.c - some static calls, updates of them, and a look at each result. */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "calls.h"

#define NOINLINE	__attribute__((noinline))
#define TARGETS		8u

static atomic_ulong n_faults;

void fault(const char *format, ...)
{
	va_list args;

	if (atomic_fetch_add(&n_faults, 1) > 5)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

unsigned long faults(void)
{
	return atomic_load(&n_faults);
}

/* ----------------------------------------------------- calls and targets */

#define TARGET(n) \
	static NOINLINE int target##n(int x) { return x + 1000 * (n); }
TARGET(1) TARGET(2) TARGET(3) TARGET(4)
TARGET(5) TARGET(6) TARGET(7) TARGET(8)

static int (*const targets[TARGETS])(int) = {
	target1, target2, target3, target4,
	target5, target6, target7, target8,
};

static __thread int hits;

static NOINLINE void hit(int n)
{
	hits += n;
}

DEFINE_STATIC_CALL(value, target1);
DEFINE_STATIC_CALL_NULL(maybe, hit);
DEFINE_STATIC_CALL_RET0(zero, target1);

static NOINLINE int call_value(int x)
{
	return static_call(value)(x) + 0 * x;
}

static NOINLINE int tail_call_value(int x)
{
	return static_call(value)(x);
}

static NOINLINE int call_zero(int x)
{
	int r = static_call(zero)(x);

	return r;
}

static NOINLINE void call_maybe(int x)
{
	static_call_cond(maybe)(x);
	static_call_cond(maybe)(x);
}

struct search {
	const struct static_call_key *key;
	const void *addr;
};

static int find_site(const struct static_call_site_info *s, void *arg)
{
	struct search *search = arg;

	if (s->key != search->key || s->state != STATIC_CALL_SITE_PATCHED)
		return 0;
	search->addr = s->addr;
	return 1;
}

const void *a_site(void)
{
	struct search search = { &STATIC_CALL_KEY(value), NULL };

	static_call_for_each_site(find_site, &search);
	return search.addr;
}

/* ------------------------------------------------------------- updates */

/* What must be in force: indices, or a flag.  Written by the updater alone. */
static struct {
	unsigned int value, zero;	/* zero: TARGETS means RET0 */
	int maybe;
} model = { 0, TARGETS, 0 };

/*
 * The number of the last update of "value" that has begun, and that is over.  A
 * call lies between one that was over before it and one that began before its
 * end; the target of number n is n modulo TARGETS.
 */
static atomic_ulong begun, over;

void call_value_and_check(void)
{
	unsigned long first = atomic_load(&over), last, n;
	int r = tail_call_value(7), s = call_value(7);

	last = atomic_load(&begun);
	if (last - first + 1 >= TARGETS)
		return;
	for (n = first; n <= last && r; n++)
		if (r == targets[n % TARGETS](7))
			r = 0;
	for (n = first; n <= last && s; n++)
		if (s == targets[n % TARGETS](7))
			s = 0;
	if (r || s)
		fault("value: %d, %d between updates %lu and %lu", r, s, first,
		      last);
}

void call_and_check(void)
{
	int r = call_zero(7);

	call_value_and_check();
	if (r % 1000 != 0 && r % 1000 != 7)
		fault("zero: %d", r);
	hits = 0;
	call_maybe(1);
	if (hits < 0 || hits > 2)
		fault("maybe: called %d times", hits);
}

static void check_model(void)
{
	int expect = targets[model.value](1);
	int zero = model.zero < TARGETS ? targets[model.zero](5) : 0;

	if (call_value(1) != expect || tail_call_value(1) != expect)
		fault("value: %d and %d, not %d", call_value(1),
		      tail_call_value(1), expect);
	if (static_call_query(value) != targets[model.value])
		fault("value: the query is wrong");
	if (call_zero(5) != zero)
		fault("zero: %d, not %d", call_zero(5), zero);
	hits = 0;
	call_maybe(3);
	if (hits != (model.maybe ? 6 : 0))
		fault("maybe: %d hits", hits);
	if (static_call_query(maybe) != (model.maybe ? hit : NULL))
		fault("maybe: the query is wrong");
}

static void *zero_target(unsigned int n)
{
	return n < TARGETS ? (void *)targets[n] :
			     (void *)&__static_call_return0;
}

/*
 * @err: what must happen; if negative, what may happen.  Returns whether the
 * change was made.
 */
static int result(const char *what, int got, int err)
{
	if (err < 0 ? got && got != err : got != -err)
		fault("%s: %d (%s), not %d", what, got, strerror(-got), -err);
	return got == 0;
}

static void begin_value(void)
{
	atomic_fetch_add(&begun, 1);
}

static void end_value(int done)
{
	if (!done) {
		atomic_fetch_sub(&begun, 1);
		return;
	}
	atomic_fetch_add(&over, 1);
	model.value = (unsigned int)(atomic_load(&over) % TARGETS);
}

static void change_singly(int err)
{
	unsigned int value = (model.value + 1) % TARGETS;
	unsigned int zero = (model.zero + 1) % (TARGETS + 1);

	begin_value();
	end_value(result("update of value",
			 static_call_update(value, targets[value]), err));
	if (result("update of zero",
		   static_call_update(zero, zero_target(zero)), err))
		model.zero = zero;
	if (result("update of maybe",
		   static_call_update(maybe, model.maybe ? NULL : hit), err))
		model.maybe = !model.maybe;
}

static void change_in_a_batch(int err)
{
	unsigned int value = (model.value + 1) % TARGETS;
	unsigned int zero = (model.zero + 1) % (TARGETS + 1);
	struct static_call_change changes[] = {
		STATIC_CALL_CHANGE(value, targets[value]),
		STATIC_CALL_CHANGE(zero, zero_target(zero)),
		STATIC_CALL_CHANGE(maybe, model.maybe ? NULL : hit),
	};
	int done;

	begin_value();
	done = result("batch", static_call_update_batch(changes, 3), err);
	end_value(done);
	if (done) {
		model.zero = zero;
		model.maybe = !model.maybe;
	}
}

void change_and_check(unsigned int rounds, int err)
{
	unsigned int i;

#ifndef HAVE_STATIC_CALL
	err = 0;	/* the generic backend asks the system for nothing */
#endif
	for (i = 0; i < rounds; i++) {
		if (i & 1)
			change_in_a_batch(err);
		else
			change_singly(err);
		check_model();
	}
}

void refused_change(int err)
{
	int (*func)(int) = targets[(model.value + 1) % TARGETS];

	result("update of value", static_call_update(value, func), err);
	if (static_call_query(value) != targets[model.value])
		fault("value: a refused update changed the query");
}
