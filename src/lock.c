/* SPDX-License-Identifier: MIT */
/*
 * lock.c - a lock that knows its owner from the moment it is taken, and that is
 * free in a child of fork().
 *
 * Taking the lock and recording the owner is one store.  So whatever stops the
 * owner anywhere, and tries again on its thread, gets -EDEADLK.  With a pthread
 * mutex the owner is noted a moment after the lock is taken, and a second try in
 * between waits for ever.
 *
 * The lock lies on a page of its own that the kernel wipes as it makes a child
 * (MADV_WIPEONFORK).  The child finds the lock free and the mark gone, whatever
 * made it: fork(), _Fork(), clone(), from whatever namespace of the loader.  One
 * that shares the memory (vfork, CLONE_VM) finds the page as it is.
 *
 * The word:
 *
 *	        take
 *	FREE ----------> OWNER --------> OWNER, WAITERS
 *	  ^                |     a wait         |
 *	  +----------------+--------------------+
 *	        unlock              unlock, and wake all
 *
 * All that wait are woken, and each that finds an owner sets WAITERS anew.  In a
 * child of fork() the word is FREE, whatever it was.
 */
#include "sc_config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* SC_PLAIN: a test builds it as for a system that is not Linux. */
#if defined(HAVE_LINUX_FUTEX_H) && !defined(SC_PLAIN)
#define SC_FUTEX	1
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include "lock.h"
#include "page.h"
#include "valgrind.h"

struct page {
	_Atomic uint32_t word;	/* the owner, and WAITERS; 0: free */
	_Atomic uint32_t mark;	/* 1: the state is this process's own */
	/*
	 * The owner's signal mask, and whether it can be cancelled: what the
	 * library does with the lock held opens and closes files, which are
	 * cancellation points.  Written and read by the owner alone.
	 */
	sigset_t signals;
	int cancel;
};
#define WAITERS		0x80000000u

/* For the page, wherever this lies.  A kernel of larger ones is not asked to wipe. */
static char room[2 * SC_PAGE_MAX];

/* Set once, by the first that needs it; NULL again when the copy ends. */
static struct page *_Atomic the_page;

/*
 * How many threads are between sc_lock() and the end of sc_unlock(), and whether
 * no more may come.  Not on the page, for it is asked before the page is
 * touched.  In a child of fork() the number is its parent's, too high.
 */
static _Atomic uint32_t gate;
#define CLOSED		0x80000000u

/* Whether this process has found its mark gone once.  Written by the owner. */
static bool inherited;

static void wait_a_moment(void)
{
	const struct timespec moment = { 0, 50000 };

	nanosleep(&moment, NULL);
}

#ifdef SC_FUTEX

#ifndef SYS_futex
#define SYS_futex SYS_futex_time64
#endif

/* Not cached: a child of vfork or clone shares this memory under its own id. */
static uint32_t lock_self(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

/*
 * Without a limit in time: a 32-bit system has two forms of that, and only the C
 * library knows which of them its struct timespec is.  A kernel may have no
 * futexes, and a sandbox may refuse them.
 */
static void lock_wait(struct page *page, uint32_t seen)
{
	if (syscall(SYS_futex, &page->word, FUTEX_WAIT_PRIVATE, seen, NULL,
		    NULL, 0) && errno != EAGAIN && errno != EINTR)
		wait_a_moment();
}

/* All of them: one alone may never come, if a handler took it elsewhere. */
static void lock_wake(struct page *page)
{
	syscall(SYS_futex, &page->word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL,
		0);
}

/* The kernel's set of signals has this size; the C library's is larger. */
#define KERNEL_SET	((_NSIG + 6) / 8)

static void unblock(unsigned long *set, int signal)
{
	const int bits = 8 * sizeof(*set);

	set[(signal - 1) / bits] &= ~(1ul << (signal - 1) % bits);
}

/* All of them, also those that the C library keeps for itself. */
static void block_signals(sigset_t *old)
{
	unsigned long set[KERNEL_SET / sizeof(long)];

	memset(set, 0xff, sizeof(set));
	unblock(set, SIGSYS);
	unblock(set, SIGSEGV);
	unblock(set, SIGBUS);
	unblock(set, SIGILL);
	unblock(set, SIGFPE);
	unblock(set, SIGTRAP);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, set, old, sizeof(set));
}

static void restore_signals(const sigset_t *old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, old, NULL,
		(size_t)KERNEL_SET);
}

#else

/* The address of errno is this thread's alone; 31 of its bits must do. */
static uint32_t lock_self(void)
{
	return (uint32_t)((uintptr_t)&errno >> 2) & ~WAITERS;
}

static void lock_wait(struct page *page, uint32_t seen)
{
	(void)page;
	(void)seen;
	wait_a_moment();
}

static void lock_wake(struct page *page)
{
	(void)page;
}

static void block_signals(sigset_t *old)
{
	static const int unblocked[] = { SIGSYS, SIGSEGV, SIGBUS, SIGILL,
					 SIGFPE, SIGTRAP };
	sigset_t all;
	size_t i;

	sigfillset(&all);
	for (i = 0; i < sizeof(unblocked) / sizeof(unblocked[0]); i++)
		sigdelset(&all, unblocked[i]);
	pthread_sigmask(SIG_SETMASK, &all, old);
}

static void restore_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

#endif

/* ------------------------------------------------------------- the page */

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK	18
#endif

/*
 * Where the kernel does not wipe.  It takes no lock and so cannot hang; but it
 * does not run in a child of _Fork() or clone(), nor in one of a program whose
 * C library is another copy.
 */
static void forget_in_child(void)
{
	struct page *page = the_page;

	if (!page)
		return;
	atomic_store(&page->word, 0);
	atomic_store(&page->mark, 0);
}

/* Some emulators say yes to any advice and wipe nothing. */
static bool kernel_wipes(void *page, size_t len)
{
	const int no_such_advice = -1;

	return madvise(page, len, no_such_advice) != 0 &&
	       madvise(page, len, MADV_WIPEONFORK) == 0;
}

/*
 * Static memory, for a start has few system calls.  Two that come here at once
 * do the same; a child that is born meanwhile does it again, and nothing has
 * happened by then that it could not know.
 */
static struct page *make_page(void)
{
	size_t size = (size_t)getpagesize();
	struct page *page = size > SC_PAGE_MAX ? (void *)room :
						 sc_first_page(room, size);

	if (size > SC_PAGE_MAX || !kernel_wipes(page, size))
		pthread_atfork(NULL, NULL, forget_in_child);
	page->mark = 1;
	the_page = page;
	return page;
}

bool sc_lock_is_marked(void)
{
	return the_page->mark;
}

void sc_lock_mark(void)
{
	inherited = true;
	the_page->mark = 1;
}

/* ------------------------------------------------------------- the gate */

/* Pairs with sc_lock_close(): a thread is counted before it is let in. */
static bool gate_enter(void)
{
	if (!(atomic_fetch_add(&gate, 1) & CLOSED))
		return true;
	atomic_fetch_sub(&gate, 1);
	return false;
}

static void gate_leave(void)
{
	atomic_fetch_sub(&gate, 1);
}

void sc_lock_close(void)
{
	atomic_fetch_or(&gate, CLOSED);
}

bool sc_lock_wait_until_empty(void)
{
	while (!inherited && atomic_load(&gate) != CLOSED)
		sched_yield();
	return !inherited;
}

void sc_lock_end(void)
{
	the_page = NULL;
}

/* ------------------------------------------------------------- the lock */

/* One try to take the lock, as @self; 0, or its owner. */
static uint32_t try_to_take(struct page *page, uint32_t self)
{
	uint32_t seen = 0;

	if (atomic_compare_exchange_strong(&page->word, &seen, self))
		return 0;
	return seen;
}

/*
 * Asks the owner @seen to wake the waiters as it unlocks; what the word is then,
 * or 0 where it has changed.
 */
static uint32_t mark_waiting(struct page *page, uint32_t seen)
{
	if ((seen & WAITERS) ||
	    atomic_compare_exchange_strong(&page->word, &seen, seen | WAITERS))
		return seen | WAITERS;
	return 0;
}

static void restore(const sigset_t *signals, int cancel)
{
	pthread_setcancelstate(cancel, NULL);
	restore_signals(signals);
}

/*
 * One try, with signals blocked.  Returns 0 with the lock held, an error, or 1
 * where another thread has it.  Then *@word is what to wait for; 0: try again.
 */
static int try_lock(uint32_t *word, struct page **out)
{
	struct page *page;
	uint32_t self, seen;
	int err = 0;

	if (!gate_enter())
		return -EPERM;
	page = the_page;
	if (!page)
		page = make_page();
	*out = page;
	/* Anew in each round: a handler may have made a child. */
	self = lock_self();
	seen = try_to_take(page, self);
	if ((seen & ~WAITERS) == self)
		err = -EDEADLK;
	else if (seen)
		err = 1;
	if (err == 1)
		*word = mark_waiting(page, seen);
	if (err)
		gate_leave();
	return err;
}

/*
 * Signals are blocked while the lock is held, and not while it is waited for: a
 * handler may run then, and take the lock itself, or leave by a jump, or fork.
 * Meanwhile the thread is not inside the gate either, and only the kernel
 * touches the page, which may be unmapped by then.
 */
int sc_lock(void)
{
	struct page *page = NULL;
	sigset_t signals;
	int cancel, err;

	for (;;) {
		uint32_t word = 0;

		block_signals(&signals);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
		err = try_lock(&word, &page);
		if (!err)
			break;
		restore(&signals, cancel);
		if (err < 0)
			return err;
		if (word)
			lock_wait(page, word);
	}
	if (!page->mark) {
		sc_valgrind_inherit_lock(&page->word);
		sc_valgrind_inherit(page, sizeof(*page));
	}
	sc_valgrind_locked(&page->word);
	page->signals = signals;
	page->cancel = cancel;
	return 0;
}

void sc_unlock(void)
{
	struct page *page = the_page;
	sigset_t signals = page->signals;
	int cancel = page->cancel;

	sc_valgrind_unlock(&page->word);
	if (atomic_exchange(&page->word, 0) & WAITERS)
		lock_wake(page);
	gate_leave();
	restore(&signals, cancel);
}
