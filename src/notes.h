/* SPDX-License-Identifier: MIT */
/* notes.h - what a loaded module contains: text, definitions, tables of sites. */
#ifndef SC_NOTES_H
#define SC_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <static_call/format.h>

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
};

/* One allocation; the arrays lie behind the structure. */
struct sc_image {
	size_t size;			/* of all */
	const char *path;		/* of the file */
	bool text_relocations;		/* text is not what the file holds */
	struct sc_segment *segments;
	struct sc_define *defines;
	struct sc_run *runs;
	size_t n_segments, n_defines, n_runs;
	size_t n_sites;			/* in all runs */
};

/*
 * Reads the module whose memory holds @address into *@image, to be freed with
 * sc_image_free().  Calls the dynamic loader.  Returns 0, -ENOMEM, or -ENOENT
 * where there is nothing in it.
 */
int sc_image_read(const void *address, struct sc_image **image);
void sc_image_free(struct sc_image *image);

#endif
