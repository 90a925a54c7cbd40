/* SPDX-License-Identifier: MIT */
/* enter.c - the way into the library, and the end of a copy of it. */
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
	sc_unlock();
}

void sc_end_if_unloaded(void)
{
	static char this_copy;

	if (sc_is_permanent(&this_copy) || sc_enter())
		return;
	/* A module that is stuck must be remembered: then all is. */
	if (sc_world->modules || sc_world->keys) {
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
	sc_lock_end();
}
