/* SPDX-License-Identifier: MIT */
/*
 * object.h - an x86-64 relocatable object, opened and checked: after
 * sc_object_open() every index below is in range, so that nobody who reads the
 * object has to check again.
 */
#ifndef SC_OBJECT_H
#define SC_OBJECT_H

#include <libelf.h>
#include <stdint.h>

#include "common/tool.h"

struct sc_object {
	const char *name;		/* for messages */
	struct sc_pool pool;
	Elf *elf;

	Elf64_Ehdr *ehdr;
	size_t n_sections;
	size_t names;			/* section of the section names */
	Elf_Scn **scn;			/* by section number */
	Elf64_Shdr **shdr;

	size_t symtab;			/* section number, 0: none */
	size_t symtab_shndx;		/* its SHT_SYMTAB_SHNDX, 0: none */
	const Elf64_Sym *syms;
	const Elf32_Word *xindex;
	size_t n_syms;
	const char *strings;		/* of the symbols */
	size_t strings_size;

	uint32_t *section_sym;		/* by section: its symbol, 0: none */
	uint32_t *group;		/* by section: its group, 0: none */
};

enum sc_object_kind {
	SC_OBJECT_ERROR = -1,		/* unreadable, or a broken object */
	SC_OBJECT_OURS,			/* an x86-64 relocatable object */
	SC_OBJECT_OTHER,		/* something else, see @why */
};

/*
 * Opens @elf, which the caller got from libelf and keeps; @object must be
 * closed whatever is returned.  For SC_OBJECT_OTHER, @why gets what it is; for
 * SC_OBJECT_ERROR a message has been printed.
 */
enum sc_object_kind sc_object_open(struct sc_object *object, Elf *elf,
				   const char *name, const char **why);
void sc_object_close(struct sc_object *object);

/* Never NULL. */
const char *sc_object_section_name(const struct sc_object *object,
				   size_t section);
const char *sc_object_symbol_name(const struct sc_object *object,
				  size_t symbol);

/* The section that defines @symbol, 0: none (undefined, absolute, common). */
size_t sc_object_symbol_section(const struct sc_object *object, size_t symbol);

/*
 * The relocations of section @section, checked: @n is their number.  NULL and
 * @n == 0 where there are none; NULL and @n == 1 after a message.
 */
const Elf64_Rela *sc_object_relocations(const struct sc_object *object,
					size_t section, size_t *n);

/* True if a symbol named __SCT__* is there: anything to do at all? */
bool sc_object_names_static_call(const struct sc_object *object);

#endif /* SC_OBJECT_H */
