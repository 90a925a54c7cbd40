/* SPDX-License-Identifier: MIT */
/*
 * rewrite_old.c - the sections of the old object in the new one.
 *
 * Rules: an old section keeps its number.  New local symbols push the global
 * ones up, so whatever holds the number of a symbol is renumbered here; a
 * section that holds such numbers in a form not known here is refused.
 */
#include <string.h>

#include "annotate/rewrite.h"

#ifndef SHF_INFO_LINK
#define SHF_INFO_LINK 0x40
#endif
#define SHT_LLVM_ADDRSIG_TYPE		0x6fff4c03u
#define SHT_LLVM_CALL_GRAPH_OLD		0x6fff4c02u
#define SHT_LLVM_CALL_GRAPH		0x6fff4c09u

/* A copy of the old data with room for @before and @after bytes more. */
static int copy_data(struct sc_rewrite *rewrite, size_t section, Elf_Type type,
		     size_t before, size_t after, uint8_t **buffer,
		     size_t *size)
{
	const Elf_Data *data = sc_rewrite_old_data(rewrite, section);
	void *new;

	if (!data ||
	    sc_rewrite_new_section(rewrite, rewrite->object->shdr[section],
				   type, before + data->d_size + after, &new))
		return -1;
	*buffer = new;
	*size = data->d_size;
	if (data->d_size)
		memcpy(*buffer + before, data->d_buf, data->d_size);
	return 0;
}

static int copy_plain(struct sc_rewrite *rewrite, size_t section)
{
	const Elf64_Shdr *shdr = rewrite->object->shdr[section];
	Elf_Data *data;

	if (shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL ||
	    !shdr->sh_size) {
		sc_rewrite_add_section(rewrite, shdr, ELF_T_BYTE,
				       shdr->sh_size, NULL);
		return 0;
	}
	data = elf_rawdata(rewrite->object->scn[section], NULL);
	if (!data || !data->d_buf)
		return sc_error(rewrite->object->name,
				"cannot read section %zu", section);
	sc_rewrite_add_section(rewrite, shdr, ELF_T_BYTE, data->d_size,
			       data->d_buf);
	return 0;
}

/* Names of sections, of symbols, or both: LLVM makes one section of them. */
static int copy_names(struct sc_rewrite *rewrite, size_t section)
{
	static const char state[] = STATIC_CALL_STATE_STR;
	size_t n_names = section == rewrite->object->names ? SC_NAMES_SIZE : 0;
	size_t n_state = section == rewrite->strings && rewrite->new_state ?
				 sizeof(state) : 0;
	size_t size;
	uint8_t *buffer;

	if (copy_data(rewrite, section, ELF_T_BYTE, 0, n_names + n_state,
		      &buffer, &size))
		return -1;
	memcpy(buffer + size, sc_rewrite_names, n_names);
	memcpy(buffer + size + n_names, state, n_state);
	return 0;
}

static void set_section_symbol(const struct sc_rewrite *rewrite,
			       Elf64_Sym *syms, uint32_t symbol, size_t section)
{
	if (symbol < rewrite->first_global)
		return;
	syms[symbol] = (Elf64_Sym){
		.st_info = ELF64_ST_INFO(STB_LOCAL, STT_SECTION),
		.st_shndx = section < SHN_LORESERVE ? (Elf64_Section)section :
						      SHN_XINDEX,
	};
}

static void set_state_symbol(const struct sc_rewrite *rewrite, Elf64_Sym *sym)
{
	size_t section = sc_rewrite_state_section(rewrite);

	*sym = (Elf64_Sym){
		.st_name = (Elf64_Word)rewrite->state_name,
		.st_info = ELF64_ST_INFO(STB_WEAK, STT_OBJECT),
		.st_other = STV_HIDDEN,
		.st_shndx = section < SHN_LORESERVE ? (Elf64_Section)section :
						      SHN_XINDEX,
		.st_size = 1,
	};
}

static int copy_symtab(struct sc_rewrite *rewrite, size_t section)
{
	struct sc_object *object = rewrite->object;
	Elf64_Shdr shdr = *object->shdr[section];
	const Elf64_Sym *old = object->syms;
	size_t locals = rewrite->first_global, i;
	Elf64_Sym *syms;
	void *buffer;

	shdr.sh_info = (Elf64_Word)(locals + rewrite->n_new_syms);
	if (sc_rewrite_new_section(rewrite, &shdr, ELF_T_SYM,
				   sc_rewrite_n_syms(rewrite) * sizeof(*syms),
				   &buffer))
		return -1;
	syms = buffer;
	memcpy(syms, old, locals * sizeof(*syms));
	memcpy(syms + locals + rewrite->n_new_syms, old + locals,
	       (object->n_syms - locals) * sizeof(*syms));
	for (i = 0; i < rewrite->n_chunks; i++) {
		const struct sc_chunk *chunk = &rewrite->chunk[i];

		set_section_symbol(rewrite, syms, chunk->text_sym, chunk->text);
		set_section_symbol(rewrite, syms, chunk->sites_sym,
				   sc_rewrite_section(rewrite, chunk,
						      SC_CHUNK_SITES));
		set_section_symbol(rewrite, syms, chunk->note_sym,
				   sc_rewrite_section(rewrite, chunk,
						      SC_CHUNK_NOTE));
	}
	if (rewrite->new_state)
		set_state_symbol(rewrite, &syms[rewrite->state_sym]);
	return 0;
}

static int copy_symtab_shndx(struct sc_rewrite *rewrite, size_t section)
{
	struct sc_object *object = rewrite->object;
	size_t locals = rewrite->first_global;
	Elf32_Word *index;
	void *buffer;

	if (sc_rewrite_new_section(rewrite, object->shdr[section], ELF_T_WORD,
				   sc_rewrite_n_syms(rewrite) * sizeof(*index),
				   &buffer))
		return -1;
	index = buffer;
	memcpy(index, object->xindex, locals * sizeof(*index));
	memcpy(index + locals + rewrite->n_new_syms, object->xindex + locals,
	       (object->n_syms - locals) * sizeof(*index));
	sc_rewrite_fill_index(rewrite, index);
	return 0;
}

static void renumber(const struct sc_rewrite *rewrite, Elf64_Xword *info)
{
	uint64_t symbol = sc_rewrite_symbol(rewrite, ELF64_R_SYM(*info));

	*info = ELF64_R_INFO(symbol, ELF64_R_TYPE(*info));
}

static int copy_rela(struct sc_rewrite *rewrite, size_t section)
{
	uint32_t n = rewrite->chunk_of_rela[section];
	size_t edges = n ? 2 * sizeof(Elf64_Rela) : 0, size, i;
	Elf64_Rela *rela;
	uint8_t *buffer;

	if (copy_data(rewrite, section, ELF_T_RELA, edges, 0, &buffer, &size))
		return -1;
	rela = (Elf64_Rela *)(buffer + edges);
	for (i = 0; i < size / sizeof(*rela); i++)
		renumber(rewrite, &rela[i].r_info);
	if (n) {
		const struct sc_chunk *chunk = &rewrite->chunk[n - 1];

		/* In front: offset 0, and some readers expect them sorted. */
		rela[-2].r_info = ELF64_R_INFO((uint64_t)chunk->sites_sym,
					       R_X86_64_NONE);
		rela[-1].r_info = ELF64_R_INFO((uint64_t)chunk->note_sym,
					       R_X86_64_NONE);
	}
	return 0;
}

static int copy_rel(struct sc_rewrite *rewrite, size_t section)
{
	uint8_t *buffer;
	Elf64_Rel *rel;
	size_t size, i;

	if (copy_data(rewrite, section, ELF_T_REL, 0, 0, &buffer, &size))
		return -1;
	rel = (Elf64_Rel *)buffer;
	for (i = 0; i < size / sizeof(*rel); i++)
		renumber(rewrite, &rel[i].r_info);
	return 0;
}

static int copy_group(struct sc_rewrite *rewrite, size_t section)
{
	Elf64_Shdr shdr = *rewrite->object->shdr[section];
	const Elf_Data *data = sc_rewrite_old_data(rewrite, section);
	size_t n, i, which;
	Elf32_Word *words;
	void *buffer;

	for (n = 0, i = 0; i < rewrite->n_chunks; i++)
		if (rewrite->chunk[i].group == section)
			n += SC_CHUNK_SECTIONS;
	shdr.sh_info = sc_rewrite_symbol(rewrite, shdr.sh_info);
	if (!data ||
	    sc_rewrite_new_section(rewrite, &shdr, ELF_T_WORD,
				   data->d_size + n * sizeof(*words),
				   &buffer))
		return -1;
	memcpy(buffer, data->d_buf, data->d_size);
	words = (Elf32_Word *)buffer + data->d_size / sizeof(*words);
	for (i = 0; n && i < rewrite->n_chunks; i++) {
		if (rewrite->chunk[i].group != section)
			continue;
		for (which = 0; which < SC_CHUNK_SECTIONS; which++)
			*words++ = (Elf32_Word)sc_rewrite_section(rewrite,
						&rewrite->chunk[i], which);
	}
	return 0;
}

static int copy_section(struct sc_rewrite *rewrite, size_t section)
{
	const struct sc_object *object = rewrite->object;
	const Elf64_Shdr *shdr = object->shdr[section];

	if (section == object->symtab)
		return copy_symtab(rewrite, section);
	if (section == object->names ||
	    (section == rewrite->strings && rewrite->new_state))
		return copy_names(rewrite, section);
	if (section == object->symtab_shndx)
		return copy_symtab_shndx(rewrite, section);
	if (shdr->sh_link != object->symtab)
		return copy_plain(rewrite, section);
	switch (shdr->sh_type) {
	case SHT_RELA:
		return copy_rela(rewrite, section);
	case SHT_REL:
		return copy_rel(rewrite, section);
	case SHT_GROUP:
		return copy_group(rewrite, section);
	case SHT_LLVM_ADDRSIG_TYPE:
		return sc_rewrite_copy_addrsig(rewrite, section);
	case SHT_LLVM_CALL_GRAPH_OLD:
		return sc_rewrite_copy_call_graph(rewrite, section);
	case SHT_LLVM_CALL_GRAPH:
		return copy_plain(rewrite, section);
	}
	return sc_error(object->name,
			"holds numbers of symbols in an unknown form (section %zu of type %#x)",
			section, shdr->sh_type);
}

int sc_rewrite_copy_sections(struct sc_rewrite *rewrite)
{
	size_t i;

	for (i = 1; i < rewrite->object->n_sections; i++)
		if (copy_section(rewrite, i))
			return -1;
	return 0;
}
