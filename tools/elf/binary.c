/* SPDX-License-Identifier: MIT */
/*
 * binary.c - a linked file: what is loaded where, and what it is called.
 */
#include <stdlib.h>
#include <string.h>

#include <static_call/format.h>

#include "elf/binary.h"

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

const uint8_t *sc_binary_at(const struct sc_binary *binary, uint64_t address,
			   size_t size)
{
	size_t i;

	for (i = 0; i < binary->n_phdrs; i++) {
		const Elf64_Phdr *phdr = &binary->phdr[i];
		uint64_t offset = address - phdr->p_vaddr;

		if (phdr->p_type != PT_LOAD || address < phdr->p_vaddr ||
		    offset > phdr->p_filesz ||
		    size > phdr->p_filesz - offset ||
		    phdr->p_offset > binary->size ||
		    offset > binary->size - phdr->p_offset ||
		    size > binary->size - phdr->p_offset - offset)
			continue;
		return binary->file + phdr->p_offset + offset;
	}
	return NULL;
}

void *sc_binary_grow(struct sc_binary *binary, void *array, size_t n,
		     size_t size)
{
	void *new = sc_pool_grow(&binary->pool, array, n, size);

	if (!new)
		sc_error(binary->name, "out of memory");
	return new;
}

int sc_binary_add_name(struct sc_binary *binary, struct sc_binary_names *names,
		       uint64_t value, const char *name, bool defined)
{
	struct sc_binary_name *new = sc_binary_grow(binary, names->name,
						    names->n, sizeof(*new));

	if (!new)
		return -1;
	names->name = new;
	new[names->n++] = (struct sc_binary_name){ value, name, defined };
	return 0;
}

/* Symbols name slots that the dynamic linker fills, and trampolines. */
static int read_symbol(struct sc_binary *binary, const Elf_Data *syms,
		       size_t strings, size_t index, const char **name,
		       uint64_t *value)
{
	const Elf64_Sym *sym = syms->d_buf;

	*name = NULL;
	if (index >= syms->d_size / sizeof(*sym))
		return 0;
	*name = elf_strptr(binary->elf, strings, sym[index].st_name);
	*value = sym[index].st_shndx ? sym[index].st_value : 0;
	if (!*name || strncmp(*name, STATIC_CALL_TRAMP_PREFIX_STR,
			      STATIC_CALL_TRAMP_PREFIX_LEN))
		*name = NULL;
	else
		*name += STATIC_CALL_TRAMP_PREFIX_LEN;
	return 0;
}

static int read_symtab(struct sc_binary *binary, Elf_Scn *scn,
		       const Elf64_Shdr *shdr)
{
	Elf_Data *syms = elf_getdata(scn, NULL);
	const char *name;
	uint64_t value;
	size_t i;

	for (i = 0; syms && syms->d_buf &&
	     i < syms->d_size / sizeof(Elf64_Sym); i++) {
		read_symbol(binary, syms, shdr->sh_link, i, &name, &value);
		if (name && value &&
		    sc_binary_add_name(binary, &binary->tramps, value, name,
				       false))
			return -1;
	}
	return 0;
}

static int read_dynamic_relocations(struct sc_binary *binary, Elf_Scn *scn,
				    const Elf64_Shdr *shdr)
{
	Elf_Scn *linked = elf_getscn(binary->elf, shdr->sh_link);
	Elf64_Shdr *symtab = linked ? elf64_getshdr(linked) : NULL;
	Elf_Data *data = elf_getdata(scn, NULL);
	Elf_Data *syms = linked ? elf_getdata(linked, NULL) : NULL;
	const Elf64_Rela *rela = data ? data->d_buf : NULL;
	const char *name;
	uint64_t value;
	size_t i;

	if (!rela || !symtab || symtab->sh_type != SHT_DYNSYM || !syms ||
	    !syms->d_buf)
		return 0;
	for (i = 0; i < data->d_size / sizeof(*rela); i++) {
		uint64_t type = ELF64_R_TYPE(rela[i].r_info);

		if (type != R_X86_64_GLOB_DAT && type != R_X86_64_JUMP_SLOT)
			continue;
		read_symbol(binary, syms, symtab->sh_link,
			    ELF64_R_SYM(rela[i].r_info), &name, &value);
		if (name && sc_binary_add_name(binary, &binary->slots,
					       rela[i].r_offset, name, false))
			return -1;
	}
	return 0;
}

static int read_names(struct sc_binary *binary)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(binary->elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);
		int err = 0;

		if (shdr && (shdr->sh_type == SHT_SYMTAB ||
			     shdr->sh_type == SHT_DYNSYM))
			err = read_symtab(binary, scn, shdr);
		else if (shdr && shdr->sh_type == SHT_RELA &&
			 (shdr->sh_flags & SHF_ALLOC))
			err = read_dynamic_relocations(binary, scn, shdr);
		if (err)
			return -1;
	}
	return 0;
}

static int by_address(const void *left, const void *right)
{
	const struct sc_binary_site *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int by_value(const void *left, const void *right)
{
	const struct sc_binary_name *a = left, *b = right;

	return a->value < b->value ? -1 : a->value > b->value;
}

static void sort_names(struct sc_binary_names *names)
{
	if (names->n)
		qsort(names->name, names->n, sizeof(*names->name), by_value);
}

static const char *find_name(const struct sc_binary_names *names, uint64_t value)
{
	struct sc_binary_name key = { .value = value }, *name = NULL;

	if (names->n)
		name = bsearch(&key, names->name, names->n, sizeof(key),
			       by_value);
	return name ? name->name : NULL;
}

static void sort_all(struct sc_binary *binary)
{
	size_t i, kept = 0;

	sort_names(&binary->slots);
	sort_names(&binary->tramps);
	if (!binary->n_sites)
		return;
	qsort(binary->site, binary->n_sites, sizeof(*binary->site), by_address);
	/* A record twice is one site; the library sees it so, too. */
	for (i = 0; i < binary->n_sites; i++)
		if (!kept || by_address(&binary->site[kept - 1],
					&binary->site[i]))
			binary->site[kept++] = binary->site[i];
	binary->n_sites = kept;
}

int sc_binary_open(struct sc_binary *binary, Elf *elf, const char *name)
{
	*binary = (struct sc_binary){ .name = name, .elf = elf };
	binary->ehdr = elf64_getehdr(elf);
	binary->file = (const uint8_t *)elf_rawfile(elf, &binary->size);
	if (!binary->ehdr || !binary->file)
		return sc_error(name, "cannot read: %s", elf_errmsg(-1));
	/* libelf would hand out the table as it lies in the file. */
	if (binary->ehdr->e_phoff % sizeof(uint64_t))
		return sc_error(name, "program headers are not aligned");
	binary->phdr = elf64_getphdr(elf);
	if (!binary->phdr || elf_getphdrnum(elf, &binary->n_phdrs))
		return sc_error(name, "has no program headers");
	if (sc_binary_read_notes(binary) || read_names(binary))
		return -1;
	sort_all(binary);
	return 0;
}

void sc_binary_close(struct sc_binary *binary)
{
	sc_pool_empty(&binary->pool);
}

const struct sc_binary_site *sc_binary_find(const struct sc_binary *binary,
					  uint64_t address)
{
	struct sc_binary_site key = { .address = address };

	if (!binary->n_sites)
		return NULL;
	return bsearch(&key, binary->site, binary->n_sites,
		       sizeof(*binary->site), by_address);
}

const char *sc_binary_site_name(const struct sc_binary *binary,
				const struct sc_binary_site *site)
{
	const uint8_t *content;
	const char *name;

	if (site->direct)
		return find_name(&binary->tramps, site->slot);
	content = sc_binary_at(binary, site->slot, 8);
	name = find_name(&binary->slots, site->slot);
	return name || !content ? name :
				  find_name(&binary->tramps, get64(content));
}

const char *sc_binary_slot_name(const struct sc_binary *binary, uint64_t slot)
{
	return find_name(&binary->slots, slot);
}

const char *sc_binary_tramp_name(const struct sc_binary *binary, uint64_t tramp)
{
	return find_name(&binary->tramps, tramp);
}

static bool table_has(const struct sc_binary *binary, Elf_Scn *scn,
		      const Elf64_Shdr *shdr, const char *symbol)
{
	Elf_Data *syms = elf_getdata(scn, NULL);
	const Elf64_Sym *sym = syms ? syms->d_buf : NULL;
	size_t n = sym ? syms->d_size / sizeof(*sym) : 0, i;
	const char *name;

	for (i = 0; i < n; i++) {
		name = elf_strptr(binary->elf, shdr->sh_link, sym[i].st_name);
		if (name && !strcmp(name, symbol))
			return true;
	}
	return false;
}

bool sc_binary_has_symbol(const struct sc_binary *binary, const char *symbol)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(binary->elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);

		if (shdr && (shdr->sh_type == SHT_SYMTAB ||
			     shdr->sh_type == SHT_DYNSYM) &&
		    table_has(binary, scn, shdr, symbol))
			return true;
	}
	return false;
}
