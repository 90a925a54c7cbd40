/* SPDX-License-Identifier: MIT */
/* paper.c - a backend that only notes what it is asked. */
#include "sc_config.h"

#include <errno.h>
#include <stdio.h>

#include "backend.h"
#include "paper.h"
#include "registry.h"
#include "unit.h"
#include "world.h"

struct fake fake;
char names[MAX_KEYS][32];

const char *sc_backend_name(void)
{
	return "paper";
}

void sc_backend_start(const char *forbidden)
{
	fake.started++;
	fake.forbidden = forbidden;
}

void sc_backend_rest(void)
{
}

const char *sc_backend_reason(void)
{
	return fake.reason;
}

const char *sc_backend_trouble(void)
{
	return fake.trouble;
}

int sc_backend_read(struct sc_module *m)
{
	fake.reads++;
	m->image = (void *)&fake;
	return fake.read_error;
}

void sc_backend_forget(struct sc_module *m)
{
	ck_assert_ptr_eq(m->image, (void *)&fake);
	fake.forgets++;
}

int sc_backend_add(struct sc_module *m, struct sc_plan *unused)
{
	const struct plan *plan = (const struct plan *)m->state;
	size_t i;

	fake.adds++;
	fake.moving = sc_world->moving;
	for (i = 0; i < plan->n_defines; i++) {
		snprintf(names[i], sizeof(names[i]), "call_%zu", i);
		if (!sc_registry_define(m, plan->defines + i, names[i], 0))
			return -ENOMEM;
	}
	for (i = 0; i < plan->n_uses; i++) {
		struct sc_key *key = sc_registry_use(plan->uses + i, 0);

		if (!key)
			return -ENOMEM;
		key->n_places++;
	}
	return fake.add_error;
}

int sc_backend_remove(struct sc_module *m, struct sc_plan *unused)
{
	fake.removes++;
	fake.moving = sc_world->moving;
	return fake.remove_error;
}

bool sc_backend_is_mapped(const struct sc_module *m)
{
	return fake.is_mapped;
}

void sc_backend_drop(struct sc_module *m)
{
	fake.drops++;
	fake.moving = sc_world->moving;
}

void sc_backend_repair(struct sc_module *modules)
{
	struct sc_module *m;

	fake.repairs++;
	for (m = modules; m; m = m->next)
		fake.repaired_modules++;
	if (fake.during_repair)
		fake.during_repair();
}

void sc_backend_end(void)
{
	fake.ends++;
}

bool sc_backend_retry(void)
{
	return fake.can_patch_now;
}

void sc_backend_orphan(struct sc_key *key, struct sc_plan *unused)
{
	fake.orphans++;
	fake.orphan = key->name;
	/* it can still be read */
	ck_assert_ptr_eq(sc_registry_find(key->key), key);
}

int sc_backend_prepare(struct sc_plan *p)
{
	size_t i;

	fake.prepares++;
	ck_assert_uint_le(p->n_keys, p->max_keys);
	fake.n_changing = 0;
	for (i = 0; i < p->n_keys; i++) {
		const struct sc_plan_key *k = p->keys + i;

		if (!k->entry)
			continue;
		ck_assert_ptr_eq(k->entry->key, k->key);
		fake.changing[fake.n_changing] = k->key;
		fake.seen[fake.n_changing] = k->key->func;
		fake.targets[fake.n_changing++] = k->func;
	}
	if (fake.during_prepare)
		fake.during_prepare();
	return fake.prepare_error;
}

void sc_backend_commit(void)
{
	size_t i;

	fake.commits++;
	/* the keys are stored by now */
	for (i = 0; i < fake.n_changing; i++)
		ck_assert_ptr_eq(fake.changing[i]->func, fake.targets[i]);
}

void sc_backend_sum(const struct sc_module *m, struct sc_module_sum *sum)
{
	sum->n_sites += 12;
	sum->n_direct += 9;
}

void sc_backend_count(struct static_call_info *info)
{
	info->sites = 12;
	info->sites_waiting = 3;
}

size_t sc_backend_patched(const struct sc_key *key)
{
	return key->n_places / 2;
}

struct static_call_site_info sites[3];

bool sc_backend_next_site(struct sc_site_cursor *c,
			  struct static_call_site_info *out)
{
	ck_assert(c->at == 0 ? c->serial == ~0ul : c->serial == 7);
	c->serial = 7;
	if (c->at == 3)
		return false;
	*out = sites[c->at++];
	return true;
}

bool sc_backend_reserved(const void *start, const void *end)
{
	return start <= (const void *)(sites + 1) &&
	       end >= (const void *)(sites + 1);
}
