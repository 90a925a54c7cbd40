/* SPDX-License-Identifier: MIT */
/*
 * lock.h - the one lock of the library.
 *
 * Lock order: the dynamic loader's lock (not ours; held while constructors and
 * destructors run, and so while modules come and go) -> this lock -> nothing.
 * So nothing that runs with this lock held may call the loader
 * (dl_iterate_phdr, dlopen) or code of the user.
 */
#ifndef SC_LOCK_H
#define SC_LOCK_H

/*
 * Returns 0, or -EDEADLK where this thread holds the lock already (a debugger
 * that calls a function of a stopped thread).  Until sc_unlock() all signals are
 * blocked and the thread cannot be cancelled: no handler runs, forks or jumps
 * away in the middle of an update.  While it waits signals come as usual.
 */
int sc_lock(void);
void sc_unlock(void);

/* sc_unlock() for the child of a fork that was made with the lock held. */
void sc_unlock_child(void);

#endif
