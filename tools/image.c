/* SPDX-License-Identifier: MIT */
/*
 * image.c - reads the records of a linked file.
 *
 * Rules: the table is found through PT_NOTE alone, so that what is shown here
 * is what the library will find, in a stripped file too; only names may come
 * from elsewhere.
 */
#include <stdlib.h>
#include <string.h>

#include <static_call/format.h>

#include "image.h"

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

/* What a place-relative field at @address says. */
static uint64_t relative(uint64_t address, const uint8_t *at)
{
	return address + (uint64_t)(int64_t)(int32_t)get32(at);
}

const uint8_t *sc_image_at(const struct sc_image *image, uint64_t address,
			   size_t size)
{
	size_t i;

	for (i = 0; i < image->nr_phdrs; i++) {
		const Elf64_Phdr *phdr = &image->phdr[i];
		uint64_t offset = address - phdr->p_vaddr;

		if (phdr->p_type != PT_LOAD || address < phdr->p_vaddr ||
		    offset > phdr->p_filesz ||
		    size > phdr->p_filesz - offset ||
		    phdr->p_offset > image->size ||
		    offset > image->size - phdr->p_offset ||
		    size > image->size - phdr->p_offset - offset)
			continue;
		return image->file + phdr->p_offset + offset;
	}
	return NULL;
}

/* Room for one more in a growing array; NULL after a message. */
static void *grow(struct sc_image *image, void *array, size_t nr, size_t *room,
		  size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *new;

	if (nr < *room)
		return array;
	new = sc_pool_alloc(&image->pool, more, size);
	if (!new) {
		sc_error(image->name, "out of memory");
		return NULL;
	}
	if (nr)
		memcpy(new, array, nr * size);
	*room = more;
	return new;
}

static int add_name(struct sc_image *image, struct sc_image_name **array,
		    size_t *nr, size_t *room, uint64_t value, const char *name)
{
	struct sc_image_name *new = grow(image, *array, *nr, room,
					 sizeof(*new));

	if (!new)
		return -1;
	*array = new;
	new[(*nr)++] = (struct sc_image_name){ value, name, false };
	return 0;
}

static int slot_is(struct sc_image *image, uint64_t slot, const char *name,
		   bool defined)
{
	if (add_name(image, &image->by_slot, &image->nr_by_slot,
		     &image->by_slot_room, slot, name))
		return -1;
	image->by_slot[image->nr_by_slot - 1].defined = defined;
	return 0;
}

static int tramp_is(struct sc_image *image, uint64_t tramp, const char *name)
{
	return add_name(image, &image->by_tramp, &image->nr_by_tramp,
			&image->by_tramp_room, tramp, name);
}

static int read_sites(struct sc_image *image, uint64_t desc, const uint8_t *at)
{
	uint64_t start = relative(desc, at);
	uint32_t count = get32(at + 4), i;
	const size_t size = sizeof(struct static_call_site);
	const uint8_t *record = sc_image_at(image, start, count * size);

	/* Each record is in one run, so there cannot be more than fit. */
	if (!record || count > image->size / size - image->nr_sites)
		return sc_error(image->name,
				"a note leads to no records (at %#llx)",
				(unsigned long long)desc);
	for (i = 0; i < count; i++, record += size, start += size) {
		uint64_t slot = relative(start + 4, record + 4);
		struct sc_image_site *new = grow(image, image->site,
						 image->nr_sites,
						 &image->sites_room,
						 sizeof(*new));

		if (!new)
			return -1;
		image->site = new;
		new[image->nr_sites++] = (struct sc_image_site){
			.address = relative(start, record),
			.slot = slot & ~(uint64_t)STATIC_CALL_SITE_FLAGS,
			.flags = (uint32_t)slot & STATIC_CALL_SITE_FLAGS,
		};
	}
	return 0;
}

static int read_define(struct sc_image *image, uint64_t desc,
		       const uint8_t *at, size_t size)
{
	const size_t head = sizeof(struct static_call_note_define);

	if (size <= head || !memchr(at + head, 0, size - head))
		return sc_error(image->name,
				"a definition has no name (at %#llx)",
				(unsigned long long)desc);
	return slot_is(image, relative(desc, at), (const char *)at + head,
		       true);
}

static int read_note(struct sc_image *image, uint64_t address,
		     const uint8_t *note, size_t namesz, size_t descsz)
{
	size_t desc = 12 + ((namesz + 3) & ~(size_t)3);

	if (namesz != sizeof(STATIC_CALL_NOTE_OWNER) ||
	    memcmp(note + 12, STATIC_CALL_NOTE_OWNER, namesz))
		return 0;
	switch (get32(note + 8)) {
	case STATIC_CALL_NOTE_SITES:
		if (descsz != sizeof(struct static_call_note_sites))
			return sc_error(image->name,
					"a note of bad size (at %#llx)",
					(unsigned long long)address);
		return read_sites(image, address + desc, note + desc);
	case STATIC_CALL_NOTE_DEFINE:
		return read_define(image, address + desc, note + desc, descsz);
	}
	return 0;
}

/* Notes are 4-aligned, whatever the segment's own alignment is. */
static int read_notes(struct sc_image *image, const Elf64_Phdr *phdr)
{
	uint64_t at = 0, size = phdr->p_filesz;
	const uint8_t *note;

	if (phdr->p_offset > image->size ||
	    size > image->size - phdr->p_offset)
		return sc_error(image->name, "truncated: notes are missing");
	note = image->file + phdr->p_offset;
	while (size - at >= 12) {
		uint64_t namesz = get32(note + at);
		uint64_t descsz = get32(note + at + 4);
		uint64_t step = 12 + ((namesz + 3) & ~3ull) +
				((descsz + 3) & ~3ull);

		if (12 + ((namesz + 3) & ~3ull) + descsz > size - at)
			return sc_error(image->name,
					"a note is cut off (at %#llx)",
					(unsigned long long)phdr->p_vaddr + at);
		if (read_note(image, phdr->p_vaddr + at, note + at, namesz,
			      descsz))
			return -1;
		if (step >= size - at)
			break;
		at += step;
	}
	return 0;
}

/* Symbols name slots that the dynamic linker fills, and trampolines. */
static int read_symbol(struct sc_image *image, const Elf_Data *syms,
		       size_t strings, size_t nr, const char **name,
		       uint64_t *value)
{
	const Elf64_Sym *sym = syms->d_buf;

	*name = NULL;
	if (nr >= syms->d_size / sizeof(*sym))
		return 0;
	*name = elf_strptr(image->elf, strings, sym[nr].st_name);
	*value = sym[nr].st_shndx ? sym[nr].st_value : 0;
	if (!*name || strncmp(*name, STATIC_CALL_TRAMP_PREFIX_STR,
			      STATIC_CALL_TRAMP_PREFIX_LEN))
		*name = NULL;
	else
		*name += STATIC_CALL_TRAMP_PREFIX_LEN;
	return 0;
}

static int read_symtab(struct sc_image *image, Elf_Scn *scn,
		       const Elf64_Shdr *shdr)
{
	Elf_Data *syms = elf_getdata(scn, NULL);
	const char *name;
	uint64_t value;
	size_t i;

	for (i = 0; syms && syms->d_buf &&
	     i < syms->d_size / sizeof(Elf64_Sym); i++) {
		read_symbol(image, syms, shdr->sh_link, i, &name, &value);
		if (name && value && tramp_is(image, value, name))
			return -1;
	}
	return 0;
}

static int read_dynamic_relocations(struct sc_image *image, Elf_Scn *scn,
				    const Elf64_Shdr *shdr)
{
	Elf_Scn *linked = elf_getscn(image->elf, shdr->sh_link);
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
		if (ELF64_R_TYPE(rela[i].r_info) != R_X86_64_GLOB_DAT)
			continue;
		read_symbol(image, syms, symtab->sh_link,
			    ELF64_R_SYM(rela[i].r_info), &name, &value);
		if (name && slot_is(image, rela[i].r_offset, name, false))
			return -1;
	}
	return 0;
}

static int read_names(struct sc_image *image)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(image->elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);
		int error = 0;

		if (shdr && (shdr->sh_type == SHT_SYMTAB ||
			     shdr->sh_type == SHT_DYNSYM))
			error = read_symtab(image, scn, shdr);
		else if (shdr && shdr->sh_type == SHT_RELA &&
			 (shdr->sh_flags & SHF_ALLOC))
			error = read_dynamic_relocations(image, scn, shdr);
		if (error)
			return -1;
	}
	return 0;
}

static int by_address(const void *left, const void *right)
{
	const struct sc_image_site *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int by_value(const void *left, const void *right)
{
	const struct sc_image_name *a = left, *b = right;

	return a->value < b->value ? -1 : a->value > b->value;
}

static void sort_all(struct sc_image *image)
{
	size_t i, kept = 0;

	if (image->nr_by_slot)
		qsort(image->by_slot, image->nr_by_slot,
		      sizeof(*image->by_slot), by_value);
	if (image->nr_by_tramp)
		qsort(image->by_tramp, image->nr_by_tramp,
		      sizeof(*image->by_tramp), by_value);
	if (!image->nr_sites)
		return;
	qsort(image->site, image->nr_sites, sizeof(*image->site), by_address);
	/* A record twice is one site; the library sees it so, too. */
	for (i = 0; i < image->nr_sites; i++)
		if (!kept || by_address(&image->site[kept - 1],
					&image->site[i]))
			image->site[kept++] = image->site[i];
	image->nr_sites = kept;
}

int sc_image_open(struct sc_image *image, Elf *elf, const char *name)
{
	size_t i;

	*image = (struct sc_image){ .name = name, .elf = elf };
	image->ehdr = elf64_getehdr(elf);
	image->file = (const uint8_t *)elf_rawfile(elf, &image->size);
	if (!image->ehdr || !image->file)
		return sc_error(name, "cannot read: %s", elf_errmsg(-1));
	/* libelf would hand out the table as it lies in the file. */
	if (image->ehdr->e_phoff % sizeof(uint64_t))
		return sc_error(name, "program headers are not aligned");
	image->phdr = elf64_getphdr(elf);
	if (!image->phdr || elf_getphdrnum(elf, &image->nr_phdrs))
		return sc_error(name, "has no program headers");
	for (i = 0; i < image->nr_phdrs; i++)
		if (image->phdr[i].p_type == PT_NOTE &&
		    read_notes(image, &image->phdr[i]))
			return -1;
	if (read_names(image))
		return -1;
	sort_all(image);
	return 0;
}

void sc_image_close(struct sc_image *image)
{
	sc_pool_empty(&image->pool);
}

const struct sc_image_site *sc_image_find(const struct sc_image *image,
					  uint64_t address)
{
	struct sc_image_site key = { .address = address };

	if (!image->nr_sites)
		return NULL;
	return bsearch(&key, image->site, image->nr_sites,
		       sizeof(*image->site), by_address);
}

const char *sc_image_site_name(const struct sc_image *image, uint64_t slot)
{
	struct sc_image_name key = { .value = slot }, *name = NULL;
	const uint8_t *content = sc_image_at(image, slot, 8);

	if (image->nr_by_slot)
		name = bsearch(&key, image->by_slot, image->nr_by_slot,
			       sizeof(key), by_value);
	if (!name && content && image->nr_by_tramp) {
		key.value = get64(content);
		name = bsearch(&key, image->by_tramp, image->nr_by_tramp,
			       sizeof(key), by_value);
	}
	return name ? name->name : NULL;
}

static int add_functions(struct sc_image *image, Elf_Scn *scn,
			 const Elf64_Shdr *shdr)
{
	Elf_Data *syms = elf_getdata(scn, NULL);
	const Elf64_Sym *sym = syms ? syms->d_buf : NULL;
	size_t n = sym ? syms->d_size / sizeof(*sym) : 0, i;

	for (i = 0; i < n; i++) {
		const char *name = elf_strptr(image->elf, shdr->sh_link,
					      sym[i].st_name);
		struct sc_image_function *new;

		if (!name || !*name || !sym[i].st_shndx ||
		    ELF64_ST_TYPE(sym[i].st_info) != STT_FUNC)
			continue;
		new = grow(image, image->function, image->nr_functions,
			   &image->functions_room, sizeof(*new));
		if (!new)
			return -1;
		image->function = new;
		new[image->nr_functions++] = (struct sc_image_function){
			sym[i].st_value, sym[i].st_size, name
		};
	}
	return 0;
}

static int by_start(const void *left, const void *right)
{
	const struct sc_image_function *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static void read_functions(struct sc_image *image)
{
	Elf_Scn *scn = NULL;

	/* Room for one says that it is done, also where there are none. */
	image->function = grow(image, NULL, 0, &image->functions_room,
			       sizeof(*image->function));
	while (image->function && (scn = elf_nextscn(image->elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);

		if (shdr && (shdr->sh_type == SHT_SYMTAB ||
			     shdr->sh_type == SHT_DYNSYM) &&
		    add_functions(image, scn, shdr))
			break;
	}
	if (image->nr_functions)
		qsort(image->function, image->nr_functions,
		      sizeof(*image->function), by_start);
}

const struct sc_image_function *sc_image_function(struct sc_image *image,
						  uint64_t address)
{
	size_t low = 0, high, middle;

	if (!image->function)
		read_functions(image);
	/* The last that starts at or in front of it. */
	for (high = image->nr_functions; low < high; ) {
		middle = low + (high - low) / 2;
		if (image->function[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low--) {
		const struct sc_image_function *function =
			&image->function[low];

		/* Functions may start together, of different sizes. */
		if (address - function->address < function->size ||
		    address == function->address)
			return function;
		if (!low || function[-1].address != function->address)
			break;
	}
	return NULL;
}
