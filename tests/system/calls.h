/* SPDX-License-Identifier: MIT */
/*
 * calls.h - some static calls, updates of them in every way, and a look at each
 * result.  Knows nothing of the library but its public header.
 */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#include <static_call.h>

/* Reports a fault on stdout, and counts it. */
void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
unsigned long faults(void);

/*
 * Changes all calls @rounds times, singly and in batches, and calls them after
 * each.  Each update must return the error @err (0 or a positive errno; if
 * negative, that or 0); where it returns an error nothing may have changed.  One
 * thread at a time.
 */
void change_and_check(unsigned int rounds, int err);

/* One update of the call that a_site() belongs to, refused with @err. */
void refused_change(int err);

/* Calls in any thread; the result must be of a target in force meanwhile. */
void call_and_check(void);

/* The same for one call, without a thread-local variable. */
void call_value_and_check(void);

/* The address of a patched site; NULL: there is none. */
const void *a_site(void);

#endif /* SYSTEM_CALLS_H */
