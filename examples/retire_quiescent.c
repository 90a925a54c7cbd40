/* SPDX-License-Identifier: MIT */
/*
 * retire_quiescent.c - each thread has a point in its loop at which it is in no static
 * call, and counts how often it was there: the event loop of a server, for example.
 *
 * Calls cost nothing more.  A thread that sleeps must say so, or it would be awaited.
 */
#include <sched.h>

#include "retire.h"

/* How often each thread was at its point; 0: it is not running, or asleep there. */
static atomic_ulong passed[CALLERS];

void caller(int thread)
{
	unsigned long n = 1;

	while (!atomic_load(&stop)) {
		atomic_store(&passed[thread], n++);
		call();
		call();
	}
	atomic_store(&passed[thread], 0);
}

void wait_for_callers(void)
{
	int i;

	for (i = 0; i < CALLERS; i++) {
		unsigned long seen = atomic_load(&passed[i]);

		while (seen && atomic_load(&passed[i]) == seen)
			sched_yield();
	}
}
