/* SPDX-License-Identifier: MIT */
/*
 * enter.h - entering the library: its lock, and its state in good order.
 *
 * All that reads or writes the state is between sc_enter() and sc_leave().
 */
#ifndef SC_ENTER_H
#define SC_ENTER_H

/*
 * Takes the lock; in a child of fork() that was born in the middle of something,
 * ends that.  Returns 0, -EDEADLK where this thread is inside already, -ENOMEM
 * where there is no memory for the state, or -EPERM where this copy of the
 * library has been unloaded.
 */
int sc_enter(void);
void sc_leave(void);

/*
 * After a module has left.  If it was the last, and this copy of the library is
 * unloaded with it, waits for other threads to leave, and gives back all memory.
 * Not with the lock held.
 */
void sc_end_if_unloaded(void);

#endif
