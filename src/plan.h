/* SPDX-License-Identifier: MIT */
/*
 * plan.h - an update as one value.
 *
 * The core fills the keys, the places add the changes, the text engine reads
 * both.  Until the keys are stored a plan changes nothing outside of itself, so
 * a plan that is abandoned leaves nothing to undo.
 *
 * There is one plan (sc_world.plan); the library's lock guards it.
 */
#ifndef SC_PLAN_H
#define SC_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "targets.h"

struct sc_key;
struct sc_place;
struct static_call_key;
struct static_call_change;

/* The room that an encoder of any port needs; sc_change is 32 bytes so. */
#define SC_WANTED_MAX	8

/* A key and what it shall hold.  The core writes all but @target. */
struct sc_plan_key {
	struct static_call_key *key;
	struct sc_key *entry;		/* NULL: no place uses it */
	void *func;
	struct sc_target target;	/* @func, for the encoder; the places' */
};

/* A place and what it shall hold. */
struct sc_change {
	uintptr_t addr;			/* of the place: the order */
	struct sc_place *place;
	/*
	 * For the two forms that fit under a debugger's trap, which the engine
	 * has encoded when it meets one.  NULL: only @wanted will do.
	 */
	const struct sc_target *target;
	/* Equal to what the place holds: nothing is to be done. */
	uint8_t wanted[SC_WANTED_MAX];
};

/*
 * The room (@max_*) grows as modules come and in large batches.  @n_* and what
 * is in the arrays is of one update; @keys alone is read by a child of fork(),
 * and only while sc_world.storing points here.
 */
/* So many keys need no room of their own. */
#define SC_PLAN_FEW	16

struct sc_plan {
	struct sc_plan_key *keys;	/* by address of the key */
	size_t n_keys, max_keys;
	struct sc_change *changes;	/* by address of the place */
	struct sc_change *scratch;	/* room for as many, to sort */
	size_t n_changes, max_changes;
	size_t n_touched;		/* of @changes, ever */
	struct sc_plan_key few[SC_PLAN_FEW];
};

/* Makes room for @n keys, or changes; 0 or -ENOMEM, and then all is as it was. */
int sc_plan_reserve_keys(struct sc_plan *plan, size_t n);
int sc_plan_reserve_changes(struct sc_plan *plan, size_t n);

/* @n changes more will come, at most; there is room for them. */
void sc_plan_expect(struct sc_plan *plan, size_t n);

/* Forgets keys and changes; keeps the room. */
void sc_plan_clear(struct sc_plan *plan);

/* In a child of fork(): tells valgrind that the room is this process's. */
void sc_plan_inherit(struct sc_plan *plan);

/* Returns the memory. */
void sc_plan_free(struct sc_plan *plan);

/* Sorts the keys; false where one is there twice. */
_Bool sc_plan_sort_keys(struct sc_plan *plan);

/*
 * Sorts the changes.  Fast for what is usual, a few sorted runs one behind the
 * other: O(n log runs).
 */
void sc_plan_sort_changes(struct sc_plan *plan);

#endif
