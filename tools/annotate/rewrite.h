/* SPDX-License-Identifier: MIT */
/*
 * rewrite.h - writes an object file anew, with records for call sites.
 *
 * What the new object has more, for each section of code with new records (a
 * chunk), numbered from the old number of sections on:
 *
 *   +0  .static_call_sites		the records
 *   +1  .rela.static_call_sites
 *   +2  .static_call_notes		one note: where the records are, how many
 *   +3  .rela.static_call_notes
 *
 * then, where the object has no symbol __static_call_module_state, to which the
 * notes are anchored, a section that defines it (weak, as in the header),
 * and an R_X86_64_NONE relocation from the code to each of +0 and +2.  Those
 * make linkers that drop unused sections keep the four with the code and, as
 * nothing else refers to them, drop them with it.  If the code is in a group,
 * the four join it.
 */
#ifndef SC_REWRITE_H
#define SC_REWRITE_H

#include <static_call/format.h>

#include "elf/sites.h"

enum { SC_CHUNK_SITES, SC_CHUNK_SITES_RELA, SC_CHUNK_NOTE, SC_CHUNK_NOTE_RELA,
       SC_CHUNK_SECTIONS };

enum { SC_REWRITE_ALIGN = 64 };		/* sections in the file, at most */

struct sc_chunk {
	uint32_t text;			/* the section of code */
	uint32_t rela;			/* its relocations */
	uint32_t group;			/* its group, 0: none */
	uint32_t text_sym;		/* section symbols, new numbers */
	uint32_t sites_sym;
	uint32_t note_sym;
	size_t n;			/* new records */
	const struct sc_site **site;
};

/* A section of the new object. */
struct sc_section {
	Elf64_Shdr shdr;
	Elf_Type type;			/* ELF_T_BYTE: the data stays as it is */
	void *data;
};

struct sc_rewrite {
	struct sc_object *object;
	struct sc_chunk *chunk;
	size_t n_chunks;

	/* By old section number: the chunk whose code or rela it is, plus 1. */
	uint32_t *chunk_of_rela;

	size_t first_global;		/* old number; new symbols go here */
	size_t n_new_syms;		/* local ones, in front of the globals */
	uint32_t state_sym;		/* new number of the state byte's symbol */
	bool new_state;			/* it must be made, as the last one */
	bool new_shndx;			/* a SHT_SYMTAB_SHNDX must be made */
	size_t names_at;		/* size of the old section names */
	size_t strings;			/* section of the symbol names */
	size_t state_name;		/* where in it the new symbol's name is */
	uint64_t end;			/* of what is laid out so far */
	struct sc_section *section;	/* the new ones, by number */
	size_t n_sections;
};

/*
 * What is appended to the section names, and where in it each name is: each
 * also serves, from ".rela" on, its section and its relocations.
 *
 * The locator is not named .note*: gold keeps every such section, used or not,
 * and with the locators all code that makes static calls.  All linkers put it
 * in PT_NOTE because of its type.  (GNU ld does so since 2.32.)
 */
enum {
	SC_NAME_SITES_RELA = 0,
	SC_NAME_SITES = sizeof(".rela") - 1,
	SC_NAME_NOTE_RELA = sizeof(".rela" STATIC_CALL_SITE_SECTION),
	SC_NAME_NOTE = SC_NAME_NOTE_RELA + sizeof(".rela") - 1,
	SC_NAME_SHNDX = SC_NAME_NOTE_RELA +
			sizeof(".rela" STATIC_CALL_RUN_SECTION),
	SC_NAME_STATE = SC_NAME_SHNDX + sizeof(".symtab_shndx"),
	SC_NAMES_SIZE = SC_NAME_STATE + sizeof(".bss." STATIC_CALL_STATE_STR),
};
extern const char sc_rewrite_names[SC_NAMES_SIZE];

/* The new number of an old symbol. */
static inline uint32_t sc_rewrite_symbol(const struct sc_rewrite *rewrite,
					 size_t symbol)
{
	if (symbol >= rewrite->first_global)
		symbol += rewrite->n_new_syms;
	return (uint32_t)symbol;
}

/* Of the new symbol table. */
static inline size_t sc_rewrite_n_syms(const struct sc_rewrite *rewrite)
{
	return rewrite->object->n_syms + rewrite->n_new_syms +
	       rewrite->new_state;
}

/* ---- rewrite.c ---- */

/* Room for all sections, once it is known how many there will be. */
int sc_rewrite_begin(struct sc_rewrite *rewrite);

/* Where in the file the next @size bytes go. */
uint64_t sc_rewrite_place(struct sc_rewrite *rewrite, uint64_t align,
			  uint64_t size);

/* A new section with the @size bytes at @buffer, which stay where they are. */
void sc_rewrite_add_section(struct sc_rewrite *rewrite, const Elf64_Shdr *shdr,
			    Elf_Type type, size_t size, void *buffer);

/* The same, with zeroed memory, which *@buffer gets. */
int sc_rewrite_new_section(struct sc_rewrite *rewrite, const Elf64_Shdr *shdr,
			   Elf_Type type, size_t size, void **buffer);

/* The bytes of an old section, in the machine's byte order; NULL: a message. */
const Elf_Data *sc_rewrite_old_data(struct sc_rewrite *rewrite,
				    size_t section);

/* The number that section @which of @chunk gets. */
size_t sc_rewrite_section(const struct sc_rewrite *rewrite,
			  const struct sc_chunk *chunk, unsigned int which);

/* The number that the section of a new state byte gets. */
size_t sc_rewrite_state_section(const struct sc_rewrite *rewrite);

/* The section numbers of the new symbols, where st_shndx is too small. */
void sc_rewrite_fill_index(const struct sc_rewrite *rewrite,
			   Elf32_Word *index);

/* ---- the parts; none of them calls another but old, which calls llvm ---- */

/* rewrite_llvm.c: LLVM's sections that hold symbol numbers. */
int sc_rewrite_copy_addrsig(struct sc_rewrite *rewrite, size_t section);
int sc_rewrite_copy_call_graph(struct sc_rewrite *rewrite, size_t section);

/* rewrite_old.c: copies the old sections, with what must change in them. */
int sc_rewrite_copy_sections(struct sc_rewrite *rewrite);

/* rewrite_new.c: makes the sections of all chunks, behind the old ones. */
int sc_rewrite_add_chunks(struct sc_rewrite *rewrite);

/* rewrite_file.c: the file, once it has all sections. */
int sc_rewrite_write(struct sc_rewrite *rewrite, int fd);

#endif /* SC_REWRITE_H */
