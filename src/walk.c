/* SPDX-License-Identifier: MIT */
/*
 * walk.c - the functions that look through all keys or places.
 *
 * They copy a few, names too, with the lock held, and call back without it: a
 * callback may update, load a module, or take its time.  The copies lie on the
 * stack, so that a callback may also end the walk by longjmp() or an exception:
 * nothing has to be given back.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include <static_call/api.h>

#include "enter.h"
#include "registry.h"
#include "targets.h"
#include "world.h"

/* How many are copied at a time, and room for their names. */
#define BATCH		16
#define NAMES_SIZE	2048

struct names {
	size_t used;
	char text[NAMES_SIZE];
};

/*
 * A copy of @name; NULL: there is no room left.  One that is too long for all of
 * the room is cut.
 */
static const char *keep(struct names *names, const char *name)
{
	size_t len = strlen(name);
	char *copy = names->text + names->used;

	if (len >= NAMES_SIZE - names->used) {
		if (names->used)
			return NULL;
		len = NAMES_SIZE - 1;
	}
	memcpy(copy, name, len);
	copy[len] = '\0';
	names->used += len + 1;
	return copy;
}

/* ---------------------------------------------------------------- keys */

struct keys {
	struct sc_key_cursor cursor;
	size_t n;
	struct static_call_key_info info[BATCH];
	struct names names;
};

static void describe_key(const struct sc_key *key,
			 struct static_call_key_info *out)
{
	void *func = key->target;

	*out = (struct static_call_key_info){
		.size = sizeof(*out),
		.key = key->key,
		.func = sc_target_kind(func) == SC_TARGET_NULL ? NULL : func,
		.sites = key->n_places,
		.sites_patched = sc_backend_patched(key),
	};
}

static int take_keys(struct keys *keys)
{
	const struct sc_key *key;
	int err = sc_enter();

	if (err)
		return err;
	keys->names.used = 0;
	for (keys->n = 0; keys->n < BATCH; keys->n++) {
		struct static_call_key_info *out = keys->info + keys->n;
		struct sc_key_cursor before = keys->cursor;

		key = sc_registry_next(&keys->cursor);
		if (!key)
			break;
		describe_key(key, out);
		out->name = keep(&keys->names, key->name);
		if (!out->name) {
			keys->cursor = before;
			break;
		}
	}
	sc_leave();
	return 0;
}

int static_call_for_each_key(int (*fn)(const struct static_call_key_info *,
				       void *),
			     void *arg)
{
	struct keys keys;
	size_t i;
	int ret;

	if (!fn)
		return -EINVAL;
	keys.cursor = (struct sc_key_cursor){ .begun = false };
	do {
		ret = take_keys(&keys);
		for (i = 0; !ret && i < keys.n; i++)
			ret = fn(keys.info + i, arg);
	} while (!ret && keys.n);
	return ret;
}

/* A name that two keys have names neither. */
struct static_call_key *static_call_find(const char *name)
{
	struct sc_key_cursor cursor = { .begun = false };
	struct static_call_key *found = NULL;
	const struct sc_key *key;

	if (!name || sc_enter())
		return NULL;
	while ((key = sc_registry_next(&cursor))) {
		if (strcmp(key->name, name) != 0)
			continue;
		if (found) {
			found = NULL;
			break;
		}
		found = key->key;
	}
	sc_leave();
	return found;
}

/* --------------------------------------------------------------- places */

struct sites {
	struct sc_site_cursor cursor;
	size_t n;
	struct static_call_site_info info[BATCH];
	struct names names;
};

/*
 * Addresses are those of the moment; the module may be gone when the caller
 * looks, which is why the names come along.
 */
static int take_sites(struct sites *sites)
{
	int err = sc_enter();

	if (err)
		return err;
	sites->names.used = 0;
	for (sites->n = 0; sites->n < BATCH; sites->n++) {
		struct static_call_site_info *out = sites->info + sites->n;
		struct sc_site_cursor before = sites->cursor;

		if (!sc_backend_next_site(&sites->cursor, out))
			break;
		out->name = keep(&sites->names, out->name);
		if (!out->name) {
			sites->cursor = before;
			break;
		}
	}
	sc_leave();
	return 0;
}

int static_call_for_each_site(int (*fn)(const struct static_call_site_info *,
					void *),
			      void *arg)
{
	struct sites sites;
	size_t i;
	int ret;

	if (!fn)
		return -EINVAL;
	sites.cursor = (struct sc_site_cursor){ .serial = ~0ul };
	do {
		ret = take_sites(&sites);
		for (i = 0; !ret && i < sites.n; i++)
			ret = fn(sites.info + i, arg);
	} while (!ret && sites.n);
	return ret;
}
