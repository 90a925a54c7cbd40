/* SPDX-License-Identifier: MIT */
/*
 * retire_rcu.c - liburcu knows when the threads that were in a read-side section have
 * left it.  Link with the flags of "pkg-config --libs liburcu".
 */
#include <urcu.h>

#include "retire.h"

void caller(int thread)
{
	(void)thread;
	rcu_register_thread();
	while (!atomic_load(&stop)) {
		rcu_read_lock();
		call();
		rcu_read_unlock();
	}
	rcu_unregister_thread();
}

void wait_for_callers(void)
{
	synchronize_rcu();
}
