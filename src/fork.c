/* SPDX-License-Identifier: MIT */
/*
 * fork.c - a child of fork() repairs what it has inherited.
 *
 * There is no handler and no lock held across fork(): a handler would wait for
 * locks of the program, and many ways to make a child run none.  The child finds
 * at its first use of the lock that the mark is gone (lock.h), and comes here.
 * Calls were right before: text was pristine, or led to what the key held.
 *
 * What is done here may be cut off by another fork(), and is done again then;
 * so each step leads to the same end from wherever it begins.
 */
#include "sc_config.h"

#include "backend.h"
#include "fork.h"
#include "log.h"
#include "registry.h"
#include "world.h"

/* An update whose keys were being stored is completed. */
static void store_the_rest(void)
{
	struct sc_plan *plan = sc_world->storing;
	size_t i;

	for (i = 0; plan && i < plan->n_keys; i++)
		sc_registry_store(plan->keys + i);
	sc_world->storing = NULL;
}

/* All keys that have places, each to what it holds. */
static int plan_all(struct sc_plan *plan)
{
	struct sc_key *entry;
	size_t n = 0;
	int err;

	for (entry = sc_world->keys; entry; entry = entry->next)
		n += entry->places != NULL;
	err = sc_plan_reserve_keys(plan, n);
	if (err)
		return err;
	sc_plan_clear(plan);
	for (entry = sc_world->keys; entry; entry = entry->next)
		if (entry->places && !sc_registry_stuck(entry))
			plan->keys[plan->n_keys++] = (struct sc_plan_key){
				.key = entry->key,
				.entry = entry,
				.func = entry->target,
			};
	return 0;
}

static void patch_again(void)
{
	struct sc_plan *plan = &sc_world->plan;
	int err = plan_all(plan);

	if (!err)
		err = sc_backend_prepare(plan);
	if (!err)
		sc_backend_commit();
	sc_log("child of fork", "patched again", NULL, err);
}

void sc_repair_after_fork(void)
{
	store_the_rest();
	sc_registry_repair();
	sc_backend_repair(sc_world->modules);
	sc_world->moving = NULL;
	patch_again();
}
