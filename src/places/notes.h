/* SPDX-License-Identifier: MIT */
/*
 * notes.h - what a loaded module contains: text, definitions, tables of sites.
 *
 * Only what passed these checks is in an image: every offset leads into the
 * module's own segments, a trampoline carries its signature.
 */
#ifndef SC_NOTES_H
#define SC_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <static_call/format.h>

#include "loaded.h"

struct sc_segment {
	uintptr_t start, end;		/* executable, whole pages */
	bool readable;
};

struct sc_define {
	uintptr_t tramp;
	struct static_call_key *key;
	const char *name;		/* in the module */
};

struct sc_run {
	const struct static_call_site *sites;	/* in the module */
	size_t n;
	bool direct;			/* records lead to trampolines */
};

/* One allocation; the arrays lie behind the structure. */
struct sc_image {
	size_t size;			/* of all */
	struct sc_loaded *loaded;	/* freed with it */
	uintptr_t state;		/* the module's state byte */
	bool text_relocations;		/* text is not what the file holds */
	struct sc_segment *segments;
	struct sc_define *defines;
	struct sc_run *runs;
	size_t n_segments, n_defines, n_runs;
	size_t n_sites;			/* in all runs */
	size_t n_refused;		/* notes and records that lead astray */
	bool has_note;			/* that of the module is there */
	bool needs_hook, has_hook;	/* and says so */
	bool without_hook;		/* and so its calls have no records */
	bool code_moved;		/* there are calls where no record leads */
};

/*
 * Reads the module whose state byte is @state into *@image, to be freed with
 * sc_image_free().  Calls the dynamic loader.  Returns 0, -ENOMEM, or -ENOENT
 * where there is nothing in it.
 */
int sc_image_read(const void *state, struct sc_image **image);
void sc_image_free(struct sc_image *image);

/* The value of the slot at @slot; 0 where the module has none there. */
uintptr_t sc_image_slot_value(const struct sc_image *image, uintptr_t slot);

/*
 * Whether the loader will bind the slot at @slot to the trampoline of @name, by
 * the relocations of the procedure linkage table.
 */
bool sc_image_binds(const struct sc_image *image, uintptr_t slot,
		    const char *name);

/*
 * Whether the module makes static calls, with records or without.  Reads its code
 * to the first of them.
 */
bool sc_image_makes_calls(const struct sc_image *image);

/*
 * Whether code was moved to a segment of its own after the link, and the records
 * with it were not: they lead to what nobody runs any more.  Costs nothing where
 * the module has one segment of code, as linkers make it.
 */
bool sc_image_code_moved(const struct sc_image *image);

#endif
