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
#include "valgrind.h"

/* Entries come in slabs, which are never given back. */
#define SLAB	64

static struct sc_module *modules;
static struct sc_key *keys;
static struct sc_key *spare;

/* Its address tells this copy of the library from others. */
static char this_copy;

struct sc_key *sc_registry_keys(void)
{
	return keys;
}

bool sc_registry_is_foreign(const struct static_call_key *key)
{
	return key->static_call_owner && key->static_call_owner != &this_copy;
}

struct sc_key *sc_registry_find(const struct static_call_key *key)
{
	return key->static_call_owner == &this_copy ? key->static_call_entry : NULL;
}

static struct sc_key *take_spare(void)
{
	struct sc_key *entry;
	size_t i;

	if (!spare) {
		entry = sc_alloc(SLAB * sizeof(*entry));
		if (!entry)
			return NULL;
		for (i = 0; i < SLAB; i++) {
			entry[i].next = spare;
			spare = entry + i;
		}
	}
	entry = spare;
	spare = entry->next;
	*entry = (struct sc_key){ .name = "" };
	return entry;
}

static struct sc_key *use_key(struct static_call_key *key)
{
	struct sc_key *entry = sc_registry_find(key);

	if (entry || sc_registry_is_foreign(key))
		return entry;
	entry = take_spare();
	if (!entry)
		return NULL;
	entry->key = key;
	entry->next = keys;
	keys = entry;
	key->static_call_entry = entry;
	key->static_call_owner = &this_copy;
	/* Its first target is a weak function, and that is missing. */
	if (!key->func)
		__atomic_store_n(&key->func, (void *)&__static_call_nop,
				 __ATOMIC_RELEASE);
	sc_valgrind_atomic(&key->func, sizeof(key->func));
	return entry;
}

static struct sc_key *define_key(struct sc_module *m,
				 struct static_call_key *key, const char *name)
{
	struct sc_key *entry = use_key(key);

	if (entry) {
		entry->module = m;
		entry->name = name;
	}
	return entry;
}

/* @link leads to the entry, whose key may be gone from memory by now. */
static void free_key(struct sc_key **link)
{
	struct sc_key *entry = *link;

	*link = entry->next;
	entry->next = spare;
	spare = entry;
}

static void forget_key(struct sc_key **link)
{
	struct sc_key *entry = *link;

	sc_backend_orphan(entry);
	entry->key->static_call_owner = NULL;
	entry->key->static_call_entry = NULL;
	free_key(link);
}

/*
 * Drops the keys that @m defines.  A key that is used and defined nowhere keeps
 * its entry: whether its memory is still there is not known.
 */
static void sweep_keys(const struct sc_module *m)
{
	struct sc_key **link = &keys;

	while (*link) {
		if ((*link)->module == m)
			forget_key(link);
		else
			link = &(*link)->next;
	}
}

int sc_registry_add(struct sc_module *m)
{
	static const struct sc_registrar registrar = {
		.define = define_key,
		.use = use_key,
	};
	int err = sc_backend_add(m, &registrar);

	if (err) {
		sweep_keys(m);
		return err;
	}
	m->next = modules;
	modules = m;
	return 0;
}

/* A call that leads into a module which is gone is the program's mistake. */
static void report_targets(const struct sc_module *m)
{
	struct sc_key *key;

	for (key = keys; key && sc_log_enabled(); key = key->next)
		if (key->module != m && key->name[0] &&
		    sc_backend_holds(m, key->key->func))
			sc_log("target left", key->name,
			       "its function is in the module that leaves", 0);
}

struct sc_module *sc_registry_remove(const char *state)
{
	struct sc_module **link, *m;

	for (link = &modules; (m = *link); link = &m->next)
		if (m->state == state)
			break;
	if (!m)
		return NULL;
	*link = m->next;
	report_targets(m);
	sc_backend_remove(m);
	sweep_keys(m);
	return m;
}

int sc_registry_define(struct static_call_key *key, const char *name)
{
	return define_key(NULL, key, name) ? 0 : -ENOMEM;
}

void sc_registry_undefine(struct static_call_key *key)
{
	struct sc_key **link;

	for (link = &keys; *link; link = &(*link)->next)
		if ((*link)->key == key) {
			forget_key(link);
			return;
		}
}

void sc_registry_count(struct static_call_info *info)
{
	struct sc_module *m;
	struct sc_key *key;

	for (m = modules; m; m = m->next)
		info->modules++;
	for (key = keys; key; key = key->next)
		info->keys += key->name[0] != '\0';
}
