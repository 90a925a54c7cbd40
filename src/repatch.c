/* SPDX-License-Identifier: MIT */
/*
 * repatch.c - all calls become direct again: in a child of fork(), which has made
 * its text pristine, and where text can be patched that could not be before.
 */
#include "sc_config.h"

#include "backend.h"
#include "log.h"
#include "registry.h"
#include "repatch.h"
#include "world.h"

/*
 * All keys that have places, each to what it holds.  Text is pristine now, which
 * is what makes a plan of "no news" change it.
 */
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
		if (entry->places && entry->owned && !sc_registry_stuck(entry))
			plan->keys[plan->n_keys++] = (struct sc_plan_key){
				.key = entry->key,
				.entry = entry,
				.func = entry->target,
			};
	return 0;
}

void sc_patch_again(void)
{
	struct sc_plan *plan = &sc_world->plan;
	int err = plan_all(plan);

	if (!err)
		err = sc_backend_prepare(plan);
	if (!err)
		sc_backend_commit();
	sc_log_error("text", NULL,
		     err ? "not patched again" : "all calls are patched again",
		     err ? sc_backend_trouble() : NULL, err);
}
