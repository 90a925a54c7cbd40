/* SPDX-License-Identifier: MIT */
/*
 * registry.c - modules and keys.
 *
 * An entry exists for each key that is defined in a known module, or used by a
 * place in one.  The key itself leads to it, so that finding it costs a load;
 * the owner beside it tells copies of the library apart.
 */
#include "sc_config.h"

#include <errno.h>

#include "log.h"
#include "mem.h"
#include "registry.h"
#include "step.h"
#include "targets.h"
#include "valgrind.h"
#include "world.h"

#define SLAB	64

/* Entries come in slabs, which stay until this copy of the library ends. */
struct sc_slab {
	struct sc_slab *next;
	struct sc_key entries[SLAB];
};

/* Its address tells this copy of the library from others. */
static char this_copy;

bool sc_registry_is_foreign(const struct static_call_key *key)
{
	return key->sc_owner && key->sc_owner != &this_copy;
}

struct sc_key *sc_registry_find(const struct static_call_key *key)
{
	struct sc_key *entry = key->sc_owner == &this_copy ? key->sc_entry :
							     NULL;

	/* In a child of fork() the key may have been forgotten half way. */
	return entry && entry->key == key ? entry : NULL;
}

/* ---------------------------------------------------------------- keys */

static void push(struct sc_key **list, struct sc_key *entry)
{
	entry->next = *list;
	*list = entry;
}

static struct sc_key *take_spare(void)
{
	struct sc_key *entry;
	struct sc_slab *slab;
	size_t i;

	if (!sc_world->spare) {
		slab = sc_alloc(sizeof(*slab));
		if (!slab)
			return NULL;
		for (i = 0; i < SLAB; i++)
			push(&sc_world->spare, slab->entries + i);
		slab->next = sc_world->slabs;
		__atomic_store_n(&sc_world->slabs, slab, __ATOMIC_RELEASE);
	}
	entry = sc_world->spare;
	sc_world->spare = entry->next;
	return entry;
}

/* What a key that was not initialised by us holds: a weak function may be 0. */
static void *target_of(struct static_call_key *key)
{
	if (!key->func)
		__atomic_store_n(&key->func, (void *)&__static_call_nop,
				 __ATOMIC_RELEASE);
	return key->func;
}

struct sc_key *sc_registry_use(struct static_call_key *key, uintptr_t tramp)
{
	struct sc_key *entry = sc_registry_find(key);

	if (sc_registry_is_foreign(key))
		return NULL;
	if (!entry) {
		entry = take_spare();
		if (!entry)
			return NULL;
		*entry = (struct sc_key){
			.name = "",
			.target = target_of(key),
		};
		/* The entry is in use when all of it is written. */
		__atomic_store_n(&entry->key, key, __ATOMIC_RELEASE);
		push(&sc_world->keys, entry);
		key->sc_entry = entry;
		key->sc_owner = &this_copy;
		sc_valgrind_atomic(&key->func, sizeof(key->func));
	}
	if (!entry->tramp)
		entry->tramp = tramp;
	return entry;
}

struct sc_key *sc_registry_define(struct sc_module *m,
				  struct static_call_key *key, const char *name,
				  uintptr_t tramp)
{
	struct sc_key *entry = sc_registry_use(key, tramp);

	if (entry) {
		entry->module = m;
		entry->name = name;
	}
	return entry;
}

void sc_registry_store(const struct sc_plan_key *k)
{
	if (k->entry)
		__atomic_store_n(&k->entry->target, k->func, __ATOMIC_RELEASE);
	__atomic_store_n(&k->key->func, k->func, __ATOMIC_RELEASE);
}

/* @link leads to the entry, whose key may be gone from memory by now. */
static void free_key(struct sc_key **link)
{
	struct sc_key *entry = *link;

	*link = entry->next;
	__atomic_store_n(&entry->key, NULL, __ATOMIC_RELEASE);
	push(&sc_world->spare, entry);
}

/* @gone: the memory of the keys is not there any more. */
static void forget_key(struct sc_key **link, bool gone)
{
	struct sc_key *entry = *link;

	sc_backend_orphan(entry, &sc_world->plan);
	if (!gone) {
		entry->key->sc_owner = NULL;
		entry->key->sc_entry = NULL;
	}
	free_key(link);
}

/*
 * Drops the keys that @m defines.  A key that is used and defined nowhere keeps
 * its entry: whether its memory is still there is not known.
 */
static void sweep_keys(const struct sc_module *m, bool gone)
{
	struct sc_key **link = &sc_world->keys;

	while (*link) {
		if ((*link)->module == m)
			forget_key(link, gone);
		else
			link = &(*link)->next;
	}
}

/* ------------------------------------------------------------- modules */

static void moving(struct sc_module *m)
{
	__atomic_store_n(&sc_world->moving, m, __ATOMIC_RELEASE);
}

static struct sc_module **find_module(const char *state)
{
	struct sc_module **link;

	for (link = &sc_world->modules; *link; link = &(*link)->next)
		if ((*link)->state == state)
			break;
	return link;
}

/* The text of a stuck module is gone, and its keys with it. */
static void drop_module(struct sc_module **link)
{
	struct sc_module *m = *link;

	moving(m);
	__atomic_store_n(link, m->next, __ATOMIC_RELEASE);
	sc_world->n_stuck--;
	sc_backend_drop(m);
	sweep_keys(m, true);
	moving(NULL);
	sc_log("module", "gone", NULL, 0);
	sc_free(m, sizeof(*m));
}

void sc_registry_purge(void)
{
	struct sc_module **link = &sc_world->modules;

	while (sc_world->n_stuck && *link) {
		if ((*link)->stuck && !sc_backend_is_mapped(*link))
			drop_module(link);
		else
			link = &(*link)->next;
	}
}

int sc_registry_stuck(const struct sc_key *entry)
{
	return entry->module ? entry->module->stuck : 0;
}

int sc_registry_add(struct sc_module *m)
{
	struct sc_module **old = find_module(m->state);
	int err;

	/* What was there is gone, if a module is loaded in its place. */
	if (*old && (*old)->stuck)
		drop_module(old);
	sc_registry_purge();
	moving(m);
	(void)SC_STEP('M');
	err = sc_backend_add(m, &sc_world->plan);
	if (err) {
		sweep_keys(m, false);
	} else {
		m->next = sc_world->modules;
		__atomic_store_n(&sc_world->modules, m, __ATOMIC_RELEASE);
		(void)SC_STEP('M');
	}
	moving(NULL);
	return err;
}

/* A call that leads into a module which is gone is the program's mistake. */
static void report_targets(const struct sc_module *m)
{
	struct sc_key *key;

	for (key = sc_world->keys; key && sc_log_enabled(); key = key->next)
		if (key->module != m && key->name[0] &&
		    sc_backend_holds(m, key->target))
			sc_log("target left", key->name,
			       "its function is in the module that leaves", 0);
}

/* Its names are in memory that goes. */
static void keep_stuck(struct sc_module *m, int err)
{
	struct sc_key *key;

	m->stuck = err;
	sc_world->n_stuck++;
	for (key = sc_world->keys; key; key = key->next)
		if (key->module == m)
			key->name = "";
	sc_log("module", "stuck", NULL, err);
}

struct sc_module *sc_registry_remove(const char *state)
{
	struct sc_module **link = find_module(state), *m = *link;
	int err;

	if (!m || m->stuck)
		return NULL;
	report_targets(m);
	moving(m);
	(void)SC_STEP('N');
	err = sc_backend_remove(m, &sc_world->plan);
	if (err) {
		keep_stuck(m, err);
	} else {
		(void)SC_STEP('N');
		__atomic_store_n(link, m->next, __ATOMIC_RELEASE);
		sweep_keys(m, false);
	}
	(void)SC_STEP('N');
	moving(NULL);
	return err ? NULL : m;
}

/* ---------------------------------------------- definitions one by one */

int sc_registry_define_one(struct static_call_key *key, const char *name,
			   bool stays)
{
	struct sc_key *entry = sc_registry_define(NULL, key, name, 0);

	if (!entry)
		return -ENOMEM;
	entry->stays = stays;
	return 0;
}

void sc_registry_undefine(struct static_call_key *key)
{
	struct sc_key **link;

	for (link = &sc_world->keys; *link; link = &(*link)->next)
		if ((*link)->key == key) {
			forget_key(link, false);
			return;
		}
}

void sc_registry_count(struct static_call_info *info)
{
	struct sc_module *m;
	struct sc_key *key;

	for (m = sc_world->modules; m; m = m->next)
		info->modules++;
	for (key = sc_world->keys; key; key = key->next)
		info->keys += key->name[0] != '\0';
}

/* ------------------------------------------------- a child, and the end */

/* The module that was coming or going is none, and its keys are free. */
static void finish_moving(void)
{
	struct sc_module *m = sc_world->moving, **link;

	for (link = &sc_world->modules; *link; link = &(*link)->next)
		if (*link == m) {
			*link = m->next;
			break;
		}
}

/*
 * The program's own memory is not believed: a key may have been copied before
 * its entry was.  Keys of which nobody knows whether they are there still are
 * left alone.
 */
static void restore_key(struct sc_key *entry)
{
	struct static_call_key *key = entry->key;

	if (!entry->name[0] || (entry->module && entry->module->stuck))
		return;
	if (key->sc_entry != entry)
		key->sc_entry = entry;
	if (key->sc_owner != &this_copy)
		key->sc_owner = &this_copy;
	if (key->func != entry->target)
		__atomic_store_n(&key->func, entry->target, __ATOMIC_RELEASE);
}

static void repair_entry(struct sc_key *entry)
{
	struct sc_module *m = sc_world->moving;

	if (m && entry->key && entry->module == m)
		entry->key = NULL;
	entry->places = NULL;
	entry->n_places = 0;
	if (!entry->key) {
		push(&sc_world->spare, entry);
		return;
	}
	push(&sc_world->keys, entry);
	restore_key(entry);
}

void sc_registry_repair(void)
{
	struct sc_module *m;
	struct sc_slab *slab;
	size_t i;

	if (sc_world->moving)
		finish_moving();
	sc_world->keys = NULL;
	sc_world->spare = NULL;
	for (slab = sc_world->slabs; slab; slab = slab->next)
		for (i = 0; i < SLAB; i++)
			repair_entry(slab->entries + i);
	sc_world->n_stuck = 0;
	for (m = sc_world->modules; m; m = m->next)
		sc_world->n_stuck += m->stuck != 0;
}

void sc_registry_end(void)
{
	struct sc_slab *slab = sc_world->slabs, *next;

	for (; slab; slab = next) {
		next = slab->next;
		sc_free(slab, sizeof(*slab));
	}
	sc_world->slabs = NULL;
	sc_world->keys = NULL;
	sc_world->spare = NULL;
}
