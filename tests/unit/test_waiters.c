/* SPDX-License-Identifier: MIT */
/*
 * test_waiters.c - threads that wait for the lock, looked at in the kernel: each
 * one's last wait can be ended by the test.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"
#include "unit.h"

/* One that waits, as its own thread and the test see it. */
struct waiter {
	pthread_t thread;
	bool leaves;		/* when it is woken, it does not come back */
	atomic_int tid;		/* set just before it waits in the kernel */
	_Atomic uintptr_t word;	/* what it waits at */
	atomic_int has_it;
};

static _Thread_local struct waiter *self;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* As a handler does that runs between the wake-up and the next try, and jumps. */
static void leave(void)
{
	if (self && self->leaves)
		pthread_exit(NULL);
}

/* Six arguments whatever the call has: the rest is not looked at. */
long __wrap_syscall(long number, ...)
{
	long a[6], result;
	va_list args;
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number != SYS_futex || (a[1] & FUTEX_CMD_MASK) != FUTEX_WAIT ||
	    !self)
		return __real_syscall(number, a[0], a[1], a[2], a[3], a[4],
				      a[5]);
	/* A limit in time has two forms on 32-bit systems. */
	if (a[3])
		abort();
	atomic_store(&self->word, (uintptr_t)a[0]);
	atomic_store(&self->tid, (int)__real_syscall(SYS_gettid));
	result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	leave();
	return result;
}

static void *wait_for_the_lock(void *arg)
{
	self = arg;
	if (sc_lock() == 0) {
		atomic_store(&self->has_it, 1);
		sc_unlock();
	}
	return arg;
}

static bool sleeps(int tid)
{
	char path[64], text[512] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	state = strrchr(text, ')');
	return state && state[1] && state[2] == 'S';
}

static void start_waiter(struct waiter *w)
{
	ck_assert_int_eq(pthread_create(&w->thread, NULL, wait_for_the_lock, w),
			 0);
	while (!atomic_load(&w->tid) || !sleeps(atomic_load(&w->tid)))
		sched_yield();
}

/* How many are still asleep, who are not any more. */
static long wake_all(const struct waiter *w)
{
	return __real_syscall(SYS_futex, atomic_load(&w->word),
			      FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/*
 * The first that waits is woken first, and leaves.  Nobody wakes the others when
 * it is gone, so they have been woken too.
 */
START_TEST(test_waiters_are_woken_beside_one_that_leaves)
{
	struct waiter waiters[3] = { { .leaves = true } };
	int i;

	ck_assert_int_eq(sc_lock(), 0);
	for (i = 0; i < 3; i++)
		start_waiter(waiters + i);
	sc_unlock();
	pthread_join(waiters[0].thread, NULL);
	ck_assert_int_eq(wake_all(waiters), 0);
	for (i = 1; i < 3; i++) {
		pthread_join(waiters[i].thread, NULL);
		ck_assert_int_eq(atomic_load(&waiters[i].has_it), 1);
	}
}
END_TEST

/* The look at the kernel's queue sees those who sleep. */
START_TEST(test_waiters_that_sleep_are_seen)
{
	struct waiter waiters[3] = { { .leaves = false } };
	int i;

	ck_assert_int_eq(sc_lock(), 0);
	for (i = 0; i < 3; i++)
		start_waiter(waiters + i);
	ck_assert_int_eq(wake_all(waiters), 3);
	sc_unlock();
	for (i = 0; i < 3; i++)
		pthread_join(waiters[i].thread, NULL);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("waiters");

	tcase_add_test(tc, test_waiters_that_sleep_are_seen);
	tcase_add_test(tc, test_waiters_are_woken_beside_one_that_leaves);
	return unit_end();
}
