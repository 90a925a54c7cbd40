/* SPDX-License-Identifier: MIT */
/*
 * binary.h - a linked x86-64 program or library: its records, found as the
 * library finds them at run time, through program headers and notes.
 */
#ifndef SC_BINARY_H
#define SC_BINARY_H

#include <libelf.h>
#include <stdint.h>

#include "common/tool.h"

struct sc_binary_site {
	uint64_t address;
	uint64_t slot;		/* of the trampoline, without flags */
	uint32_t flags;
	bool direct;		/* @slot is the trampoline itself */
};

struct sc_binary_name {
	uint64_t value;		/* a slot, or a trampoline */
	const char *name;	/* without __SCT__ */
	bool defined;		/* here, by a note */
};

struct sc_binary_names {
	struct sc_binary_name *name;	/* sorted by value */
	size_t n;
};

struct sc_binary {
	const char *name;	/* for messages */
	struct sc_pool pool;
	Elf *elf;
	Elf64_Ehdr *ehdr;
	Elf64_Phdr *phdr;
	size_t n_phdrs;
	const uint8_t *file;
	size_t size;

	struct sc_binary_site *site;	/* sorted by address */
	size_t n_sites;
	struct sc_binary_names slots, tramps;
	/* There is a note of the module; it needs the hook; it was there. */
	bool has_module, needs_hook, has_hook;
	uint64_t *state;	/* state bytes that have a symbol */
	size_t n_states;
};

/* 0, or -1 with a message.  Must be closed whatever is returned. */
int sc_binary_open(struct sc_binary *binary, Elf *elf, const char *name);
void sc_binary_close(struct sc_binary *binary);

/* @size bytes of the file that are loaded at @address, or NULL. */
const uint8_t *sc_binary_at(const struct sc_binary *binary, uint64_t address,
			   size_t size);

/* The record of the site at @address, or NULL. */
const struct sc_binary_site *sc_binary_find(const struct sc_binary *binary,
					  uint64_t address);

/* The name of the static call of @site, or NULL where nothing says. */
const char *sc_binary_site_name(const struct sc_binary *binary,
				const struct sc_binary_site *site);

/* The name of the trampoline that @slot holds, or that is at @tramp; or NULL. */
const char *sc_binary_slot_name(const struct sc_binary *binary, uint64_t slot);
const char *sc_binary_tramp_name(const struct sc_binary *binary, uint64_t tramp);

bool sc_binary_has_symbol(const struct sc_binary *binary, const char *symbol);

/* ---- between binary.c and records.c, each 0 or -1 after a message ---- */

/* The sites, and the names of what is defined here. */
int sc_binary_read_notes(struct sc_binary *binary);

int sc_binary_add_name(struct sc_binary *binary, struct sc_binary_names *names,
		       uint64_t value, const char *name, bool defined);

/* Room for one more in a growing array; NULL after a message. */
void *sc_binary_grow(struct sc_binary *binary, void *array, size_t n,
		     size_t size);

#endif /* SC_BINARY_H */
