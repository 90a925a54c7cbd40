/* SPDX-License-Identifier: MIT */
/* sites.h - finds the static calls in a relocatable object. */
#ifndef SC_SITES_H
#define SC_SITES_H

#include "elf/object.h"

struct sc_site {
	uint32_t section;	/* of the code */
	uint32_t symbol;	/* the trampoline */
	uint64_t offset;	/* of the opcode's first byte */
	uint32_t flags;		/* STATIC_CALL_SITE_* */
	uint32_t rela;		/* the section that holds the relocation */
	bool recorded;		/* has a record already */
};

struct sc_sites {
	struct sc_site *site;	/* sorted by section and offset */
	size_t n;
};

/*
 * The rule for one relocation: is what it relocates a call or a jump that the
 * library can patch?  Pure.  @text are the @size bytes of the section.
 */
bool sc_site_at(const uint8_t *text, size_t size, const Elf64_Rela *rela,
		uint64_t *offset, uint32_t *flags);

/* All sites of @object, in memory of its pool.  0, or -1 with a message. */
int sc_sites_find(struct sc_object *object, struct sc_sites *sites);

#endif /* SC_SITES_H */
