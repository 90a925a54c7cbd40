/* SPDX-License-Identifier: MIT */
/*
 * test_threads.c - threads call while others update.
 *
 * Every result is checked against the order of the updates: an updater writes
 * the number of the update that it begins, updates, and writes the number of
 * the update that is done.  A call that began after the latter and ended
 * before the former was read must have run a target between the two.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "suite.h"

#define TARGETS		7
#define CALLERS		3

#define TARGET(n)							\
static NOINLINE long target_##n(long x)					\
{									\
	return x * 16 + n;						\
}
TARGET(0) TARGET(1) TARGET(2) TARGET(3) TARGET(4) TARGET(5) TARGET(6)

static long (*const target[TARGETS])(long) = {
	target_0, target_1, target_2, target_3, target_4, target_5, target_6,
};

DEFINE_STATIC_CALL(watched, target_0);
DEFINE_STATIC_CALL(contended_a, target_0);
DEFINE_STATIC_CALL(contended_b, target_0);
DEFINE_STATIC_CALL(three_states, target_1);

static atomic_ulong begun, done, calls;
static atomic_int stop, running;
static atomic_ulong wrong;

static int short_of_time;

static void setup(void)
{
	short_of_time = suite_rounds(2) == 1;
	atomic_store(&begun, 0);
	atomic_store(&done, 0);
	atomic_store(&calls, 0);
	atomic_store(&stop, 0);
	atomic_store(&running, 0);
	atomic_store(&wrong, 0);
}

/* A caller has done call @n.  Only then may the updates begin, and end. */
static void at_work(unsigned long n)
{
	if (n == 0)
		atomic_fetch_add(&running, 1);
}

static void breathe(void)
{
	/* where one thread runs at a time, let the updater run */
	if (short_of_time)
		sched_yield();
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/*
 * Round @n of @rounds may begin.  At least a fifth of a second, at most one:
 * updates take from nanoseconds to milliseconds.  A few rounds however slow the
 * machine is: the threads alone may take a second to begin.
 */
static int goes_on(unsigned long n, unsigned long rounds, double begin)
{
	double t = now() - begin;

	return n <= TARGETS ||
	       (t < 1.0 && (n < rounds || (!short_of_time && t < 0.2)));
}

static pthread_t start(void *(*run)(void *), void *arg)
{
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, run, arg), 0);
	return t;
}

static void join(pthread_t *t, int n)
{
	while (n--)
		ck_assert_int_eq(pthread_join(t[n], NULL), 0);
}

/* Starts @n threads and waits until all are at work. */
static void start_all(pthread_t *t, int n, void *(*run)(void *))
{
	int i;

	for (i = 0; i < n; i++)
		t[i] = start(run, NULL);
	while (atomic_load(&running) < n)
		sched_yield();
}

static void stop_all(pthread_t *t, int n)
{
	atomic_store(&stop, 1);
	join(t, n);
	ck_assert_uint_eq(atomic_load(&wrong), 0);
	ck_assert_uint_gt(atomic_load(&calls), 0);
}

/* Some update in [first, last] made target @n the current one. */
static int was_current(unsigned long first, unsigned long last, long n)
{
	if (last - first >= TARGETS - 1)
		return 1;
	for (; first <= last; first++)
		if ((long)(first % TARGETS) == n)
			return 1;
	return 0;
}

NOINLINE long call_in_tail_position(long x);
NOINLINE long call_in_tail_position(long x)
{
	return static_call(watched)(x);
}

static void check_one_call(long x, int tail)
{
	unsigned long first = atomic_load(&done), last;
	long r = tail ? call_in_tail_position(x) : static_call(watched)(x);

	last = atomic_load(&begun);
	if (r / 16 != x || !was_current(first, last, r % 16))
		atomic_fetch_add(&wrong, 1);
}

static void *call_watched(void *arg)
{
	unsigned long n = 0;

	(void)arg;
	while (!atomic_load(&stop)) {
		check_one_call(n & 0xffffff, n & 1);
		at_work(n++);
		breathe();
	}
	atomic_fetch_add(&calls, n);
	return NULL;
}

static void *call_with_signals_blocked(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	return call_watched(arg);
}

static void update_watched(unsigned long n)
{
	atomic_store(&begun, n);
	ck_assert_int_eq(static_call_update(watched, target[n % TARGETS]), 0);
	atomic_store(&done, n);
	ck_assert_int_eq(static_call(watched)(n) % 16, n % TARGETS);
}

static void run_watched(void *(*run)(void *))
{
	unsigned long n, rounds = suite_rounds(3000);
	double begin = now();
	pthread_t t[CALLERS];

	setup();
	ck_assert_int_eq(static_call_update(watched, target[0]), 0);
	start_all(t, CALLERS, run);
	for (n = 1; goes_on(n, rounds, begin); n++)
		update_watched(n);
	stop_all(t, CALLERS);
	ck_assert_uint_gt(n, 5);
}

START_TEST(test_update_is_seen_by_all_threads)
{
	run_watched(call_watched);
}
END_TEST

START_TEST(test_update_is_seen_by_threads_that_block_all_signals)
{
	run_watched(call_with_signals_blocked);
}
END_TEST

/*
 * The new target sees the data that was written before an update.  Atomic, for a
 * late caller may still run the target of the round before; relaxed, for the
 * order is to come from the update.
 */
static atomic_long payload[TARGETS];

static NOINLINE long read_payload(long x)
{
	return x < TARGETS ? atomic_load_explicit(payload + x,
						  memory_order_relaxed) : -1;
}

static NOINLINE long read_nothing(long x)
{
	(void)x;
	return 0;
}

DEFINE_STATIC_CALL(published, read_nothing);

static void *read_published(void *arg)
{
	unsigned long n = 0;
	long r;

	(void)arg;
	while (!atomic_load(&stop)) {
		r = static_call(published)(3);
		if (r != 0 && r != 3333)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
		at_work(n++);
		breathe();
	}
	return NULL;
}

START_TEST(test_new_target_sees_what_was_written_before_the_update)
{
	unsigned long i, rounds = suite_rounds(1000);
	double begin = now();
	pthread_t t[2];

	setup();
	/*
	 * Only updates and calls order the writes and reads of it, which
	 * helgrind cannot know.
	 */
	suite_unwatched(payload, sizeof(payload));
	start_all(t, 2, read_published);
	for (i = 0; goes_on(i, rounds, begin); i++) {
		ck_assert_int_eq(static_call_update(published,
						    read_nothing), 0);
		atomic_store_explicit(payload + 3, 3333, memory_order_relaxed);
		ck_assert_int_eq(static_call_update(published,
						    read_payload), 0);
		ck_assert_int_eq(static_call(published)(3), 3333);
	}
	stop_all(t, 2);
}
END_TEST

static void *call_three_states(void *arg)
{
	unsigned long n = 0;
	long r;

	(void)arg;
	while (!atomic_load(&stop)) {
		r = static_call(three_states)(5);
		/* the function, RET0, or the function again */
		if (r != 81 && r != 0 && r != 82)
			atomic_fetch_add(&wrong, 1);
		static_call_cond(published)(1);
		atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
		at_work(n++);
		breathe();
	}
	return NULL;
}

START_TEST(test_threads_call_while_null_and_ret0_come_and_go)
{
	unsigned long i, rounds = suite_rounds(800);
	double begin = now();
	pthread_t t[2];

	setup();
	ck_assert_int_eq(static_call_update(three_states, target_1), 0);
	start_all(t, 2, call_three_states);
	for (i = 0; goes_on(i, rounds, begin); i++) {
		ck_assert_int_eq(static_call_update(three_states,
				(void *)&__static_call_return0), 0);
		ck_assert_int_eq(static_call_update(published, NULL), 0);
		ck_assert_int_eq(static_call_update(three_states,
						    target_2), 0);
		ck_assert_int_eq(static_call_update(published,
						    read_nothing), 0);
	}
	stop_all(t, 2);
	ck_assert_int_eq(static_call(three_states)(5), 82);
}
END_TEST

/* Two keys in opposite order: locks taken per key would deadlock here. */
static void *contend(void *arg)
{
	int forward = arg != NULL;
	unsigned long i, rounds = suite_rounds(500);
	struct static_call_change c[2];

	for (i = 0; i < rounds; i++) {
		struct static_call_change a = STATIC_CALL_CHANGE(contended_a,
						target[i % TARGETS]);
		struct static_call_change b = STATIC_CALL_CHANGE(contended_b,
						target[i % TARGETS]);

		c[!forward] = a;
		c[forward] = b;
		if (static_call_update_batch(c, 2) ||
		    static_call_update(contended_a, target[3]) ||
		    static_call_update(contended_b, target[4]))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

START_TEST(test_updaters_in_several_threads)
{
	pthread_t t[4];
	int i;

	setup();
	for (i = 0; i < 4; i++)
		t[i] = start(contend, i & 1 ? &stop : NULL);
	join(t, 4);
	ck_assert_uint_eq(atomic_load(&wrong), 0);
	ck_assert_int_eq(static_call_update(contended_a, target[5]), 0);
	ck_assert_int_eq(static_call_update(contended_b, target[6]), 0);
	ck_assert_int_eq(static_call(contended_a)(1), 21);
	ck_assert_int_eq(static_call(contended_b)(1), 22);
}
END_TEST

static void *call_once(void *arg)
{
	check_one_call((long)(size_t)arg, 0);
	atomic_fetch_add(&calls, 1);
	return NULL;
}

START_TEST(test_threads_begin_and_end_between_updates)
{
	unsigned long i, rounds = suite_rounds(300);
	pthread_t t;

	setup();
	ck_assert_int_eq(static_call_update(watched, target[0]), 0);
	for (i = 0; i < rounds; i++) {
		t = start(call_once, (void *)(size_t)i);
		update_watched(i + 1);
		ck_assert_int_eq(pthread_join(t, NULL), 0);
	}
	ck_assert_uint_eq(atomic_load(&wrong), 0);
	ck_assert_uint_eq(atomic_load(&calls), rounds);
}
END_TEST

static int count_key(const struct static_call_key_info *k, void *arg)
{
	*(int *)arg += k->name[0] != '\0';
	return 0;
}

static int count_site(const struct static_call_site_info *s, void *arg)
{
	*(int *)arg += s->len > 0;
	return 0;
}

static void *look_around(void *arg)
{
	struct static_call_info info = { .size = sizeof(info) };
	unsigned long n = 0;
	int keys, sites;

	(void)arg;
	while (!atomic_load(&stop)) {
		keys = sites = 0;
		if (static_call_for_each_key(count_key, &keys) ||
		    static_call_for_each_site(count_site, &sites) ||
		    static_call_get_info(&info) || keys != (int)info.keys ||
		    sites != (int)info.sites)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&calls, 1);
		at_work(n++);
		breathe();
	}
	return NULL;
}

START_TEST(test_walks_run_beside_updates)
{
	unsigned long n, rounds = suite_rounds(500);
	double begin = now();
	pthread_t t[2];

	setup();
	start_all(t, 2, look_around);
	for (n = 1; goes_on(n, rounds, begin); n++)
		update_watched(n);
	stop_all(t, 2);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("threads");

	tcase_add_test(tc, test_update_is_seen_by_all_threads);
	tcase_add_test(tc,
		test_update_is_seen_by_threads_that_block_all_signals);
	tcase_add_test(tc,
		test_new_target_sees_what_was_written_before_the_update);
	tcase_add_test(tc,
		test_threads_call_while_null_and_ret0_come_and_go);
	tcase_add_test(tc, test_updaters_in_several_threads);
	tcase_add_test(tc, test_threads_begin_and_end_between_updates);
	tcase_add_test(tc, test_walks_run_beside_updates);
	return suite_end();
}
