/* SPDX-License-Identifier: MIT */
/*
 * places.h - the places of modules, for the two backends that patch.
 *
 * A place is an instruction that the library may change: a call site (inline
 * backend) or the first instruction of a trampoline (trampoline backend).
 *
 * Each place belongs to one module, in whose table it lies by address, and to
 * one key, in whose list it hangs; the key may be another module's, or leave
 * first (p->key is NULL then).  Its state is two forms: what the linker left
 * (@pristine) and what the library left (@live).
 *
 *	              decode.c                    an update
 *	record -----+---------> PRISTINE <---------------------> PATCHED
 *	            |              ^      its key or its module      |
 *	            |              |      leaves; a child of fork()  |
 *	            |              +---------------------------------+
 *	            |                     cannot be made pristine    |
 *	            +---------> FIXED (never touched)                v
 *	                                                           STUCK
 *
 * What must stay true:
 *
 *   - Nothing becomes a place by what a record says alone: the instruction must
 *     lead to the trampoline that the record names.
 *   - @pristine is never written again.  It is the way back.
 *   - Between updates text holds @live or @pristine.  The engine alone writes
 *     both, the text and @live.
 *   - The table of a module is in sc_world.places before its text is changed,
 *     and until all of it is pristine again.  So a child of fork() finds each
 *     text that may be patched (sc_backend_repair()).
 *   - STUCK is a matter of whole texts (sc_text.stuck, registry.c).
 *
 * The way of a place:
 *
 *	notes.c		reads from a loaded module where its records are
 *	inline.c or	names the instructions: sc_places_find()
 *	trampoline.c
 *	decode.c	finds out whether each leads to its trampoline, and makes
 *			a place of it
 *	module_places.c	keeps the places of each module in order, one list a key
 *	coming.c	patches those of a module that comes
 *	leaving.c	makes those of a module or key that goes pristine
 *	encode.c	in an update, works out what each shall hold
 *	survey.c	counts and lists them
 *
 * In here there is no x86: instructions are the port's (insn.h).  All of it is
 * guarded by the library's lock.
 */
#ifndef SC_PLACES_H
#define SC_PLACES_H

#include "backend.h"
#include "notes.h"
#include "text.h"
#include "world.h"

/*
 * The places of one module; one allocation.  Written as the module is added;
 * after that the engine alone writes, to what the places hold.
 */
struct sc_places {
	size_t size;			/* of all */
	unsigned long serial;		/* later ones have higher ones */
	struct sc_places *next;		/* of all modules: sc_world->places */
	struct sc_text *texts;
	size_t n_texts;
	struct sc_place *places;	/* by address */
	size_t n;
};

#define for_each_places(places)						\
	for ((places) = sc_world->places; (places); (places) = (places)->next)

/* ------------------------------------------- inline.c, trampoline.c */

/* How many places a module has at most. */
size_t sc_places_max(const struct sc_image *image);

/*
 * Finds the places of a module whose segments are @texts: fills @out, in any
 * order, and returns how many there are.
 */
size_t sc_places_find(const struct sc_image *image, struct sc_text *texts,
		      struct sc_place *out);

/* ------------------------------------------------------ module_places.c */

/* Makes sure that @plan has room for all places; 0 or -ENOMEM. */
int sc_places_reserve(struct sc_plan *plan);

/* ------------------------------------------------------------ coming.c */

/*
 * Patches the places of @m, and those that were waiting for its keys.  After an
 * error some may be patched; the rest go through their keys.
 */
int sc_places_patch(struct sc_plan *plan, const struct sc_module *m);

/* So many changes at a time.  Tests have fewer. */
extern size_t sc_places_part;

/* ----------------------------------------------------------- decode.c */

/*
 * Makes @p the place of the instruction at @addr for the static call @key with
 * the trampoline @tramp, or sets why it is never patched.
 */
void sc_place_decode(struct sc_place *p, const struct sc_image *image,
		     struct sc_text *texts, uintptr_t addr, uintptr_t tramp,
		     struct sc_key *key);

/*
 * The key of the trampoline at @tramp, by its signature; NULL if there is no
 * trampoline of ours.
 */
struct static_call_key *sc_tramp_key(const struct sc_image *image,
				     uintptr_t tramp);

/* ----------------------------------------------------------- encode.c */

/* @func for the encoder, with the stubs of the trampoline @tramp. */
struct sc_target sc_target_of(void *func, uintptr_t tramp);

/*
 * What @p shall hold for @target, into @out.  Returns non-zero where the target
 * is out of reach; then @out is the pristine form, which goes through the key.
 */
int sc_place_encode(const struct sc_place *p, const struct sc_target *target,
		    uint8_t *out);

/* Adds the change of @p to @plan, if there is any. */
void sc_plan_add(struct sc_plan *plan, struct sc_place *p,
		 const struct sc_target *target);
void sc_plan_add_pristine(struct sc_plan *plan, struct sc_place *p);

/* Puts the changes in order and has the engine prepare them. */
int sc_plan_prepare(struct sc_plan *plan);

#endif
