/* SPDX-License-Identifier: MIT */
/*
 * walk.c - the two functions that call back for each key or place.
 *
 * They copy everything, names too, with the lock held, and call back without
 * it: a callback may update, load a module, or take its time.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include <static_call/api.h>

#include "enter.h"
#include "mem.h"
#include "registry.h"
#include "targets.h"
#include "world.h"

/* An array of @n entries and behind it the names they point to. */
struct snapshot {
	void *memory;
	size_t size, n;
	char *names;
};

static int allocate(struct snapshot *snap, size_t entry, size_t n,
		    size_t name_bytes)
{
	snap->n = n;
	snap->size = n * entry + name_bytes + 1;
	snap->memory = sc_alloc(snap->size);
	if (!snap->memory)
		return -ENOMEM;
	snap->names = (char *)snap->memory + n * entry;
	return 0;
}

static const char *keep(struct snapshot *snap, const char *name)
{
	size_t size = strlen(name) + 1;
	char *copy = memcpy(snap->names, name, size);

	snap->names += size;
	return copy;
}

/* Fills @snap with the lock held. */
static int take(struct snapshot *snap, int (*copy)(struct snapshot *snap))
{
	int err = sc_enter();

	if (err)
		return err;
	err = copy(snap);
	sc_leave();
	return err;
}

/*
 * Copies all keys that have a name.  An entry without one belongs to a module
 * that is not known, or that is stuck, and so its key may not be there any more.
 *
 * Counts first and fills then, with the lock held over both, so that the counts
 * hold; the kernel is asked for memory once.
 */
static int copy_keys(struct snapshot *snap)
{
	struct static_call_key_info *out;
	struct sc_key *key;
	size_t n = 0, bytes = 0;
	int err;

	for (key = sc_world->keys; key; key = key->next) {
		n += key->name[0] != '\0';
		bytes += strlen(key->name) + 1;
	}
	err = allocate(snap, sizeof(*out), n, bytes);
	if (err)
		return err;
	out = snap->memory;
	for (key = sc_world->keys; key; key = key->next) {
		void *func;

		if (!key->name[0])
			continue;
		func = key->target;
		*out++ = (struct static_call_key_info){
			.size = sizeof(*out),
			.name = keep(snap, key->name),
			.key = key->key,
			.func = sc_target_kind(func) == SC_TARGET_NULL ?
					NULL : func,
			.sites = key->n_places,
			.sites_patched = sc_backend_patched(key),
		};
	}
	return 0;
}

int static_call_for_each_key(int (*fn)(const struct static_call_key_info *,
				       void *),
			     void *arg)
{
	struct snapshot snap = { .n = 0 };
	size_t i;
	int ret;

	if (!fn)
		return -EINVAL;
	ret = take(&snap, copy_keys);
	for (i = 0; !ret && i < snap.n; i++)
		ret = fn((struct static_call_key_info *)snap.memory + i, arg);
	sc_free(snap.memory, snap.size);
	return ret;
}

/*
 * Copies all places.  Addresses are those of the moment; the module may be gone
 * when the caller looks, which is why the names come along.
 */
static int copy_sites(struct snapshot *snap)
{
	struct static_call_site_info *out;
	struct sc_key *key;
	size_t n = sc_backend_list(NULL, 0), bytes = 0, i;
	int err;

	/* One name for each key would do; one for each place is simpler. */
	for (key = sc_world->keys; key; key = key->next)
		bytes += (strlen(key->name) + 1) * key->n_places;
	err = allocate(snap, sizeof(*out), n, bytes + n);
	if (err)
		return err;
	out = snap->memory;
	sc_backend_list(out, n);
	for (i = 0; i < n; i++)
		out[i].name = keep(snap, out[i].name);
	return 0;
}

int static_call_for_each_site(int (*fn)(const struct static_call_site_info *,
					void *),
			      void *arg)
{
	struct snapshot snap = { .n = 0 };
	size_t i;
	int ret;

	if (!fn)
		return -EINVAL;
	ret = take(&snap, copy_sites);
	for (i = 0; !ret && i < snap.n; i++)
		ret = fn((struct static_call_site_info *)snap.memory + i, arg);
	sc_free(snap.memory, snap.size);
	return ret;
}
