/* SPDX-License-Identifier: MIT */
/*
 * module_places.c - the places of modules: kept in order, one list a key; added,
 * removed, and linked again in a child of fork().
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "mem.h"
#include "places.h"
#include "plan.h"
#include "step.h"

/* Places of all modules; with the lock held.  A child counts them anew. */
static size_t n_all;
/* STATIC_CALL_PATCH=0.  Written once, at start. */
static bool forbidden;

void sc_backend_start(bool patch)
{
	forbidden = !patch;
	if (patch)
		sc_text_start();
}

const char *sc_backend_reason(void)
{
	return forbidden ? "STATIC_CALL_PATCH=0" : sc_text_reason();
}

int sc_backend_read(struct sc_module *m)
{
	return sc_image_read(m->state, &m->image);
}

void sc_backend_forget(struct sc_module *m)
{
	sc_image_free(m->image);
	m->image = NULL;
}

/* ----------------------------------------------------- a module comes */

static void fill_texts(const struct sc_image *image, struct sc_text *texts)
{
	size_t i;

	for (i = 0; i < image->n_segments; i++) {
		texts[i] = (struct sc_text){
			.start = image->segments[i].start,
			.end = image->segments[i].end,
			.path = image->loaded->path,
			.readable = image->segments[i].readable,
		};
		if (sc_text_enabled() && !image->text_relocations)
			sc_text_register(texts + i);
	}
}

/*
 * Copies the @n places of @found, in order and each once.  The changes of the
 * plan, which nobody needs now, are what is sorted.
 */
static void keep_sorted(struct sc_places *places, struct sc_place *found,
			size_t n, struct sc_plan *plan)
{
	size_t i;

	for (i = 0; i < n; i++)
		plan->changes[i] = (struct sc_change){
			.addr = (uintptr_t)found[i].addr,
			.place = found + i,
		};
	plan->n_changes = n;
	sc_plan_sort_changes(plan);
	for (i = 0; i < n; i++)
		if (i == 0 || plan->changes[i].addr != plan->changes[i - 1].addr)
			places->places[places->n++] = *plan->changes[i].place;
	for (i = 0; i < places->n; i++) {
		struct sc_text *text = places->places[i].text;

		if (!text)
			continue;
		if (!text->n_places)
			text->places = places->places + i;
		text->n_places++;
	}
	for (i = 0; i < places->n_texts; i++)
		if (places->texts[i].n_places)
			sc_text_reserve_arena(places->texts + i);
}

static struct sc_places *places_new(size_t n_texts, size_t n)
{
	size_t size = sizeof(struct sc_places) +
		      n_texts * sizeof(struct sc_text) +
		      n * sizeof(struct sc_place);
	struct sc_places *places = sc_alloc(size);

	if (!places)
		return NULL;
	places->size = size;
	places->texts = (void *)(places + 1);
	places->n_texts = n_texts;
	places->places = (void *)(places->texts + n_texts);
	return places;
}

/* Room for a transaction of @n places, and of all their keys. */
static int reserve(struct sc_plan *plan, size_t n)
{
	int err = sc_plan_reserve_changes(plan, n);

	if (!err)
		err = sc_plan_reserve_keys(plan, n);
	return err ? err : sc_text_reserve(n);
}

/* All that needs memory; the temporary part is freed here. */
static struct sc_places *find_places(const struct sc_image *image,
				     struct sc_plan *plan)
{
	size_t n = sc_places_max(image), size = n * sizeof(struct sc_place) + 1;
	struct sc_place *found;
	struct sc_places *places;

	if (reserve(plan, n_all + n))
		return NULL;
	found = sc_alloc(size);
	if (!found)
		return NULL;
	places = places_new(image->n_segments, n);
	if (places) {
		fill_texts(image, places->texts);
		keep_sorted(places, found,
			    sc_places_find(image, places->texts, found), plan);
	}
	sc_free(found, size);
	return places;
}

/* In reverse, so that the list of each key is in order. */
static void link_places(struct sc_places *places)
{
	size_t i;

	for (i = places->n; i-- > 0;) {
		struct sc_place *p = places->places + i;

		if (!p->key)
			continue;
		p->next_of_key = p->key->places;
		p->key->places = p;
		p->key->n_places++;
	}
}

/* Plans the current target of each place: a key that comes first has a list. */
static void plan_current(struct sc_plan *plan, const struct sc_places *places)
{
	const struct sc_place *end = places->places + places->n;
	size_t i;

	sc_plan_clear(plan);
	for (i = 0; i < places->n; i++) {
		struct sc_place *p = places->places + i;
		struct sc_key *key = p->key;
		struct sc_plan_key *k;

		if (!key || key->places != p)
			continue;
		k = plan->keys + plan->n_keys++;
		*k = (struct sc_plan_key){
			.key = key->key,
			.entry = key,
			.func = key->target,
			.target = sc_target_of(key->target, key->tramp),
		};
		for (; p && p >= places->places && p < end; p = p->next_of_key)
			sc_plan_add(plan, p, &k->target);
	}
}

static int define_all(struct sc_module *m)
{
	size_t i;

	for (i = 0; i < m->image->n_defines; i++) {
		const struct sc_define *define = m->image->defines + i;

		if (sc_registry_define(m, define->key, define->name,
				       define->tramp))
			continue;
		sc_log("not defined", define->name, NULL, -ENOMEM);
		/* Unless it is another copy's, nobody would forget it. */
		if (!define->key->static_call_owner)
			return -ENOMEM;
	}
	return 0;
}

/* There was room when the places came; a child of fork() may lack it. */
int sc_places_reserve(struct sc_plan *plan)
{
	return reserve(plan, n_all);
}

/* After an error the registry forgets the keys.  Not to patch is no error. */
int sc_backend_add(struct sc_module *m, struct sc_plan *plan)
{
	struct sc_places *places;
	int err = define_all(m);

	if (err)
		return err;
	places = find_places(m->image, plan);
	if (!places)
		return -ENOMEM;
	/* Linked by one store, when all is in it. */
	places->next = sc_world->places;
	n_all += places->n;
	m->places = places;
	__atomic_store_n(&sc_world->places, places, __ATOMIC_RELEASE);
	link_places(places);
	(void)SC_STEP('M');
	if (!sc_text_enabled())
		return 0;
	plan_current(plan, places);
	err = sc_plan_prepare(plan);
	if (err)
		sc_log("not patched", m->image->loaded->path, NULL, err);
	else
		sc_text_commit();
	return 0;
}

/* ----------------------------------------------------- a module goes */

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
		sc_log("not restored", places->texts[0].path, NULL, err);
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

	if (!places)
		return;
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
	n_all -= places->n;
	m->places = NULL;
	sc_free(places, places->size);
}

int sc_backend_remove(struct sc_module *m, struct sc_plan *plan)
{
	struct sc_places *places = m->places;
	size_t i;
	int err;

	if (!places)
		return 0;
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

	for (i = 0; m->places && i < m->places->n_texts; i++)
		if (m->places->texts[i].stuck &&
		    sc_text_is_mapped(m->places->texts + i))
			return true;
	return false;
}

void sc_backend_orphan(struct sc_key *key, struct sc_plan *plan)
{
	struct sc_place *p, *next;
	int err;

	sc_plan_clear(plan);
	for (p = key->places; p; p = p->next_of_key)
		if (!p->text || !p->text->stuck)
			sc_plan_add_pristine(plan, p);
	err = sc_plan_prepare(plan);
	if (err)
		sc_log("not restored", key->name, NULL, err);
	else
		sc_text_commit();
	for (p = key->places; p; p = next) {
		next = p->next_of_key;
		p->key = NULL;
		p->next_of_key = NULL;
	}
	key->places = NULL;
	key->n_places = 0;
}

/* ------------------------------------------------- a child, and the end */

void sc_backend_repair(struct sc_module *modules)
{
	struct sc_places *places;
	struct sc_module *m;
	size_t i, j;

	sc_text_repair_engine();
	for_each_places(places)
		for (i = 0; i < places->n_texts; i++)
			sc_text_repair(places->texts + i);
	n_all = 0;
	sc_world->places = NULL;
	for (m = modules; m; m = m->next) {
		places = m->places;
		if (!places)
			continue;
		places->next = sc_world->places;
		sc_world->places = places;
		n_all += places->n;
		for (j = 0; j < places->n; j++)
			if (places->places[j].key && !places->places[j].key->key)
				places->places[j].key = NULL;
		link_places(places);
	}
}

void sc_backend_end(void)
{
	sc_text_end();
}
