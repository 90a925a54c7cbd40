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
#include "usdt.h"
#include "valgrind.h"

/*
 * What STATIC_CALL_PATCH says; NULL: nothing.  Written once, at start.  static-call
 * status looks for this name in a process.
 */
static const char *sc_why_forbidden;

void sc_backend_start(const char *why)
{
	sc_why_forbidden = why;
	if (!why)
		sc_text_start();
}

void sc_backend_rest(void)
{
	sc_text_rest();
}

const char *sc_backend_reason(void)
{
	return sc_why_forbidden ? sc_why_forbidden : sc_text_reason();
}

const char *sc_backend_trouble(void)
{
	return sc_why_forbidden ? NULL : sc_text_trouble();
}

int sc_backend_read(struct sc_module *m)
{
	int err = sc_image_read(m->state, &m->image);

	if (!err) {
		m->without_hook = m->image->without_hook;
		m->edited = m->image->n_refused || m->image->code_moved ||
			    !m->image->has_note;
	}
	return err;
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
		if (image->text_relocations)
			texts[i].asked = true;
		else if (sc_text_enabled())
			sc_text_register(texts + i);
		if (sc_text_enabled() && !texts[i].asked)
			sc_log_error("text", texts[i].path,
				     "not patched yet, for the next update looks at its mapping again",
				     sc_text_trouble(), 0);
		sc_world->n_waiting += !texts[i].asked;
	}
}

/* As a rule they are: a linker puts the records where it puts their objects. */
static bool are_in_order(const struct sc_places *places)
{
	size_t i;

	for (i = 1; i < places->n; i++)
		if (places->places[i].addr <= places->places[i - 1].addr)
			return false;
	return true;
}

/*
 * Puts the places in order, each once.  The changes of the plan, which nobody
 * needs now, are what is sorted.
 */
static int put_in_order(struct sc_places *places, struct sc_plan *plan)
{
	size_t i, n = places->n, size = n * sizeof(struct sc_place);
	struct sc_place *found;

	if (are_in_order(places))
		return 0;
	found = sc_alloc(size);
	if (!found)
		return -ENOMEM;
	memcpy(found, places->places, size);
	for (i = 0; i < n; i++)
		plan->changes[i] = (struct sc_change){
			.addr = (uintptr_t)found[i].addr,
			.place = found + i,
		};
	plan->n_changes = n;
	sc_plan_sort_changes(plan);
	places->n = 0;
	for (i = 0; i < n; i++)
		if (i == 0 || plan->changes[i].addr != plan->changes[i - 1].addr)
			places->places[places->n++] = *plan->changes[i].place;
	sc_free(found, size);
	return 0;
}

/* Each text gets the run of places that lies in it. */
static void share_out(struct sc_places *places)
{
	size_t i;

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

/* All that needs memory. */
static struct sc_places *find_places(const struct sc_image *image,
				     struct sc_plan *plan)
{
	size_t n = sc_places_max(image);
	struct sc_places *places;

	if (reserve(plan, sc_world->n_places + n + image->n_defines))
		return NULL;
	places = places_new(image->n_segments, n);
	if (!places)
		return NULL;
	sc_will_write(places->places, n * sizeof(*places->places));
	fill_texts(image, places->texts);
	places->n = sc_places_find(image, places->texts, places->places);
	if (put_in_order(places, plan)) {
		sc_free(places, places->size);
		return NULL;
	}
	share_out(places);
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

static int define_all(struct sc_module *m)
{
	size_t i;

	for (i = 0; i < m->image->n_defines; i++) {
		const struct sc_define *define = m->image->defines + i;

		if (sc_registry_define(m, define->key, define->name,
				       define->tramp))
			continue;
		/* Unless it is another copy's, nobody would forget it. */
		if (!define->key->static_call_owner)
			return -ENOMEM;
		sc_log("key", define->name,
		       "defined in another copy of the library, which alone updates it");
	}
	return 0;
}

/* There was room when the places came; a child of fork() may lack it. */
int sc_places_reserve(struct sc_plan *plan)
{
	return reserve(plan, sc_world->n_places);
}

/* What the notes of a module say that its owner should know. */
static void log_notes(const struct sc_image *image)
{
	if (image->n_refused)
		sc_log("module", image->loaded->path,
		       SC_EDITED ": its notes lead to wrong addresses; link it again, and see CAVEATS in libstaticcall(7)");
	if (!image->has_note)
		sc_log("module", image->loaded->path,
		       SC_EDITED ": its notes are missing; link it again, and see CAVEATS in libstaticcall(7)");
	if (image->without_hook)
		sc_log("module", image->loaded->path,
		       SC_WITHOUT_HOOK ": link with the flags of pkg-config --libs libstaticcall");
	if (image->code_moved)
		sc_log("module", image->loaded->path,
		       SC_EDITED ": its code was moved without the records; see CAVEATS in libstaticcall(7)");
}

/* After an error the registry forgets the keys.  Not to patch is no error. */
int sc_backend_add(struct sc_module *m, struct sc_plan *plan)
{
	struct sc_places *places;
	int err;

	log_notes(m->image);
	err = define_all(m);
	if (err)
		return err;
	places = find_places(m->image, plan);
	if (!places)
		return -ENOMEM;
	/* Linked by one store, when all is in it. */
	places->next = sc_world->places;
	places->serial = sc_world->n_serials++;
	sc_world->n_places += places->n;
	m->places = places;
	__atomic_store_n(&sc_world->places, places, __ATOMIC_RELEASE);
	link_places(places);
	SC_USDT3(module_added, m->image->loaded->path, m->image->n_defines,
		 places->n);
	(void)SC_STEP('M');
	if (!sc_text_enabled())
		return 0;
	err = sc_places_patch(plan, m);
	if (err)
		sc_log_error("text", m->image->loaded->path,
			     "not patched, calls go through their keys",
			     sc_text_trouble(), err);
	return 0;
}

/* -------------------------------------------------------------- again */

bool sc_backend_retry(void)
{
	struct sc_places *places;
	bool found = false;
	size_t i;

	if (sc_why_forbidden || !sc_text_start_again() ||
	    !sc_world->n_waiting)
		return false;
	sc_world->n_waiting = 0;
	for_each_places(places)
		for (i = 0; i < places->n_texts; i++) {
			struct sc_text *text = places->texts + i;

			if (text->asked)
				continue;
			sc_text_register(text);
			sc_world->n_waiting += !text->asked;
			found |= text->usable;
		}
	return found;
}

/* ------------------------------------------------- a child, and the end */

void sc_backend_repair(struct sc_module *modules)
{
	struct sc_places *places;
	struct sc_module *m;
	size_t i, j;

	sc_text_repair_engine();
	for_each_places(places) {
		sc_valgrind_inherit(places, sizeof(*places));
		sc_valgrind_inherit(places, places->size);
		for (i = 0; i < places->n_texts; i++)
			sc_text_repair(places->texts + i);
	}
	sc_world->n_places = 0;
	sc_world->n_waiting = 1;	/* perhaps */
	sc_world->places = NULL;
	for (m = modules; m; m = m->next) {
		places = m->places;
		places->next = sc_world->places;
		sc_world->places = places;
		sc_world->n_places += places->n;
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
