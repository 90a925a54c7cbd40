/* SPDX-License-Identifier: MIT */
/*
 * coming.c - the places of a module that comes are patched to the current targets
 * of their keys.
 *
 * Part by part: what is not patched yet is right, too, and a plan of all would
 * touch two thirds as much memory again as the places take.
 */
#include "sc_config.h"

#include "places.h"
#include "plan.h"

size_t sc_places_part = 2048;

static int patch_part(struct sc_plan *plan)
{
	int err = sc_plan_prepare(plan);

	if (!err)
		sc_text_commit();
	plan->n_changes = 0;
	return err;
}

/* Patches all places of @key, wherever they are, to its current target. */
static int patch_key(struct sc_plan *plan, struct sc_key *key)
{
	struct sc_plan_key *k = plan->keys + plan->n_keys++;
	struct sc_place *p;
	int err = 0;

	*k = (struct sc_plan_key){
		.key = key->key,
		.entry = key,
		.func = key->target,
		.target = sc_target_of(key->target, key->tramp),
	};
	for (p = key->places; p && !err; p = p->next_of_key) {
		if (!p->text || !p->text->stuck)
			sc_plan_add(plan, p, &k->target);
		if (plan->n_changes == sc_places_part)
			err = patch_part(plan);
	}
	return err;
}

/*
 * The places of a module that comes, and those of its keys that wait elsewhere:
 * they were used before anybody had defined them.
 */
int sc_places_patch(struct sc_plan *plan, const struct sc_module *m)
{
	const struct sc_places *places = m->places;
	const size_t part = sc_places_part;
	int err = 0;
	size_t i;

	sc_plan_clear(plan);
	sc_plan_expect(plan, part < places->n ? part : places->n);
	/* Its places were linked just now: the first of each key heads the list. */
	for (i = 0; i < places->n && !err; i++) {
		struct sc_place *p = places->places + i;

		if (p->key && p->key->places == p && p->key->owned)
			err = patch_key(plan, p->key);
	}
	for (i = 0; i < m->image->n_defines && !err; i++) {
		struct sc_key *key = sc_registry_lookup(m->image->defines[i].key);
		const struct sc_place *p = key ? key->places : NULL;

		if (p && (p < places->places || p >= places->places + places->n))
			err = patch_key(plan, key);
	}
	return err ? err : patch_part(plan);
}
