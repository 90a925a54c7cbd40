/* SPDX-License-Identifier: MIT */
/*
 * lock.h - the one lock of the library, and what fork() does to it.
 *
 * Lock order: the dynamic loader's lock (not ours; held while constructors and
 * destructors run, and so while modules come and go) -> this lock -> nothing.
 * So nothing that runs with this lock held may call the loader
 * (dl_iterate_phdr, dlopen) or code of the user.  It is not held across fork():
 * in the child it is free, and the mark that lies beside it is gone.
 *
 * sc_enter() (enter.h) is what the library calls.
 */
#ifndef SC_LOCK_H
#define SC_LOCK_H

#include <stdbool.h>

/*
 * Returns 0; -EDEADLK where this thread holds the lock already (a debugger that
 * calls a function of a stopped thread); -EPERM after sc_lock_close().
 *
 * Until sc_unlock() signals are blocked and the thread cannot be cancelled: no
 * handler runs, forks or jumps away in the middle of an update.  Signals that a
 * thread raises by its own instructions are not blocked: a sandbox may answer
 * the library's system calls from a handler of SIGSYS, and the kernel kills
 * where such a signal is blocked.  While the thread waits, signals come as usual.
 */
int sc_lock(void);
void sc_unlock(void);

/*
 * With the lock held: whether this process, or one that shares its memory, has
 * set the mark.  In a child of fork() nobody has.
 */
bool sc_lock_is_marked(void);
void sc_lock_mark(void);

/*
 * From now on sc_lock() fails.  Wait: until no thread is inside.  False where
 * that cannot be known, in a child of fork().
 */
void sc_lock_close(void);
bool sc_lock_wait_until_empty(void);

/* Forgets the page of the lock; nobody may be inside, or come. */
void sc_lock_end(void);

#endif
