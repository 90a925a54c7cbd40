/* SPDX-License-Identifier: MIT */
/*
 * image.h - a linked x86-64 program or library: its records, found as the
 * library finds them at run time, through program headers and notes.
 */
#ifndef SC_IMAGE_H
#define SC_IMAGE_H

#include <libelf.h>
#include <stdint.h>

#include "tool.h"

struct sc_image_site {
	uint64_t address;
	uint64_t slot;		/* of the trampoline, without flags */
	uint32_t flags;
};

struct sc_image_name {
	uint64_t value;		/* a slot, or a trampoline */
	const char *name;	/* without __SCT__ */
	bool defined;		/* here, by a note */
};

struct sc_image_function {
	uint64_t address, size;
	const char *name;
};

struct sc_image {
	const char *name;	/* for messages */
	struct sc_pool pool;
	Elf *elf;
	Elf64_Ehdr *ehdr;
	Elf64_Phdr *phdr;
	size_t nr_phdrs;
	const uint8_t *file;
	size_t size;

	struct sc_image_site *site;	/* sorted by address */
	size_t nr_sites, sites_room;
	struct sc_image_name *by_slot, *by_tramp;
	size_t nr_by_slot, by_slot_room, nr_by_tramp, by_tramp_room;

	struct sc_image_function *function;	/* NULL until asked for */
	size_t nr_functions, functions_room;
};

/* 0, or -1 with a message.  Must be closed whatever is returned. */
int sc_image_open(struct sc_image *image, Elf *elf, const char *name);
void sc_image_close(struct sc_image *image);

/* @size bytes of the file that are loaded at @address, or NULL. */
const uint8_t *sc_image_at(const struct sc_image *image, uint64_t address,
			   size_t size);

/* The record of the site at @address, or NULL. */
const struct sc_image_site *sc_image_find(const struct sc_image *image,
					  uint64_t address);

/* The name of the static call behind @slot, or NULL where nothing says. */
const char *sc_image_site_name(const struct sc_image *image, uint64_t slot);

/* The function at @address, or NULL where no symbol tells. */
const struct sc_image_function *sc_image_function(struct sc_image *image,
						  uint64_t address);

#endif /* SC_IMAGE_H */
