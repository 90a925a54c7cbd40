/* SPDX-License-Identifier: MIT */
/* fork.h - a child of fork() repairs what it has inherited. */
#ifndef SC_FORK_H
#define SC_FORK_H

/*
 * With the lock held, in a child that finds that its memory is its parent's:
 * ends what another thread of the parent had begun, and patches again.
 */
void sc_repair_after_fork(void);

#endif
