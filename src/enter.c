/* SPDX-License-Identifier: MIT */
/*
 * enter.c - the way into the library, and the end of a copy of it.
 *
 * A copy that is linked into a plugin is unloaded with it.  What it has mapped
 * must go then, or a plugin that is loaded five hundred times leaks five hundred
 * times.  The copy of the main program, and libstaticcall.so, which is linked
 * -z nodelete, never end.
 */
#include "sc_config.h"

#include <errno.h>

#include "backend.h"
#include "enter.h"
#include "fork.h"
#include "lock.h"
#include "mem.h"
#include "registry.h"
#include "permanent.h"
#include "world.h"

struct sc_world *sc_world;

/*
 * The world lies on a page of the library's own: world.h says why.  A child of
 * fork() that is born before the store has none yet, and makes its own.
 */
static int make_world(void)
{
	if (!sc_world)
		sc_world = sc_alloc(sizeof(*sc_world));
	return sc_world ? 0 : -ENOMEM;
}

int sc_enter(void)
{
	int err = sc_lock();

	if (err)
		return err;
	if (make_world()) {
		sc_unlock();
		return -ENOMEM;
	}
	/* Repair may be interrupted by another fork(), and is then repeated. */
	if (!sc_lock_is_marked()) {
		sc_repair_after_fork();
		sc_lock_mark();
	}
	return 0;
}

void sc_leave(void)
{
	sc_backend_rest();
	sc_unlock();
}

/*
 * The order matters.  The gate is closed with the lock held, so that no thread
 * is between the two questions; threads that are on their way out still touch
 * the page of the lock, so it is forgotten last, when all of them have left.
 *
 * In a child of fork() it is not known how many threads were inside, for those
 * that the parent had are not there: then everything stays mapped.
 */
void sc_end_if_unloaded(void)
{
	static char this_copy;

	if (sc_is_permanent(&this_copy) || sc_enter())
		return;
	if (!sc_registry_end()) {
		sc_leave();
		return;
	}
	sc_lock_close();
	sc_leave();
	if (!sc_lock_wait_until_empty())
		return;
	sc_backend_end();
	sc_keys_end();
	sc_plan_free(&sc_world->plan);
	sc_free(sc_world, sizeof(*sc_world));
	sc_world = NULL;
	sc_permanent_end();
	sc_mem_end();
	sc_lock_end();
}
