/* SPDX-License-Identifier: MIT */
/* object.c - opens a relocatable object and checks it, once for all readers. */
#include <stdint.h>
#include <string.h>

#include <static_call/format.h>

#include "elf/object.h"

#ifndef SHT_GROUP
#define SHT_GROUP 17
#endif

static int no_memory(const struct sc_object *object)
{
	return sc_error(object->name, "out of memory");
}

/* Where libelf says why, say it too. */
static int elf_failed(const struct sc_object *object, const char *what,
		      size_t section)
{
	const char *reason = elf_errmsg(-1);

	return sc_error(object->name, "%s: %s (section %zu)", what,
			reason ? reason : "broken ELF", section);
}

/* All data of a section as one block in the machine's own byte order. */
static const void *section_data(const struct sc_object *object, size_t section,
				size_t entry, size_t *n)
{
	Elf_Data *data = elf_getdata(object->scn[section], NULL);

	*n = 0;
	if (!data || (data->d_size && !data->d_buf)) {
		elf_failed(object, "cannot read section", section);
		return NULL;
	}
	if (data->d_size % entry ||
	    (object->shdr[section]->sh_flags & SHF_COMPRESSED) ||
	    (data->d_size && object->shdr[section]->sh_entsize != entry)) {
		sc_error(object->name,
			 "section is no array of %zu byte entries (section %zu)",
			 entry, section);
		return NULL;
	}
	*n = data->d_size / entry;
	/* An empty section has no buffer, and that is no error. */
	return data->d_size ? data->d_buf : "";
}

/*
 * A copy of each header: libelf's may lie wherever the file says, on an odd
 * address too.
 */
static int copy_headers(struct sc_object *object, size_t n)
{
	Elf64_Shdr *copy = sc_pool_alloc(&object->pool, n + 1, sizeof(*copy));
	const void *header;
	size_t i;

	if (!copy)
		return no_memory(object);
	for (i = 0; i < n; i++) {
		object->scn[i] = elf_getscn(object->elf, i);
		header = elf64_getshdr(object->scn[i]);
		if (!object->scn[i] || !header)
			return elf_failed(object, "cannot read section header",
					  i);
		object->shdr[i] = memcpy(&copy[i], header, sizeof(*copy));
	}
	return 0;
}

static int load_headers(struct sc_object *object)
{
	size_t n;

	if (elf_getshdrnum(object->elf, &n) ||
	    elf_getshdrstrndx(object->elf, &object->names))
		return elf_failed(object, "cannot read the section table", 0);
	/* libelf takes a table behind the end of the file for none at all. */
	if (!n && (object->ehdr->e_shoff || object->ehdr->e_shnum))
		return sc_error(object->name,
				"truncated: the section table is missing");
	object->scn = sc_pool_alloc(&object->pool, n + 1, sizeof(Elf_Scn *));
	object->shdr = sc_pool_alloc(&object->pool, n + 1,
				     sizeof(Elf64_Shdr *));
	object->section_sym = sc_pool_alloc(&object->pool, n + 1,
					    sizeof(uint32_t));
	object->group = sc_pool_alloc(&object->pool, n + 1, sizeof(uint32_t));
	if (!object->scn || !object->shdr || !object->section_sym ||
	    !object->group)
		return no_memory(object);
	if (copy_headers(object, n))
		return -1;
	object->n_sections = n;
	if (n && object->names >= n)
		return sc_error(object->name,
				"the section of names is out of range (%zu)",
				object->names);
	return 0;
}

/* Offsets and sizes inside the file, alignments a power of two. */
static int check_headers(const struct sc_object *object)
{
	size_t size = 0, i;

	elf_rawfile(object->elf, &size);
	for (i = 1; i < object->n_sections; i++) {
		const Elf64_Shdr *shdr = object->shdr[i];

		if (shdr->sh_addralign & (shdr->sh_addralign - 1))
			return sc_error(object->name,
					"bad alignment (section %zu)", i);
		if (shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL)
			continue;
		if (shdr->sh_offset > size ||
		    shdr->sh_size > size - shdr->sh_offset)
			return sc_error(object->name,
					"truncated: section ends behind the end of the file (section %zu)",
					i);
	}
	return 0;
}

static int find_symtab(struct sc_object *object)
{
	size_t i;

	for (i = 1; i < object->n_sections; i++) {
		if (object->shdr[i]->sh_type == SHT_SYMTAB) {
			if (object->symtab)
				return sc_error(object->name,
						"two symbol tables (section %zu)",
						i);
			object->symtab = i;
		}
	}
	for (i = 1; i < object->n_sections; i++) {
		if (object->shdr[i]->sh_type != SHT_SYMTAB_SHNDX)
			continue;
		if (!object->symtab || object->symtab_shndx ||
		    object->shdr[i]->sh_link != object->symtab)
			return sc_error(object->name,
					"stray table of section numbers (section %zu)",
					i);
		object->symtab_shndx = i;
	}
	return 0;
}

static int load_strings(struct sc_object *object)
{
	size_t link = object->shdr[object->symtab]->sh_link;
	Elf_Data *data;

	if (!link || link >= object->n_sections ||
	    object->shdr[link]->sh_type != SHT_STRTAB)
		return sc_error(object->name,
				"the symbol table has no names (section %zu)",
				object->symtab);
	data = elf_getdata(object->scn[link], NULL);
	if (!data || !data->d_buf || !data->d_size ||
	    ((const char *)data->d_buf)[data->d_size - 1])
		return sc_error(object->name,
				"symbol names do not end (section %zu)", link);
	object->strings = data->d_buf;
	object->strings_size = data->d_size;
	return 0;
}

static int check_symbols(struct sc_object *object)
{
	size_t i, locals = object->shdr[object->symtab]->sh_info;

	if (locals > object->n_syms || (object->n_syms && !locals))
		return sc_error(object->name,
				"bad number of local symbols (section %zu)",
				object->symtab);
	for (i = 0; i < object->n_syms; i++) {
		const Elf64_Sym *sym = &object->syms[i];
		bool local = ELF64_ST_BIND(sym->st_info) == STB_LOCAL;
		size_t section = sc_object_symbol_section(object, i);

		if (sym->st_name >= object->strings_size ||
		    section >= object->n_sections ||
		    (sym->st_shndx == SHN_XINDEX && !object->xindex) ||
		    local != (i < locals))
			return sc_error(object->name,
					"broken symbol (symbol %zu)", i);
		if (local && section && !sym->st_value &&
		    ELF64_ST_TYPE(sym->st_info) == STT_SECTION)
			object->section_sym[section] = (uint32_t)i;
	}
	return 0;
}

static int load_symbols(struct sc_object *object)
{
	size_t n;

	if (find_symtab(object))
		return -1;
	if (!object->symtab)
		return 0;
	object->syms = section_data(object, object->symtab, sizeof(Elf64_Sym),
				    &object->n_syms);
	if (!object->syms || load_strings(object))
		return -1;
	if (object->symtab_shndx) {
		object->xindex = section_data(object, object->symtab_shndx,
					      sizeof(Elf32_Word), &n);
		if (!object->xindex)
			return -1;
		if (n != object->n_syms)
			return sc_error(object->name,
					"too few section numbers (section %zu)",
					object->symtab_shndx);
	}
	return check_symbols(object);
}

static int load_group(struct sc_object *object, size_t section)
{
	const Elf64_Shdr *shdr = object->shdr[section];
	const Elf32_Word *words;
	size_t n, i;

	words = section_data(object, section, sizeof(Elf32_Word), &n);
	if (!words)
		return -1;
	if (!n || shdr->sh_link != object->symtab || !object->symtab ||
	    shdr->sh_info >= object->n_syms)
		return sc_error(object->name, "broken group (section %zu)",
				section);
	for (i = 1; i < n; i++) {
		if (!words[i] || words[i] >= object->n_sections ||
		    object->group[words[i]] ||
		    object->shdr[words[i]]->sh_type == SHT_GROUP)
			return sc_error(object->name,
					"bad group member %u (section %zu)",
					words[i], section);
		object->group[words[i]] = (uint32_t)section;
	}
	return 0;
}

static int load_groups(struct sc_object *object)
{
	size_t i;

	for (i = 1; i < object->n_sections; i++)
		if (object->shdr[i]->sh_type == SHT_GROUP &&
		    load_group(object, i))
			return -1;
	for (i = 1; i < object->n_sections; i++)
		if ((object->shdr[i]->sh_flags & SHF_GROUP) &&
		    !object->group[i])
			return sc_error(object->name,
					"member of no group (section %zu)", i);
	return 0;
}

static const char *what_else(Elf *elf, const Elf64_Ehdr *ehdr)
{
	size_t size;
	const char *ident = elf_getident(elf, &size);

	if (elf_kind(elf) == ELF_K_AR)
		return "is an archive, not an object: annotate its objects before they go in";
	if (elf_kind(elf) != ELF_K_ELF || !ident || size < EI_NIDENT)
		return "is not an ELF file";
	if (ident[EI_CLASS] != ELFCLASS64)
		return "is not a 64-bit object";
	if (ident[EI_DATA] != ELFDATA2LSB)
		return "is not little-endian";
	if (!ehdr)
		return "has no ELF header";
	if (ehdr->e_machine != EM_X86_64)
		return "is not for x86-64";
	if (ehdr->e_type != ET_REL)
		return "is not a relocatable object";
	return NULL;
}

enum sc_object_kind sc_object_open(struct sc_object *object, Elf *elf,
				   const char *name, const char **why)
{
	*object = (struct sc_object){ .name = name, .elf = elf };
	object->ehdr = elf64_getehdr(elf);
	*why = what_else(elf, object->ehdr);
	if (*why)
		return SC_OBJECT_OTHER;
	if (load_headers(object) || check_headers(object) ||
	    load_symbols(object) || load_groups(object))
		return SC_OBJECT_ERROR;
	return SC_OBJECT_OURS;
}

void sc_object_close(struct sc_object *object)
{
	sc_pool_empty(&object->pool);
}

const char *sc_object_section_name(const struct sc_object *object,
				   size_t section)
{
	const char *name = elf_strptr(object->elf, object->names,
				      object->shdr[section]->sh_name);

	return name ? name : "";
}

const char *sc_object_symbol_name(const struct sc_object *object,
				  size_t symbol)
{
	return object->strings + object->syms[symbol].st_name;
}

size_t sc_object_symbol_section(const struct sc_object *object, size_t symbol)
{
	size_t index = object->syms[symbol].st_shndx;

	if (index == SHN_XINDEX)
		return object->xindex ? object->xindex[symbol] : 0;
	return index >= SHN_LORESERVE ? 0 : index;
}

const Elf64_Rela *sc_object_relocations(const struct sc_object *object,
					size_t section, size_t *n)
{
	const Elf64_Shdr *shdr = object->shdr[section];
	const Elf64_Rela *rela;
	size_t i;

	*n = 0;
	if (shdr->sh_type != SHT_RELA || !object->symtab ||
	    shdr->sh_link != object->symtab || !shdr->sh_info)
		return NULL;
	if (shdr->sh_info >= object->n_sections) {
		sc_error(object->name,
			 "relocations of no section (section %zu)", section);
		goto bad;
	}
	rela = section_data(object, section, sizeof(*rela), n);
	if (!rela)
		goto bad;
	for (i = 0; i < *n; i++) {
		if (ELF64_R_SYM(rela[i].r_info) < object->n_syms)
			continue;
		sc_error(object->name,
			 "relocation %zu names no symbol (section %zu)", i,
			 section);
		goto bad;
	}
	return *n ? rela : NULL;
bad:
	*n = 1;
	return NULL;
}

bool sc_object_names_static_call(const struct sc_object *object)
{
	size_t i;

	for (i = 0; i < object->n_syms; i++)
		if (!strncmp(sc_object_symbol_name(object, i),
			     STATIC_CALL_TRAMP_PREFIX_STR,
			     STATIC_CALL_TRAMP_PREFIX_LEN))
			return true;
	return false;
}
