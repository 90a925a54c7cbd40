/* SPDX-License-Identifier: MIT */
/* sync.h - making what was written seen by all threads (membarrier). */
#ifndef SC_SYNC_H
#define SC_SYNC_H

#include <stdbool.h>

/* Once, before the first use. */
void sc_sync_init(void);

/*
 * Every thread of the process passes a memory barrier and, where the kernel
 * offers it, an instruction that discards what it had fetched, before this
 * returns.  Does nothing where the kernel offers neither.
 */
void sc_sync_threads(void);

/*
 * Whether sc_sync_threads() discards what processors had fetched.  Certain after
 * its first call alone, for a system may offer what it refuses.
 */
bool sc_sync_covers_code(void);

#endif
