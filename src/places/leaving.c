/* SPDX-License-Identifier: MIT */
/*
 * leaving.c - places of a module that goes, and of a key that goes: made
 * pristine, then forgotten.
 */
#include "sc_config.h"

#include <errno.h>

#include "log.h"
#include "mem.h"
#include "places.h"
#include "plan.h"

/* Takes the places of one module out of the list of @key. */
static void unlink_places(struct sc_key *key, const struct sc_places *places)
{
	struct sc_place **link = &key->places, *p;

	while ((p = *link)) {
		if (p >= places->places && p < places->places + places->n) {
			*link = p->next_of_key;
			key->n_places--;
		} else {
			link = &p->next_of_key;
		}
	}
}

/*
 * Where text could not be given back to its file as a whole: place by place, as
 * in an update.
 */
static int make_pristine(struct sc_places *places, struct sc_plan *plan)
{
	size_t i;
	int err;

	sc_plan_clear(plan);
	for (i = 0; i < places->n; i++)
		sc_plan_add_pristine(plan, places->places + i);
	err = sc_plan_prepare(plan);
	if (!err)
		sc_text_commit();
	else
		sc_log_error("text", places->texts[0].path, "not restored",
			     sc_text_trouble(), err);
	return err;
}

/* Marks the texts that could not be made pristine; returns why, or 0. */
static int mark_stuck(struct sc_places *places, int err)
{
	int stuck = 0;
	size_t i;

	for (i = 0; i < places->n_texts; i++)
		if (sc_text_is_patched(places->texts + i))
			places->texts[i].stuck = stuck = err ? err : -EBUSY;
	return stuck;
}

/* Reads nothing in the module; each key's list is walked once (@mark). */
void sc_backend_drop(struct sc_module *m)
{
	static unsigned long mark;
	struct sc_places *places = m->places, **link;
	size_t i;

	for (i = 0; i < places->n_texts; i++)
		sc_text_forget(places->texts + i);
	mark++;
	for (i = 0; i < places->n; i++) {
		struct sc_key *key = places->places[i].key;

		if (key && key->mark != mark) {
			key->mark = mark;
			unlink_places(key, places);
		}
	}
	for (link = &sc_world->places; *link != places; link = &(*link)->next)
		;
	__atomic_store_n(link, places->next, __ATOMIC_RELEASE);
	sc_world->n_places -= places->n;
	m->places = NULL;
	sc_free(places, places->size);
}

int sc_backend_remove(struct sc_module *m, struct sc_plan *plan)
{
	struct sc_places *places = m->places;
	size_t i;
	int err;

	for (i = 0; i < places->n_texts; i++)
		sc_text_restore(places->texts + i);
	err = mark_stuck(places, make_pristine(places, plan));
	if (!err)
		sc_backend_drop(m);
	return err;
}

bool sc_backend_is_mapped(const struct sc_module *m)
{
	size_t i;

	for (i = 0; i < m->places->n_texts; i++)
		if (m->places->texts[i].stuck &&
		    sc_text_is_mapped(m->places->texts + i))
			return true;
	return false;
}

void sc_backend_orphan(struct sc_key *key, struct sc_plan *plan)
{
	struct sc_place *p;
	int err;

	sc_plan_clear(plan);
	for (p = key->places; p; p = p->next_of_key)
		if (!p->text || !p->text->stuck)
			sc_plan_add_pristine(plan, p);
	err = sc_plan_prepare(plan);
	if (err)
		sc_log_error("key", key->name,
			     "leaves, and calls elsewhere are not restored",
			     sc_text_trouble(), err);
	else
		sc_text_commit();
	for (p = key->places; p; p = p->next_of_key)
		p->key = NULL;
	key->places = NULL;
	key->n_places = 0;
}
