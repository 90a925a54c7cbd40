/* SPDX-License-Identifier: MIT */
/*
 * lock.c - a lock that knows its owner from the moment it is taken.
 *
 * Whatever stops the owner anywhere and tries again on its thread must get
 * -EDEADLK, also in the instruction after the lock was taken.  With a pthread
 * mutex the owner is noted a moment after the lock is taken, and a second try in
 * between waits for ever.  Here taking the lock and noting the owner is one
 * store.
 */
#include "sc_config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LINUX_FUTEX_H
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include "lock.h"
#include "valgrind.h"

/* The owner, and whether somebody waits; 0: free. */
static _Atomic uint32_t sc_lock_word;
#define SC_LOCK_WAITERS	0x80000000u

/*
 * Who let the lock go while others waited, until one of those has it; 0: nobody.
 * Woken, they need a moment to come.  Who takes the lock in a loop would be there
 * first each time, and fork() beside it, which needs the lock too, would wait for
 * as long.
 */
static _Atomic uint32_t sc_lock_giver;

/*
 * The owner's signal mask, and whether it can be cancelled: what the library
 * does with the lock held opens and closes files, which are cancellation
 * points.  Written and read by the owner alone.
 */
static struct {
	sigset_t signals;
	int cancel;
} sc_lock_owner;

#ifdef HAVE_LINUX_FUTEX_H

/* Not cached: a child of vfork or clone shares this memory under its own id. */
static uint32_t lock_self(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

static void lock_wait(uint32_t seen)
{
	syscall(SYS_futex, &sc_lock_word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL,
		0);
}

/* All of them: one alone may never come, if a handler took it elsewhere. */
static void lock_wake(void)
{
	syscall(SYS_futex, &sc_lock_word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL,
		NULL, 0);
}

/* Until the giver is another, or a millisecond is over. */
static void wait_for_taker(uint32_t self)
{
	const struct timespec most = { 0, 1000000 };

	syscall(SYS_futex, &sc_lock_giver, FUTEX_WAIT_PRIVATE, self, &most,
		NULL, 0);
}

static void wake_giver(void)
{
	syscall(SYS_futex, &sc_lock_giver, FUTEX_WAKE_PRIVATE, INT_MAX, NULL,
		NULL, 0);
}

/* All of them, also those that the C library keeps for itself. */
static void block_signals(sigset_t *old)
{
	unsigned long all[64 / (8 * sizeof(long))];

	memset(all, 0xff, sizeof(all));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, old, sizeof(all));
}

static void restore_signals(const sigset_t *old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, old, NULL, (size_t)8);
}

#else

/* The address of errno is this thread's alone; 31 of its bits must do. */
static uint32_t lock_self(void)
{
	return (uint32_t)((uintptr_t)&errno >> 2) & ~SC_LOCK_WAITERS;
}

static void lock_wait(uint32_t seen)
{
	const struct timespec pause = { 0, 50000 };

	(void)seen;
	nanosleep(&pause, NULL);
}

static void lock_wake(void)
{
}

static void wait_for_taker(uint32_t self)
{
	lock_wait(self);
}

static void wake_giver(void)
{
}

static void block_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, old);
}

static void restore_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

#endif

/*
 * One try to take the lock, as @self; 0, or who has it.  Whoever waited takes it
 * with the mark on, for others may wait that it does not know of.
 */
static uint32_t try_to_take(uint32_t self, bool waited)
{
	uint32_t seen = 0;

	if (waited)
		self |= SC_LOCK_WAITERS;
	if (atomic_compare_exchange_strong(&sc_lock_word, &seen, self))
		return 0;
	return seen;
}

/* Waits until @seen, who has the lock, may have let it go. */
static void wait_for(uint32_t seen)
{
	if ((seen & SC_LOCK_WAITERS) ||
	    atomic_compare_exchange_strong(&sc_lock_word, &seen,
					   seen | SC_LOCK_WAITERS))
		lock_wait(seen | SC_LOCK_WAITERS);
}

/* Not for ever: who waited may have left by a jump, or have been killed. */
static void let_others(uint32_t self)
{
	if (atomic_load_explicit(&sc_lock_giver, memory_order_relaxed) != self)
		return;
	wait_for_taker(self);
	atomic_compare_exchange_strong(&sc_lock_giver, &self, 0);
}

/* With the lock just taken. */
static void thank_giver(uint32_t self)
{
	uint32_t giver = atomic_load_explicit(&sc_lock_giver,
					      memory_order_relaxed);

	if (giver && giver != self &&
	    atomic_compare_exchange_strong(&sc_lock_giver, &giver, 0))
		wake_giver();
}

static void restore(const sigset_t *signals, int cancel)
{
	pthread_setcancelstate(cancel, NULL);
	restore_signals(signals);
}

/*
 * Signals are blocked while the lock is held, and not while it is waited for: a
 * handler may run then, and take the lock itself, or leave by a jump.
 */
int sc_lock(void)
{
	uint32_t self = lock_self(), seen;
	bool waited = false;
	sigset_t signals;
	int cancel;

	let_others(self);
	for (;;) {
		block_signals(&signals);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
		seen = try_to_take(self, waited);
		if (!seen)
			break;
		restore(&signals, cancel);
		if ((seen & ~SC_LOCK_WAITERS) == self)
			return -EDEADLK;
		wait_for(seen);
		waited = true;
	}
	sc_valgrind_locked(&sc_lock_word);
	sc_lock_owner.signals = signals;
	sc_lock_owner.cancel = cancel;
	thank_giver(self);
	return 0;
}

void sc_unlock(void)
{
	sigset_t signals = sc_lock_owner.signals;
	int cancel = sc_lock_owner.cancel;
	uint32_t word = atomic_load(&sc_lock_word);

	sc_valgrind_unlock(&sc_lock_word);
	/* First, or who takes it now finds nobody to thank. */
	if (word & SC_LOCK_WAITERS)
		atomic_store(&sc_lock_giver, word & ~SC_LOCK_WAITERS);
	if (atomic_exchange(&sc_lock_word, 0) & SC_LOCK_WAITERS)
		lock_wake();
	restore(&signals, cancel);
}

void sc_unlock_child(void)
{
	sigset_t signals = sc_lock_owner.signals;
	int cancel = sc_lock_owner.cancel;

	sc_valgrind_unlock(&sc_lock_word);
	atomic_store(&sc_lock_word, 0);
	restore(&signals, cancel);
}
