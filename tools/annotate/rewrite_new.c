/* SPDX-License-Identifier: MIT */
/* rewrite_new.c - the sections that annotation adds to an object. */
#include <string.h>

#include <static_call/format.h>

#include "annotate/rewrite.h"

#ifndef SHF_LINK_ORDER
#define SHF_LINK_ORDER 0x80
#endif

enum {
	NOTE_HEADER = 12,
	NOTE_OWNER = (sizeof(STATIC_CALL_NOTE_OWNER) + 3) & ~3,
	NOTE_DESC = NOTE_HEADER + NOTE_OWNER,
	NOTE_SIZE = NOTE_DESC + sizeof(struct static_call_note_sites),
	TRAMP = offsetof(struct static_call_site, tramp),
};

static void put32(uint8_t *at, uint32_t value)
{
	at[0] = value & 0xff;
	at[1] = value >> 8 & 0xff;
	at[2] = value >> 16 & 0xff;
	at[3] = value >> 24;
}

static Elf64_Rela rela_to(size_t offset, uint32_t symbol, uint32_t type,
			  int64_t addend)
{
	return (Elf64_Rela){
		.r_offset = offset,
		.r_info = ELF64_R_INFO((uint64_t)symbol, type),
		.r_addend = addend,
	};
}

static int add_rela(struct sc_rewrite *rewrite, const struct sc_chunk *chunk,
		    unsigned int which, size_t n, Elf64_Rela **rela)
{
	Elf64_Shdr shdr = {
		.sh_name = (Elf64_Word)(rewrite->names_at +
					(which == SC_CHUNK_SITES ?
					 SC_NAME_SITES_RELA : SC_NAME_NOTE_RELA)),
		.sh_type = SHT_RELA,
		.sh_flags = SHF_INFO_LINK | (chunk->group ? SHF_GROUP : 0),
		.sh_link = (Elf64_Word)rewrite->object->symtab,
		.sh_info = (Elf64_Word)sc_rewrite_section(rewrite, chunk,
							  which),
		.sh_addralign = 8,
		.sh_entsize = sizeof(Elf64_Rela),
	};
	void *buffer;

	if (sc_rewrite_new_section(rewrite, &shdr, ELF_T_RELA,
				   n * sizeof(Elf64_Rela), &buffer))
		return -1;
	*rela = buffer;
	return 0;
}

static int add_sites(struct sc_rewrite *rewrite, const struct sc_chunk *chunk)
{
	Elf64_Shdr shdr = {
		.sh_name = (Elf64_Word)(rewrite->names_at + SC_NAME_SITES),
		.sh_type = SHT_PROGBITS,
		.sh_flags = SHF_ALLOC | (chunk->group ? SHF_GROUP : 0),
		.sh_addralign = 4,
	};
	const size_t size = sizeof(struct static_call_site);
	Elf64_Rela *rela;
	void *buffer;
	size_t i;

	if (sc_rewrite_new_section(rewrite, &shdr, ELF_T_BYTE,
				   chunk->n * size, &buffer) ||
	    add_rela(rewrite, chunk, SC_CHUNK_SITES, 2 * chunk->n, &rela))
		return -1;
	for (i = 0; i < chunk->n; i++) {
		const struct sc_site *site = chunk->site[i];

		*rela++ = rela_to(i * size, chunk->text_sym, R_X86_64_PC32,
				  (int64_t)site->offset);
		*rela++ = rela_to(i * size + TRAMP,
				  sc_rewrite_symbol(rewrite, site->symbol),
				  R_X86_64_GOTPCREL, site->flags);
	}
	return 0;
}

static int add_note(struct sc_rewrite *rewrite, const struct sc_chunk *chunk)
{
	/* Linked to the code, or linkers would keep every note, and by it all. */
	Elf64_Shdr shdr = {
		.sh_name = (Elf64_Word)(rewrite->names_at + SC_NAME_NOTE),
		.sh_type = SHT_NOTE,
		.sh_flags = SHF_ALLOC | SHF_LINK_ORDER |
			    (chunk->group ? SHF_GROUP : 0),
		.sh_link = chunk->text,
		.sh_addralign = 4,
	};
	Elf64_Rela *rela;
	uint8_t *note;
	void *buffer;

	if (sc_rewrite_new_section(rewrite, &shdr, ELF_T_BYTE, NOTE_SIZE,
				   &buffer) ||
	    add_rela(rewrite, chunk, SC_CHUNK_NOTE, 2, &rela))
		return -1;
	note = buffer;
	put32(note, sizeof(STATIC_CALL_NOTE_OWNER));
	put32(note + 4, sizeof(struct static_call_note_sites));
	put32(note + 8, STATIC_CALL_NOTE_SITES);
	memcpy(note + NOTE_HEADER, STATIC_CALL_NOTE_OWNER,
	       sizeof(STATIC_CALL_NOTE_OWNER));
	put32(note + NOTE_DESC + offsetof(struct static_call_note_sites, count),
	      (uint32_t)chunk->n);
	rela[0] = rela_to(NOTE_DESC +
			  offsetof(struct static_call_note_sites, anchor),
			  rewrite->state_sym, R_X86_64_PC32, 0);
	rela[1] = rela_to(NOTE_DESC +
			  offsetof(struct static_call_note_sites, start),
			  chunk->sites_sym, R_X86_64_PC32, 0);
	return 0;
}

/*
 * Objects without the symbol are parts that a link-time optimiser made, and
 * assembly.  Defined, not only referred to: a module that has no other object
 * of ours must link, too.
 */
static void add_state(struct sc_rewrite *rewrite)
{
	const Elf64_Shdr shdr = {
		.sh_name = (Elf64_Word)(rewrite->names_at + SC_NAME_STATE),
		.sh_type = SHT_NOBITS,
		.sh_flags = SHF_ALLOC | SHF_WRITE,
		.sh_addralign = 1,
	};

	sc_rewrite_add_section(rewrite, &shdr, ELF_T_BYTE, 1, NULL);
}

/* Section numbers of the symbols, where 16 bits of st_shndx are too few. */
static int add_shndx(struct sc_rewrite *rewrite)
{
	Elf64_Shdr shdr = {
		.sh_name = (Elf64_Word)(rewrite->names_at + SC_NAME_SHNDX),
		.sh_type = SHT_SYMTAB_SHNDX,
		.sh_link = (Elf64_Word)rewrite->object->symtab,
		.sh_addralign = 4,
		.sh_entsize = sizeof(Elf32_Word),
	};
	size_t n = sc_rewrite_n_syms(rewrite);
	void *buffer;

	if (sc_rewrite_new_section(rewrite, &shdr, ELF_T_WORD,
				   n * sizeof(Elf32_Word), &buffer))
		return -1;
	sc_rewrite_fill_index(rewrite, buffer);
	return 0;
}

int sc_rewrite_add_chunks(struct sc_rewrite *rewrite)
{
	size_t i;

	for (i = 0; i < rewrite->n_chunks; i++)
		if (add_sites(rewrite, &rewrite->chunk[i]) ||
		    add_note(rewrite, &rewrite->chunk[i]))
			return -1;
	if (rewrite->new_state)
		add_state(rewrite);
	return rewrite->new_shndx ? add_shndx(rewrite) : 0;
}
