/* SPDX-License-Identifier: MIT */
/*
 * retire_count.c - callers count themselves in and out, around the call.
 *
 * Not inside the target: between the call and the first instruction of the target a
 * thread would be in code that nobody counts.  There are two counts, of which new callers
 * take one: so the other falls to zero even if there is always a caller.
 */
#include <sched.h>

#include "retire.h"

static atomic_int users[2], phase;

void caller(int thread)
{
	(void)thread;
	while (!atomic_load(&stop)) {
		int mine = atomic_load(&phase);

		atomic_fetch_add(&users[mine], 1);
		call();
		atomic_fetch_sub(&users[mine], 1);
	}
}

/* A caller may take the old count in the moment of the change: so both are awaited. */
void wait_for_callers(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		int old = atomic_load(&phase);

		atomic_store(&phase, !old);
		while (atomic_load(&users[old]))
			sched_yield();
	}
}
