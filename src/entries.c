/* SPDX-License-Identifier: MIT */
/*
 * entries.c - the keys that the library knows.
 *
 * An entry exists for each key that is defined in a known module, or used by a
 * place in one.  The key itself leads to it, so that finding it costs a load;
 * the owner beside it tells copies of the library apart.
 *
 * An entry is SPARE or IN USE, and its own word @key says which: NULL is spare.
 * The lists of both are made from that in a child of fork().  So an entry is
 * filled while it is spare, and put to use by one store; and it is spare again
 * by one store, before anything else may take it.  What the program's key says
 * of its entry is a short cut that both sides must agree on.
 */
#include "sc_config.h"

#include <errno.h>

#include "mem.h"
#include "registry.h"
#include "targets.h"
#include "valgrind.h"
#include "world.h"

#define SLAB	64

/*
 * Entries come in slabs, which stay until this copy of the library ends.  Behind
 * @n_used nothing has been touched yet; a child believes it, for it grows before
 * the entry that it lets in is filled.
 */
struct sc_slab {
	struct sc_slab *next;
	size_t n_used;
	struct sc_key entries[SLAB];
};

/* Its address tells this copy of the library from others.  Never written. */
static char this_copy;

bool sc_registry_is_foreign(const struct static_call_key *key)
{
	return key->static_call_owner && key->static_call_owner != &this_copy;
}

/* Without the lock, too: for what the key says. */
struct sc_key *sc_registry_find(const struct static_call_key *key)
{
	struct sc_key *entry;

	if (key->static_call_owner != &this_copy)
		return NULL;
	entry = key->static_call_entry;
	/* In a child of fork() the key may have been forgotten half way. */
	return entry && entry->key == key ? entry : NULL;
}

/* Nothing in a key leads to the entry of one that is used and not ours. */
struct sc_key *sc_registry_lookup(const struct static_call_key *key)
{
	struct sc_key *entry = sc_registry_find(key);

	if (entry || !sc_world->n_unowned)
		return entry;
	for (entry = sc_world->keys; entry; entry = entry->next)
		if (entry->key == key && !entry->owned)
			return entry;
	return NULL;
}

/*
 * Entries never move, and a slab stays.  An entry without a name belongs to a
 * module that is not known, or that is stuck, and so its key may not be there any
 * more.
 */
struct sc_key *sc_registry_next(struct sc_key_cursor *c)
{
	if (!c->begun)
		*c = (struct sc_key_cursor){ sc_world->slabs, 0, true };
	for (; c->slab; c->slab = c->slab->next, c->at = 0)
		while (c->at < c->slab->n_used) {
			struct sc_key *entry = c->slab->entries + c->at++;

			if (entry->key && entry->name[0])
				return entry;
		}
	return NULL;
}

/* ---------------------------------------------------------------- keys */

static void push(struct sc_key **list, struct sc_key *entry)
{
	entry->next = *list;
	*list = entry;
}

/* A new slab is known when it is empty and linked. */
static struct sc_slab *slab_with_room(void)
{
	struct sc_slab *slab = sc_world->slabs;

	if (slab && slab->n_used < SLAB)
		return slab;
	slab = sc_alloc(sizeof(*slab));
	if (!slab)
		return NULL;
	slab->next = sc_world->slabs;
	__atomic_store_n(&sc_world->slabs, slab, __ATOMIC_RELEASE);
	return slab;
}

static struct sc_key *take_spare(void)
{
	struct sc_key *entry = sc_world->spare;
	struct sc_slab *slab;

	if (entry) {
		sc_world->spare = entry->next;
		return entry;
	}
	slab = slab_with_room();
	if (!slab)
		return NULL;
	entry = slab->entries + slab->n_used;
	__atomic_store_n(&slab->n_used, slab->n_used + 1, __ATOMIC_RELEASE);
	return entry;
}

/*
 * A key that is only used is not ours, and nothing is written to it: the copy of
 * the library that knows its definition owns it.  Until that is this one, no
 * place is patched for the key, for nobody would tell us of an update.
 */
struct sc_key *sc_registry_use(struct static_call_key *key, uintptr_t tramp)
{
	struct sc_key *entry = sc_registry_lookup(key);

	if (sc_registry_is_foreign(key))
		return NULL;
	if (!entry) {
		entry = take_spare();
		if (!entry)
			return NULL;
		*entry = (struct sc_key){ .name = "", .target = key->func };
		/* The entry is in use when all of it is written. */
		__atomic_store_n(&entry->key, key, __ATOMIC_RELEASE);
		push(&sc_world->keys, entry);
		sc_world->n_unowned++;
		sc_valgrind_atomic(&key->func, sizeof(key->func));
	}
	if (!entry->tramp)
		entry->tramp = tramp;
	return entry;
}

/*
 * Makes a key ours, whose memory was checked (notes.c) to be writable and in a
 * loaded object.  It is written last, and the owner behind the entry, for the
 * owner is what sc_registry_find() looks at first.
 */
static void own(struct sc_key *entry)
{
	struct static_call_key *key = entry->key;

	/* The first target may be a weak function that is missing. */
	if (!key->func)
		__atomic_store_n(&key->func, (void *)&__static_call_nop,
				 __ATOMIC_RELEASE);
	entry->target = key->func;
	__atomic_store_n(&entry->owned, true, __ATOMIC_RELEASE);
	sc_world->n_unowned--;
	key->static_call_entry = entry;
	key->static_call_owner = &this_copy;
}

struct sc_key *sc_registry_define(struct sc_module *m,
				  struct static_call_key *key, const char *name,
				  uintptr_t tramp)
{
	struct sc_key *entry = sc_registry_use(key, tramp);

	if (!entry)
		return NULL;
	entry->module = m;
	entry->name = name;
	if (!entry->owned)
		own(entry);
	return entry;
}

/*
 * The entry first, which a child believes, then the key, which calls read.  The
 * release of the second pairs with the load of each call: a call that reaches
 * the new target sees all that was written before the update.
 */
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

	if (entry->owned)
		sc_backend_orphan(entry, &sc_world->plan);
	else
		sc_world->n_unowned--;
	if (entry->owned && !gone) {
		entry->key->static_call_owner = NULL;
		entry->key->static_call_entry = NULL;
	}
	free_key(link);
}

/*
 * In a module that was stuck the keys' memory is gone or another's, so it must
 * not be touched (@gone); entries of ours are all that is changed.
 */
void sc_keys_sweep(const struct sc_module *m, bool gone)
{
	struct sc_key **link = &sc_world->keys;

	while (*link) {
		struct sc_key *entry = *link;

		if (entry->module == m || (!entry->owned && !entry->n_places))
			forget_key(link, gone);
		else
			link = &entry->next;
	}
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

/* ------------------------------------------------- a child, and the end */

/*
 * The program's own memory is not believed: a key may have been copied before
 * its entry was.  A key that no known module defines, or that a stuck one does,
 * may be gone from memory, and is left alone.
 */
static void restore_key(struct sc_key *entry)
{
	struct static_call_key *key = entry->key;

	if (!entry->owned || (entry->module && entry->module->stuck))
		return;
	sc_valgrind_inherit(key, sizeof(*key));
	sc_valgrind_atomic(&key->func, sizeof(key->func));
	if (key->static_call_entry != entry)
		key->static_call_entry = entry;
	if (key->static_call_owner != &this_copy)
		key->static_call_owner = &this_copy;
	if (key->func != entry->target)
		__atomic_store_n(&key->func, entry->target, __ATOMIC_RELEASE);
}

/*
 * The lists of places are emptied here and made again by the backend.  An entry
 * that only the moving module used stays: it has no places, which harms nobody.
 */
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
	sc_world->n_unowned += !entry->owned;
	restore_key(entry);
}

void sc_keys_repair(void)
{
	struct sc_slab *slab;
	size_t i;

	sc_world->keys = NULL;
	sc_world->spare = NULL;
	sc_world->n_unowned = 0;
	for (slab = sc_world->slabs; slab; slab = slab->next) {
		sc_valgrind_inherit(slab, sizeof(*slab));
		for (i = 0; i < slab->n_used; i++)
			repair_entry(slab->entries + i);
	}
}

void sc_keys_end(void)
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
