/* SPDX-License-Identifier: MIT */
/*
 * patch.h - what the trampoline and the inline backend share: the places of a
 * module, kept in order, encoded for their targets and handed to the engine.
 */
#ifndef SC_PATCH_H
#define SC_PATCH_H

#include "backend.h"
#include "notes.h"
#include "text.h"

/* While a module is added: places found so far, in any order. */
struct sc_finding {
	const struct sc_image *image;
	const struct sc_registrar *registrar;
	struct sc_text *texts;		/* one for each segment */
	struct sc_patch *found;
	size_t n, max;
};

/*
 * Of the backend: how many places there are at most, and finding them, with
 * sc_patch_found() for each.
 */
size_t sc_places_max(const struct sc_image *image);
void sc_places_find(struct sc_finding *finding);

/*
 * Notes a place: an instruction at @addr (a trampoline's or a site's) for the
 * static call @key with the trampoline @tramp.
 */
void sc_patch_found(struct sc_finding *finding, uintptr_t addr,
		    uintptr_t tramp, struct sc_key *key);

/*
 * The key of the trampoline at @tramp, by its signature; NULL if there is no
 * trampoline of ours.
 */
struct static_call_key *sc_tramp_key(uintptr_t tramp);

#endif
