/* SPDX-License-Identifier: MIT */
/*
 * registry.c - the modules that the library knows: how they come, how they go,
 * and how one that cannot go yet is kept.
 *
 *	        sc_registry_add()          sc_registry_remove()
 *	(none) -------> COMING -------> HERE -------> GOING -------> (none)
 *	                  |                             |
 *	                  | no memory                   | text stays patched
 *	                  v                             v
 *	                (none)                        STUCK -------> (none)
 *	                                                  drop_module()
 *
 * COMING and GOING are what sc_world.moving says; a child of fork() that finds
 * either makes it (none).  A module that was there at start stays HERE, for its
 * destructor does nothing (module.c).
 *
 * STUCK is for a module whose text cannot be given back to its file in the
 * moment in which it leaves: the process has no descriptor left, or no /proc.
 * Its calls go on to the old functions as long as it is mapped, so an update
 * that says 0 would lie.  Its keys, and keys that its places call, answer with
 * the error.  Its memory may be unmapped, and mapped again by something else, at
 * any time; so nothing in it is read or written, and the only question that is
 * asked is whether the maps still show its file there.  A child of fork() tries once
 * more to give it back, for there nobody unmaps it (repair.c).
 */
#include "sc_config.h"

#include <errno.h>

#include "events.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "step.h"
#include "valgrind.h"
#include "world.h"

/*
 * The journal.  Set before the first change that @m makes, cleared after the
 * last; each change between may be seen or not by a child, which undoes all.
 */
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
	/* Unlinked before it is freed, or a child would follow the link. */
	__atomic_store_n(link, m->next, __ATOMIC_RELEASE);
	sc_world->n_stuck--;
	sc_backend_drop(m);
	sc_keys_sweep(m, true);
	moving(NULL);
	sc_log("module", NULL, "one that was stuck is unmapped, its keys are free");
	sc_free(m, sizeof(*m));
}

/*
 * At the start of each update, and before a module is added: a key may be free
 * again, and an address may be another file's.  Costs nothing while no module is
 * stuck.
 */
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

bool sc_registry_end(void)
{
	struct sc_module *m;
	struct sc_key *key;

	for (m = sc_world->modules; m; m = m->next)
		if (!m->stuck)
			return false;
	for (key = sc_world->keys; key; key = key->next)
		if (!key->module)
			return false;
	while (sc_world->modules)
		drop_module(&sc_world->modules);
	return true;
}

int sc_registry_stuck(const struct sc_key *entry)
{
	return entry->module ? entry->module->stuck : 0;
}

/*
 * @m is in the list when its places are linked and patched, in one store: a
 * child that sees it in the list and finds @moving cleared has all of it.
 */
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
		sc_keys_sweep(m, false);
	} else {
		m->next = sc_world->modules;
		__atomic_store_n(&sc_world->modules, m, __ATOMIC_RELEASE);
		(void)SC_STEP('M');
	}
	moving(NULL);
	return err;
}

/*
 * It stays in the list, and its keys stay known.  Their names are in memory that
 * goes; a key without a name is not reported, nor written in a child of fork().
 */
static void keep_stuck(struct sc_module *m, int err)
{
	struct sc_key *key;

	m->stuck = err;
	sc_world->n_stuck++;
	for (key = sc_world->keys; key; key = key->next)
		if (key->module == m)
			key->name = "";
	if (sc_log_enabled())
		sc_events_module(m, "stuck, its text stays patched", err);
}

/*
 * The reverse of the way in: places first, then the module, then its keys; so
 * nothing that is linked leads to what is gone.
 */
struct sc_module *sc_registry_remove(const char *state)
{
	struct sc_module **link = find_module(state), *m = *link;
	int err;

	if (!m || m->stuck)
		return NULL;
	if (sc_log_enabled())
		sc_events_module(m, "leaves", 0);
	moving(m);
	(void)SC_STEP('N');
	err = sc_backend_remove(m, &sc_world->plan);
	if (err) {
		keep_stuck(m, err);
	} else {
		(void)SC_STEP('N');
		__atomic_store_n(link, m->next, __ATOMIC_RELEASE);
		sc_keys_sweep(m, false);
	}
	(void)SC_STEP('N');
	moving(NULL);
	return err ? NULL : m;
}

void sc_registry_count(struct static_call_info *info)
{
	struct sc_module *m;
	struct sc_key *key;

	for (m = sc_world->modules; m; m = m->next) {
		info->modules++;
		info->modules_without_hook += m->without_hook;
	}
	for (key = sc_world->keys; key; key = key->next)
		info->keys += key->name[0] != '\0';
}

bool sc_registry_edited(void)
{
	const struct sc_module *m;

	for (m = sc_world->modules; m; m = m->next)
		if (m->edited)
			return true;
	return false;
}

/* ----------------------------------------------------- in a child of fork() */

/*
 * The module that was coming or going is none.  Its own structure is not freed:
 * whether the parent had begun to free it cannot be told.
 */
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
 * The list of modules is believed, for each change of it is one store.  What is
 * counted is counted again.
 */
void sc_registry_repair(void)
{
	struct sc_module *m;

	for (m = sc_world->modules; m; m = m->next)
		sc_valgrind_inherit(m, sizeof(*m));
	if (sc_world->moving)
		finish_moving();
	sc_keys_repair();
	sc_world->n_stuck = 0;
	for (m = sc_world->modules; m; m = m->next)
		sc_world->n_stuck += m->stuck != 0;
}
