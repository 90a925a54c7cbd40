/* SPDX-License-Identifier: MIT */
/* test_lock.c - the one lock: exclusion, its owner, waiters, signals, fork. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"
#include "unit.h"

START_TEST(test_lock_and_unlock)
{
	int i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(sc_lock(), 0);
		sc_unlock();
	}
}
END_TEST

START_TEST(test_lock_knows_its_owner)
{
	ck_assert_int_eq(sc_lock(), 0);
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	sc_unlock();
	/* the failures took nothing */
	ck_assert_int_eq(sc_lock(), 0);
	sc_unlock();
}
END_TEST

/* ------------------------------------------------------------ threads */

static atomic_int trying, taken;

static void *take_once(void *arg)
{
	atomic_fetch_add(&trying, 1);
	ck_assert_int_eq(sc_lock(), 0);
	atomic_fetch_add(&taken, 1);
	/* its own, and known to be */
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	sc_unlock();
	return arg;
}

static void nap(void)
{
	const struct timespec t = { 0, 20000000 };

	nanosleep(&t, NULL);
}

#define WAITERS	5

/* All of them wait while it is held, and each is woken in the end. */
START_TEST(test_lock_wakes_every_waiter)
{
	pthread_t threads[WAITERS];
	int i;

	ck_assert_int_eq(sc_lock(), 0);
	for (i = 0; i < WAITERS; i++)
		ck_assert_int_eq(pthread_create(threads + i, NULL, take_once,
						NULL), 0);
	while (atomic_load(&trying) < WAITERS)
		sched_yield();
	nap();
	ck_assert_int_eq(atomic_load(&taken), 0);
	/* with others waiting it is still known whose it is */
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	sc_unlock();
	for (i = 0; i < WAITERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(atomic_load(&taken), WAITERS);
}
END_TEST

#define ROUNDS	4000
static volatile unsigned long counter;
static char done;

static void *count_up(void *arg)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (sc_lock())
			return NULL;
		counter = counter + 1;
		sc_unlock();
	}
	return arg;
}

START_TEST(test_lock_excludes)
{
	pthread_t threads[4];
	void *result;
	int i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(threads + i, NULL, count_up,
						&done), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		ck_assert_ptr_eq(result, &done);
	}
	ck_assert_uint_eq(counter, 4 * ROUNDS);
}
END_TEST

static atomic_int stop;
static atomic_ulong times;

/* As an update in a loop: there is hardly a moment without the lock. */
static void *take_in_a_loop(void *arg)
{
	volatile int work;

	while (!atomic_load(&stop)) {
		if (sc_lock())
			return NULL;
		for (work = 0; work < 200000; work++)
			;
		atomic_fetch_add(&times, 1);
		sc_unlock();
	}
	return arg;
}

#define TURNS	50

/*
 * How often the other has it while this one waits: once or twice, and a few times
 * more where a thread that is woken is late.  Where the first to come takes it,
 * hundreds.
 */
START_TEST(test_lock_lets_others_have_it)
{
	unsigned long waited = 0, before;
	pthread_t thread;
	void *result;
	int i;

	ck_assert_int_eq(pthread_create(&thread, NULL, take_in_a_loop, &done),
			 0);
	while (!atomic_load(&times))
		sched_yield();
	for (i = 0; i < TURNS; i++) {
		nap();	/* the other is in its loop again */
		before = atomic_load(&times);
		ck_assert_int_eq(sc_lock(), 0);
		waited += atomic_load(&times) - before;
		sc_unlock();
	}
	atomic_store(&stop, 1);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, &done);
	printf("# %lu times in %d turns\n", waited, TURNS);
	ck_assert_uint_lt(waited, 10 * TURNS);
}
END_TEST

/* ------------------------------------------------------------ signals */

static volatile sig_atomic_t handled;

static void handle(int sig)
{
	handled = 1;
}

static void expect_mask(const sigset_t *want)
{
	sigset_t now;
	int sig;

	sigprocmask(SIG_BLOCK, NULL, &now);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		ck_assert_int_eq(sigismember(&now, sig),
				 sigismember(want, sig));
}

START_TEST(test_lock_blocks_signals)
{
	sigset_t before;

	signal(SIGUSR1, handle);
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	sigprocmask(SIG_SETMASK, &before, NULL);
	ck_assert_int_eq(sc_lock(), 0);
	raise(SIGUSR1);
	ck_assert(!handled);
	/* a try that fails does not let them through */
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	ck_assert(!handled);
	sc_unlock();
	/* at once; TSan keeps it until the next call that may block */
	nap();
	ck_assert(handled);
	expect_mask(&before);
}
END_TEST

static sigjmp_buf away;

static void jump_away(int sig)
{
	siglongjmp(away, 1);
}

static void *leave_by_a_jump(void *arg)
{
	sigset_t none;

	(void)arg;
	/* The one that made this thread holds the lock. */
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	if (sigsetjmp(away, 1) == 0) {
		atomic_fetch_add(&trying, 1);
		sc_lock();
		return NULL;
	}
	return &done;
}

/*
 * Who waits takes signals, and may never come back: the others are woken all the
 * same.
 */
START_TEST(test_lock_waiter_takes_signals)
{
	pthread_t leaver, waiter;
	void *result;

	signal(SIGUSR1, jump_away);
	ck_assert_int_eq(sc_lock(), 0);
	ck_assert_int_eq(pthread_create(&leaver, NULL, leave_by_a_jump, NULL),
			 0);
	while (atomic_load(&trying) < 1)
		sched_yield();
	nap();
	ck_assert_int_eq(pthread_create(&waiter, NULL, take_once, NULL), 0);
	while (atomic_load(&trying) < 2)
		sched_yield();
	nap();
	pthread_kill(leaver, SIGUSR1);
	pthread_join(leaver, &result);
	ck_assert_ptr_eq(result, &done);
	ck_assert_int_eq(atomic_load(&taken), 0);
	sc_unlock();
	pthread_join(waiter, NULL);
	ck_assert_int_eq(atomic_load(&taken), 1);
}
END_TEST

START_TEST(test_lock_cannot_be_cancelled)
{
	int state;

	ck_assert_int_eq(sc_lock(), 0);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	ck_assert_int_eq(state, PTHREAD_CANCEL_DISABLE);
	sc_unlock();
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	ck_assert_int_eq(state, PTHREAD_CANCEL_ENABLE);
}
END_TEST

START_TEST(test_lock_that_fails_keeps_the_mask)
{
	sigset_t held, now;
	int sig;

	ck_assert_int_eq(sc_lock(), 0);
	sigprocmask(SIG_BLOCK, NULL, &held);
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	sigprocmask(SIG_BLOCK, NULL, &now);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		ck_assert_int_eq(sigismember(&now, sig),
				 sigismember(&held, sig));
	sc_unlock();
}
END_TEST

/* --------------------------------------------------------------- fork */

static int exit_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void in_the_child(void)
{
	sigset_t empty;

	sc_unlock_child();
	sigemptyset(&empty);
	expect_mask(&empty);
	/* the child's own thread can have it, and be known by its new id */
	if (sc_lock() || sc_lock() != -EDEADLK)
		_exit(1);
	sc_unlock();
	_exit(0);
}

START_TEST(test_lock_in_a_forked_child)
{
	sigset_t empty;
	pid_t pid;

	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	ck_assert_int_eq(sc_lock(), 0);
	pid = fork();
	if (pid == 0)
		in_the_child();
	ck_assert_int_gt(pid, 0);
	sc_unlock();
	ck_assert_int_eq(exit_of(pid), 0);
	ck_assert_int_eq(sc_lock(), 0);
	sc_unlock();
}
END_TEST

/*
 * A fork with waiters: the mark they left is copied to a child in which they do
 * not exist, and must not keep it from anything.
 */
START_TEST(test_lock_forked_with_waiters)
{
	pthread_t thread;
	pid_t pid;

	ck_assert_int_eq(sc_lock(), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, take_once, NULL), 0);
	while (!atomic_load(&trying))
		sched_yield();
	nap();
	pid = fork();
	if (pid == 0) {
		sc_unlock_child();
		if (sc_lock())
			_exit(1);
		sc_unlock();
		_exit(0);
	}
	sc_unlock();
	ck_assert_int_eq(exit_of(pid), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&taken), 1);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("lock");

	tcase_add_test(tc, test_lock_and_unlock);
	tcase_add_test(tc, test_lock_knows_its_owner);
	tcase_add_test(tc, test_lock_wakes_every_waiter);
	tcase_add_test(tc, test_lock_excludes);
	tcase_add_test(tc, test_lock_lets_others_have_it);
	tcase_add_test(tc, test_lock_blocks_signals);
	tcase_add_test(tc, test_lock_waiter_takes_signals);
	tcase_add_test(tc, test_lock_cannot_be_cancelled);
	tcase_add_test(tc, test_lock_that_fails_keeps_the_mask);
	tcase_add_test(tc, test_lock_in_a_forked_child);
	tcase_add_test(tc, test_lock_forked_with_waiters);
	return unit_end();
}
