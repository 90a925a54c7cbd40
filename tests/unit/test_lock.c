/* SPDX-License-Identifier: MIT */
/*
 * test_lock.c - the one lock: exclusion, its owner, waiters, signals, and what a
 * child of fork() finds.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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

/* As an update in another process would. */
static int try_once(void)
{
	if (sc_lock())
		return 1;
	sc_unlock();
	return 0;
}

/* The lock is closed while this waits for it, or has been let in before. */
static void *wait_to_fail(void *arg)
{
	int err;

	atomic_fetch_add(&trying, 1);
	err = sc_lock();
	if (!err)
		sc_unlock();
	ck_assert(err == 0 || err == -EPERM);
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

/*
 * A signal that a thread raises by its own instructions gets through: the kernel
 * kills where it is blocked.  A sandbox answers system calls from SIGSYS.
 */
START_TEST(test_lock_lets_own_faults_through)
{
	static const int faults[] = { SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				      SIGTRAP };
	sigset_t held;
	size_t i;

	ck_assert_int_eq(sc_lock(), 0);
	sigprocmask(SIG_BLOCK, NULL, &held);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		ck_assert_int_eq(sigismember(&held, faults[i]), 0);
	ck_assert_int_eq(sigismember(&held, SIGUSR1), 1);
	sc_unlock();
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

/* It is free there, whoever holds it here, and the mark is gone. */
static int in_the_child(void *unused)
{
	(void)unused;
	if (sc_lock() || sc_lock() != -EDEADLK)
		_exit(1);
	if (sc_lock_is_marked())
		_exit(2);
	sc_lock_mark();
	if (!sc_lock_is_marked())
		_exit(3);
	sc_unlock();
	_exit(0);
}

/* No handler of pthread_atfork() runs; the order of arguments is the C library's. */
static pid_t child_of_clone(void)
{
	static char stack[1 << 16] __attribute__((aligned(64)));

	return clone(in_the_child, stack + sizeof(stack), SIGCHLD, NULL);
}

extern int __real_madvise(void *p, size_t len, int advice);

/* As the library asks: an emulator may say yes to any advice. */
static bool kernel_wipes(void)
{
	void *p = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return __real_madvise(p, 1, -1) != 0 &&
	       __real_madvise(p, 1, MADV_WIPEONFORK) == 0;
}

START_TEST(test_lock_in_a_forked_child)
{
	sigset_t before;
	pid_t pid;

	ck_assert_int_eq(sc_lock(), 0);
	ck_assert(sc_lock_is_marked());
	pid = _i ? child_of_clone() : fork();
	if (pid == 0)
		in_the_child(NULL);
	ck_assert_int_gt(pid, 0);
	/* what the child did is not seen here */
	ck_assert(sc_lock_is_marked());
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	sc_unlock();
	ck_assert_int_eq(exit_of(pid), 0);
	sigprocmask(SIG_BLOCK, NULL, &before);
	ck_assert_int_eq(sc_lock(), 0);
	sc_unlock();
	expect_mask(&before);
}
END_TEST

/*
 * A fork with waiters: the mark they left must not keep a child, in which they
 * do not exist, from anything.
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
	if (pid == 0)
		in_the_child(NULL);
	sc_unlock();
	ck_assert_int_eq(exit_of(pid), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&taken), 1);
}
END_TEST

/* A child that shares this memory respects who has the lock. */
static int peer(void *arg)
{
	(void)arg;
	return try_once();
}

static char peer_stack[65536] __attribute__((aligned(64)));

static pid_t start_peer(void)
{
	return clone(peer, peer_stack + sizeof(peer_stack), CLONE_VM | SIGCHLD,
		     NULL);
}

/* valgrind and qemu know no process that runs in the memory of another. */
static bool memory_can_be_shared(void)
{
#if defined(SC_PLAIN) || !defined(HAVE_LINUX_FUTEX_H)
	/* The address of errno, which tells threads there, is that of both. */
	return false;
#else
	return outside_of_valgrind() && start_peer() > 0;
#endif
}

START_TEST(test_lock_and_a_peer_that_shares_memory)
{
	pid_t pid;
	int status;

	ck_assert_int_eq(sc_lock(), 0);
	pid = start_peer();
	ck_assert_int_gt(pid, 0);
	nap();
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	sc_unlock();
	ck_assert_int_eq(exit_of(pid), 0);
}
END_TEST

/* --------------------------------- a kernel that does not wipe the page */

/* What the library is told; NULL: what the kernel says. */
static int (*advise)(void *p, size_t len, int advice);

int __wrap_madvise(void *p, size_t len, int advice);

int __wrap_madvise(void *p, size_t len, int advice)
{
	return (advise ? advise : __real_madvise)(p, len, advice);
}

/* Refuses, or says yes to all and does nothing, as some emulators do. */
static int no_wiping(void *p, size_t len, int advice)
{
	errno = EINVAL;
	return -1;
}

static int pretended_wiping(void *p, size_t len, int advice)
{
	return 0;
}

START_TEST(test_lock_where_the_page_is_not_wiped)
{
	pid_t pid;

	advise = _i ? pretended_wiping : no_wiping;
	ck_assert_int_eq(sc_lock(), 0);
	advise = NULL;
	pid = fork();
	if (pid == 0)
		in_the_child(NULL);
	sc_unlock();
	ck_assert_int_eq(exit_of(pid), 0);
}
END_TEST

/* A thread that cannot be cancelled stays so. */
START_TEST(test_lock_keeps_the_cancel_state)
{
	int state;

	pthread_setcancelstate(_i, NULL);
	ck_assert_int_eq(sc_lock(), 0);
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	sc_unlock();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	ck_assert_int_eq(state, _i);
}
END_TEST

/* ------------------------------------------------- the first that comes */

/* No mapping is made for it, so a start cannot fail for want of one. */
START_TEST(test_lock_needs_no_memory)
{
	struct traces before, after;

	traces_look(&before);
	ck_assert_int_eq(sc_lock(), 0);
	sc_unlock();
	traces_look(&after);
	ck_assert_uint_eq(after.bytes, before.bytes);
}
END_TEST

/* Another thread makes the page, just before this one's is there. */
static int make_another(void *p, size_t len, int advice)
{
	advise = NULL;
	ck_assert_int_eq(sc_lock(), 0);
	sc_unlock();
	return __real_madvise(p, len, advice);
}

START_TEST(test_lock_has_one_page)
{
	advise = make_another;
	ck_assert_int_eq(sc_lock(), 0);
	ck_assert_int_eq(sc_lock(), -EDEADLK);
	ck_assert(sc_lock_is_marked());
	sc_unlock();
}
END_TEST

/* What lies around the page is the program's, and the child has it. */
static char *around[2];

static int note_page(void *p, size_t len, int advice)
{
	ck_assert_uint_eq((uintptr_t)p % len, 0);
	ck_assert_uint_eq(len, (size_t)sysconf(_SC_PAGESIZE));
	around[0] = (char *)p - 1;
	around[1] = (char *)p + len;
	return __real_madvise(p, len, advice);
}

START_TEST(test_lock_wipes_its_page_alone)
{
	pid_t pid;

	advise = note_page;
	ck_assert_int_eq(sc_lock(), 0);
	ck_assert_ptr_nonnull(around[0]);
	*around[0] = *around[1] = 1;
	pid = fork();
	if (pid == 0)
		_exit(*around[0] != 1 || *around[1] != 1 ||
		      sc_lock_is_marked());
	*around[0] = *around[1] = 0;
	sc_unlock();
	ck_assert_int_eq(exit_of(pid), 0);
}
END_TEST

/* ------------------------------------------------------------- the end */

/* In a child there is no page to forget any more. */
START_TEST(test_fork_when_the_lock_is_gone)
{
	pid_t pid;

	advise = no_wiping;
	ck_assert_int_eq(sc_lock(), 0);
	sc_unlock();
	sc_lock_end();
	pid = fork();
	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(exit_of(pid), 0);
}
END_TEST

/* After it is closed nobody comes in, and the page goes when all are out. */
START_TEST(test_lock_is_closed)
{
	pthread_t thread;

	ck_assert_int_eq(sc_lock(), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_to_fail, NULL), 0);
	while (!atomic_load(&trying))
		sched_yield();
	nap();
	sc_lock_close();
	sc_unlock();
	ck_assert(sc_lock_wait_until_empty());
	pthread_join(thread, NULL);
	ck_assert_int_eq(sc_lock(), -EPERM);
	sc_lock_end();
	ck_assert_int_eq(sc_lock(), -EPERM);
}
END_TEST

/* Those who are refused are not inside, so nobody waits for them. */
START_TEST(test_closed_lock_is_soon_empty)
{
	ck_assert_int_eq(sc_lock(), 0);
	sc_lock_close();
	sc_unlock();
	ck_assert_int_eq(sc_lock(), -EPERM);
	ck_assert_int_eq(sc_lock(), -EPERM);
	ck_assert(sc_lock_wait_until_empty());
}
END_TEST

static atomic_int empty;

static void *wait_until_empty(void *arg)
{
	ck_assert(sc_lock_wait_until_empty());
	atomic_store(&empty, 1);
	return arg;
}

/* The page must not go while its owner is inside. */
START_TEST(test_closed_lock_waits_for_its_owner)
{
	pthread_t thread;

	ck_assert_int_eq(sc_lock(), 0);
	sc_lock_close();
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_until_empty, NULL),
			 0);
	nap();
	ck_assert_int_eq(atomic_load(&empty), 0);
	sc_unlock();
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&empty), 1);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("lock");

	tcase_add_test(tc, test_lock_and_unlock);
	tcase_add_test(tc, test_lock_knows_its_owner);
	tcase_add_test(tc, test_lock_wakes_every_waiter);
	tcase_add_test(tc, test_lock_excludes);
	tcase_add_test(tc, test_lock_blocks_signals);
	tcase_add_test(tc, test_lock_waiter_takes_signals);
	tcase_add_test(tc, test_lock_lets_own_faults_through);
	tcase_add_test(tc, test_lock_cannot_be_cancelled);
	tcase_add_test(tc, test_lock_that_fails_keeps_the_mask);
	tcase_add_loop_test(tc, test_lock_in_a_forked_child, 0, 1);
	unit_add_if(tc, test_lock_in_a_forked_child, 1, 2, kernel_wipes);
	tcase_add_test(tc, test_lock_forked_with_waiters);
	unit_add_if(tc, test_lock_and_a_peer_that_shares_memory, 0, 1,
		    memory_can_be_shared);
	tcase_add_loop_test(tc, test_lock_where_the_page_is_not_wiped, 0, 2);
	tcase_add_loop_test(tc, test_lock_keeps_the_cancel_state,
			    PTHREAD_CANCEL_ENABLE, PTHREAD_CANCEL_DISABLE + 1);
	tcase_add_test(tc, test_lock_needs_no_memory);
	tcase_add_test(tc, test_lock_has_one_page);
	tcase_add_test(tc, test_lock_wipes_its_page_alone);
	tcase_add_test(tc, test_fork_when_the_lock_is_gone);
	tcase_add_test(tc, test_lock_is_closed);
	tcase_add_test(tc, test_closed_lock_is_soon_empty);
	tcase_add_test(tc, test_closed_lock_waits_for_its_owner);
	return unit_end();
}
