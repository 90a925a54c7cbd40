/* SPDX-License-Identifier: MIT */
/*
 * registry.h - the modules and keys that the library knows.
 *
 * All of it between sc_enter() and sc_leave().
 */
#ifndef SC_REGISTRY_H
#define SC_REGISTRY_H

#include "backend.h"
#include "plan.h"

/* The entry of @key; NULL: not known (yet), or another copy's. */
struct sc_key *sc_registry_find(const struct static_call_key *key);

/*
 * Where a walk over all keys is; at first all zero.  Between two steps the lock
 * may be given up: keys that come meanwhile may be passed over.
 */
struct sc_key_cursor {
	struct sc_slab *slab;
	size_t at;
	bool begun;
};

/* The next key that has a name; NULL: there is none. */
struct sc_key *sc_registry_next(struct sc_key_cursor *c);

/* Whether @key belongs to another copy of the library. */
bool sc_registry_is_foreign(const struct static_call_key *key);

/* Stores the new target of one key of a plan: in its entry, then in the key. */
void sc_registry_store(const struct sc_plan_key *k);

/*
 * Adds the module that the backend has read, or returns a negative errno with
 * nothing added.
 */
int sc_registry_add(struct sc_module *m);

/*
 * The module known by @state leaves.  Returns it, to be freed; NULL: there is
 * none, or it is stuck.
 *
 * A module whose text cannot be made pristine now is stuck: it is kept, with its
 * keys, and an update that concerns it returns the error, for it could not
 * change what the module calls.  Nothing of it is touched again, until the maps
 * tell that its text is gone; then the registry frees it with sc_free().
 */
struct sc_module *sc_registry_remove(const char *state);

/* Forgets the modules that were stuck and are gone by now. */
void sc_registry_purge(void);

/*
 * Nobody can update any more: forgets the modules that are stuck.  False, and
 * nothing is forgotten: there are others, or keys.
 */
bool sc_registry_end(void);

/* Why the key cannot be updated: the module that defines it is stuck; or 0. */
int sc_registry_stuck(const struct sc_key *entry);

/* Definitions that come one by one (generic backend): 0 or -ENOMEM. */
int sc_registry_define_one(struct static_call_key *key, const char *name,
			   bool stays);
void sc_registry_undefine(struct static_call_key *key);

/* Adds the counts of modules and keys to @info. */
void sc_registry_count(struct static_call_info *info);

/* Whether one of the modules was edited after the link, so as calls suffer. */
bool sc_registry_edited(void);

/*
 * In a child of fork(): what it can believe is in sc_world; makes the rest anew,
 * and finishes a module that was coming or going as one that goes.
 */
void sc_registry_repair(void);

/* ------------------------------------- of entries.c, for the modules and the end */

/*
 * Drops the keys that @m defines.  @gone: their memory is not there any more.
 * Drops also keys that nobody uses or defines any more.
 */
void sc_keys_sweep(const struct sc_module *m, bool gone);

/* Which entries are in use, by what each says; those of sc_world.moving go. */
void sc_keys_repair(void);

/* Gives back the memory of all entries, of which none is in use. */
void sc_keys_end(void);

#endif
