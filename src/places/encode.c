/* SPDX-License-Identifier: MIT */
/*
 * encode.c - what each place shall hold: adds the changes to a plan.
 *
 * Nothing here looks at text or changes a place: what it makes is in the plan,
 * and a plan may be abandoned.
 */
#include "sc_config.h"

#include <string.h>

#include "bytes.h"
#include "places.h"
#include "plan.h"
#include "targets.h"

/*
 * The stubs lie in the trampoline and are never patched, so a jump to one is in
 * reach and right for good.
 */
struct sc_target sc_target_of(void *func, uintptr_t tramp)
{
	return (struct sc_target){
		.kind = sc_target_kind(func),
		.func = (uintptr_t)func,
		.null_stub = tramp ? tramp + SC_TRAMP_NULL : 0,
		.ret0_stub = tramp ? tramp + SC_TRAMP_RET0 : 0,
	};
}

int sc_place_encode(const struct sc_place *p, const struct sc_target *target,
		    uint8_t *out)
{
	memcpy(out, p->pristine, SC_INSN_MAX);
	return sc_insn_encode((enum sc_form)p->form, (uintptr_t)p->addr, target,
			      NULL, out);
}

/* A place that holds what it shall is no change: the next one overwrites it. */
static void add_if_changed(struct sc_plan *plan, struct sc_change *c)
{
	if (!sc_bytes_same(c->wanted, c->place->live, SC_INSN_MAX))
		plan->n_changes++;
}

/* Room is there: sc_places_reserve() has made it for all places. */
void sc_plan_add(struct sc_plan *plan, struct sc_place *p,
		 const struct sc_target *target)
{
	struct sc_change *c = plan->changes + plan->n_changes;

	if (!p->len || !p->text->usable)
		return;
	c->addr = (uintptr_t)p->addr;
	c->place = p;
	c->target = target;
	sc_place_encode(p, target, c->wanted);
	add_if_changed(plan, c);
}

/* No target: what goes back is the linker's bytes and nothing else. */
void sc_plan_add_pristine(struct sc_plan *plan, struct sc_place *p)
{
	struct sc_change *c = plan->changes + plan->n_changes;

	c->addr = (uintptr_t)p->addr;
	c->place = p;
	c->target = NULL;
	memcpy(c->wanted, p->pristine, SC_INSN_MAX);
	add_if_changed(plan, c);
}

int sc_plan_prepare(struct sc_plan *plan)
{
	sc_plan_sort_changes(plan);
	return sc_text_prepare(plan->changes, plan->n_changes);
}

/*
 * A place that could not be made pristine as its module left calls the old
 * function until its mapping is gone, so its key cannot be changed.
 */
static int add_key(struct sc_plan *plan, struct sc_plan_key *k)
{
	struct sc_place *p;

	k->target = sc_target_of(k->func, k->entry->tramp);
	sc_plan_expect(plan, k->entry->n_places);
	for (p = k->entry->places; p; p = p->next_of_key) {
		if (p->text && p->text->stuck)
			return p->text->stuck;
		sc_plan_add(plan, p, &k->target);
	}
	return 0;
}

int sc_backend_prepare(struct sc_plan *plan)
{
	size_t i;
	int err = sc_places_reserve(plan);

	for (i = 0; i < plan->n_keys && !err; i++)
		if (plan->keys[i].entry && plan->keys[i].entry->owned)
			err = add_key(plan, plan->keys + i);
	return err ? err : sc_plan_prepare(plan);
}

void sc_backend_commit(void)
{
	sc_text_commit();
}
