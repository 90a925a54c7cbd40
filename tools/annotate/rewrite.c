/* SPDX-License-Identifier: MIT */
/* rewrite.c - what the parts of a new object share: places, sections, names. */
#include <string.h>

#include "annotate/rewrite.h"

const char sc_rewrite_names[SC_NAMES_SIZE] =
	".rela" STATIC_CALL_SITE_SECTION "\0"
	".rela" STATIC_CALL_RUN_SECTION "\0"
	".symtab_shndx\0"
	".bss." STATIC_CALL_STATE_STR;

int sc_rewrite_begin(struct sc_rewrite *rewrite)
{
	struct sc_object *object = rewrite->object;
	size_t most = sc_rewrite_state_section(rewrite) + rewrite->new_state +
		      rewrite->new_shndx;

	rewrite->section = sc_pool_alloc(&object->pool, most,
					 sizeof(*rewrite->section));
	rewrite->n_sections = 1;
	rewrite->end = sizeof(Elf64_Ehdr);
	return rewrite->section ? 0 : sc_error(object->name, "out of memory");
}

/*
 * The layout is our own.  An object need not be laid out by what its sections
 * ask for in memory, and that can be gigabytes.
 */
uint64_t sc_rewrite_place(struct sc_rewrite *rewrite, uint64_t align,
			  uint64_t size)
{
	uint64_t at;

	if (align > SC_REWRITE_ALIGN)
		align = SC_REWRITE_ALIGN;
	if (!align)
		align = 1;
	at = (rewrite->end + align - 1) & ~(align - 1);
	rewrite->end = at + size;
	return at;
}

void sc_rewrite_add_section(struct sc_rewrite *rewrite, const Elf64_Shdr *shdr,
			    Elf_Type type, size_t size, void *buffer)
{
	struct sc_section *new = &rewrite->section[rewrite->n_sections++];
	bool empty = shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL;

	*new = (struct sc_section){ *shdr, type, empty ? NULL : buffer };
	new->shdr.sh_size = size;
	new->shdr.sh_offset = sc_rewrite_place(rewrite, shdr->sh_addralign,
					       empty ? 0 : size);
}

int sc_rewrite_new_section(struct sc_rewrite *rewrite, const Elf64_Shdr *shdr,
			   Elf_Type type, size_t size, void **buffer)
{
	*buffer = sc_pool_alloc(&rewrite->object->pool, size ? size : 1, 1);
	if (!*buffer)
		return sc_error(rewrite->object->name, "out of memory");
	sc_rewrite_add_section(rewrite, shdr, type, size, *buffer);
	return 0;
}

const Elf_Data *sc_rewrite_old_data(struct sc_rewrite *rewrite, size_t section)
{
	Elf_Data *data = elf_getdata(rewrite->object->scn[section], NULL);

	if (!data || (data->d_size && !data->d_buf)) {
		sc_error(rewrite->object->name, "cannot read section %zu",
			 section);
		return NULL;
	}
	return data;
}

size_t sc_rewrite_section(const struct sc_rewrite *rewrite,
			  const struct sc_chunk *chunk, unsigned int which)
{
	size_t n = (size_t)(chunk - rewrite->chunk);

	return rewrite->object->n_sections + n * SC_CHUNK_SECTIONS + which;
}

size_t sc_rewrite_state_section(const struct sc_rewrite *rewrite)
{
	return rewrite->object->n_sections +
	       rewrite->n_chunks * SC_CHUNK_SECTIONS;
}

static void set_index(const struct sc_rewrite *rewrite, Elf32_Word *index,
		      uint32_t symbol, size_t section)
{
	if (symbol >= rewrite->first_global && section >= SHN_LORESERVE)
		index[symbol] = (Elf32_Word)section;
}

void sc_rewrite_fill_index(const struct sc_rewrite *rewrite,
			   Elf32_Word *index)
{
	size_t i;

	for (i = 0; i < rewrite->n_chunks; i++) {
		const struct sc_chunk *chunk = &rewrite->chunk[i];

		set_index(rewrite, index, chunk->text_sym, chunk->text);
		set_index(rewrite, index, chunk->sites_sym,
			  sc_rewrite_section(rewrite, chunk, SC_CHUNK_SITES));
		set_index(rewrite, index, chunk->note_sym,
			  sc_rewrite_section(rewrite, chunk, SC_CHUNK_NOTE));
	}
	if (rewrite->new_state)
		set_index(rewrite, index, rewrite->state_sym,
			  sc_rewrite_state_section(rewrite));
}
