/* SPDX-License-Identifier: MIT */
/*
 * why.h - which system calls have failed and how, in words: "mremap: EPERM".
 * For static_call_get_info() and the log.
 *
 * All of it is guarded by the library's lock.
 */
#ifndef SC_WHY_H
#define SC_WHY_H

#include <stddef.h>

/*
 * Notes that @call has failed with @err, a negative errno; or @call alone says
 * it, and @err is 0.  @file, where it is not NULL, ends the path in @call.  Both
 * are literals: the manual lists them.  The same is noted once.  Returns @err,
 * and keeps errno.
 */
int sc_why_note(const char *call, const char *file, int err);

/* How many notes there are; forgets all but the first @n. */
size_t sc_why_count(void);
void sc_why_forget(size_t n);

/* In a child of fork(): its parent may have been in the middle of a note. */
void sc_why_repair(void);

/* The notes as a text that stays what it is for ever; NULL: there are none. */
const char *sc_why(void);

#endif
