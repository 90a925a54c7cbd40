/* SPDX-License-Identifier: MIT */
/* events.c - what the debug log says of updates and of modules. */
#include "sc_config.h"

#include <time.h>

#include <static_call/api.h>

#include "backend.h"
#include "events.h"
#include "log.h"
#include "mem.h"
#include "registry.h"
#include "symbol.h"
#include "targets.h"
#include "world.h"

/*
 * What the keys of the plan held, in its order; NULL: nothing is kept, or there
 * was no memory for it.  Of one update, with the lock held.
 */
static void **olds;
static size_t n_olds;

unsigned long sc_events_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long)now.tv_sec * 1000000ul +
	       (unsigned long)now.tv_nsec / 1000ul;
}

void sc_events_before(const struct sc_plan *plan)
{
	size_t i;

	n_olds = plan->n_keys;
	olds = sc_alloc(n_olds * sizeof(*olds));
	for (i = 0; olds && i < n_olds; i++)
		olds[i] = plan->keys[i].key->func;
}

/* ---------------------------------------------------------- their words */

static void put_target(struct sc_line *line, const void *func)
{
	switch (func ? sc_target_kind(func) : SC_TARGET_NULL) {
	case SC_TARGET_NULL:
		sc_line_put(line, "NULL");
		break;
	case SC_TARGET_RET0:
		sc_line_put(line, "RET0");
		break;
	case SC_TARGET_FUNC:
		sc_symbol_put(line, func, "");
		break;
	}
}

/* A key that the library does not know has the name of its symbol. */
static void put_key(struct sc_line *line, const struct static_call_key *key)
{
	const struct sc_key *entry = key ? sc_registry_find(key) : NULL;

	if (!key)
		sc_line_put(line, "NULL");
	else if (entry && entry->name[0])
		sc_line_put_short(line, entry->name);
	else
		sc_symbol_put(line, key, "__SCK__");
}

static void put_count(struct sc_line *line, size_t n, const char *what)
{
	sc_line_put(line, ", ");
	sc_line_put_number(line, n, 10);
	sc_line_put(line, " ");
	sc_line_put(line, what);
}

static void put_nth(struct sc_line *line, size_t i, size_t n)
{
	if (n < 2)
		return;
	put_count(line, i + 1, "of ");
	sc_line_put_number(line, n, 10);
}

/* ---------------------------------------------------------- the updates */

static void tell_update(const struct sc_plan_key *k, const void *old,
			unsigned long us, size_t i, size_t n)
{
	struct sc_line line = { .len = 0 };
	size_t n_sites = k->entry ? k->entry->n_places : 0;

	sc_log_begin(&line, "update ");
	put_key(&line, k->key);
	sc_line_put(&line, ": ");
	if (olds)
		put_target(&line, old);
	else
		sc_line_put(&line, "?");
	sc_line_put(&line, " -> ");
	put_target(&line, k->func);
	put_count(&line, n_sites, n_sites == 1 ? "site" : "sites");
	put_count(&line, k->entry ? sc_backend_patched(k->entry) : 0, "direct");
	put_count(&line, us, "us");
	put_nth(&line, i, n);
	sc_log_end(&line);
}

void sc_events_updated(const struct sc_plan *plan, unsigned long us)
{
	size_t i;

	for (i = 0; i < plan->n_keys; i++)
		tell_update(plan->keys + i, olds ? olds[i] : NULL, us, i,
			    plan->n_keys);
	sc_free(olds, n_olds * sizeof(*olds));
	olds = NULL;
}

static void tell_refusal(const struct static_call_change *change,
			 const char *why, int err, size_t i, size_t n)
{
	struct sc_line line = { .len = 0 };

	sc_log_begin(&line, "update ");
	put_key(&line, change->key);
	sc_line_put(&line, ": failed, not changed to ");
	put_target(&line, change->func);
	put_nth(&line, i, n);
	sc_line_put(&line, ", ");
	sc_log_put_error(&line, why, err);
	sc_log_end(&line);
}

void sc_events_refused(const struct static_call_change *changes, size_t n,
		       const char *why, int err)
{
	size_t i;

	for (i = 0; i < n; i++)
		tell_refusal(changes + i, why, err, i, n);
}

/* ---------------------------------------------------------- the modules */

void sc_events_module(const struct sc_module *m, const char *what, int err)
{
	struct sc_line line = { .len = 0 };
	struct sc_module_sum sum = { .path = NULL };
	const struct sc_key *key;

	for (key = sc_world->keys; key; key = key->next)
		sum.n_keys += key->module == m;
	sc_backend_sum(m, &sum);
	sc_log_begin(&line, "module ");
	/* The loader's name of the program is none. */
	if (!sc_symbol_put_file(&line, m->state))
		sc_line_put(&line, sum.path ? sum.path : "without a file");
	sc_line_put(&line, ": ");
	sc_line_put(&line, what);
	put_count(&line, sum.n_keys, sum.n_keys == 1 ? "key" : "keys");
	put_count(&line, sum.n_sites, sum.n_sites == 1 ? "site" : "sites");
	put_count(&line, sum.n_direct, "direct");
	if (err) {
		sc_line_put(&line, ", ");
		sc_log_put_error(&line, NULL, err);
	}
	sc_log_end(&line);
}
