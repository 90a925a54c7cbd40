/* SPDX-License-Identifier: MIT */
/*
 * registry.h - the modules and keys that the library knows.
 *
 * All of it with the library's lock held.
 */
#ifndef SC_REGISTRY_H
#define SC_REGISTRY_H

#include "backend.h"

/* The entry of @key; NULL: not known (yet), or another copy's. */
struct sc_key *sc_registry_find(const struct static_call_key *key);

/* Whether @key belongs to another copy of the library. */
bool sc_registry_is_foreign(const struct static_call_key *key);

/*
 * Adds the module that the backend has read, or returns a negative errno with
 * nothing added.
 */
int sc_registry_add(struct sc_module *m);

/* The module known by @state, taken out of all lists; NULL: none. */
struct sc_module *sc_registry_remove(const char *state);

/* Definitions that come one by one (generic backend): 0 or -ENOMEM. */
int sc_registry_define(struct static_call_key *key, const char *name);
void sc_registry_undefine(struct static_call_key *key);

/* All keys; the list is good while the lock is held. */
struct sc_key *sc_registry_keys(void);
void sc_registry_count(struct static_call_info *info);

#endif
