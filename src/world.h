/* SPDX-License-Identifier: MIT */
/*
 * world.h - what the library knows, in pages of its own.
 *
 * A child of fork() sees one moment of its parent's memory, and in that moment
 * another thread may have been anywhere in the library.  So the state is made of
 * a few facts, each stored by one store when all that it leads to is written;
 * the child believes these and makes the rest anew (fork.c).  None of it lies on
 * a page with the program's data (mem.c): a page that the program shares with the
 * kernel (io_uring, RDMA) is copied early in fork(), before what other threads
 * write meanwhile.
 *
 * Facts: @modules, @slabs and the entries in them, @places, @moving, @storing,
 * and @plan while it is stored.  The rest is derived.  All is written with the
 * lock held; a fact by a release store, so that the child which sees it sees
 * what was stored before it.
 *
 * What a child may find, in the order of the stores, and what it makes of it:
 *
 *	an update	@storing NULL		it has happened or has not
 *			@storing the plan	some keys are stored: all are
 *	a module comes	@moving NULL		it is not known
 *			@moving the module	some of its keys and places are
 *						there: it is not known, and
 *						its text is given back
 *			in @modules, @moving	the same
 *			in @modules, NULL	it is known
 *	a module goes	the same, in reverse
 *
 * Of the engine a child believes the transaction (engine.h) and the arenas.
 */
#ifndef SC_WORLD_H
#define SC_WORLD_H

#include "plan.h"

struct sc_key;
struct sc_module;
struct sc_places;
struct sc_slab;

struct sc_world {
	struct sc_module *modules;
	struct sc_slab *slabs;
	struct sc_places *places;	/* the backend's, of all modules */
	unsigned long n_serials;	/* so many @places were there ever */

	/*
	 * The module that is coming or going, from before the first change that
	 * it makes to after the last.  A child finishes it as one that goes.
	 */
	struct sc_module *moving;
	/*
	 * The plan whose keys are being stored; NULL: none.  From the first
	 * store on the update cannot fail, so a child stores the rest.
	 */
	struct sc_plan *storing;
	struct sc_plan plan;

	/* For the report; updates that returned 0, and others. */
	size_t n_updates, n_refused;

	/* Made anew by a child. */
	struct sc_key *keys, *spare;	/* entries in use, and the others */
	size_t n_places;		/* of the backend, of all modules */
	size_t n_waiting;		/* texts that could not be asked */
	size_t n_unowned;		/* of @keys: not sc_key.owned */
	size_t n_stuck;			/* modules with sc_module.stuck */
};

/* Set once, with the lock held, by the first sc_enter(); NULL until then. */
extern struct sc_world *sc_world;

#endif
