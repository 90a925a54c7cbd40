/* SPDX-License-Identifier: MIT */
/*
 * port.c - reads the notes of a linked aarch64 file, by doc/format.md and the
 * installed header alone, and compares every offset with the symbols.
 */
#include <fcntl.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <static_call/format.h>

#define MAX_PHDRS 64

static Elf *elf;
static const uint8_t *file;
static size_t file_size;
static Elf64_Phdr phdrs[MAX_PHDRS];
static size_t n_phdrs;
static size_t modules, defines, direct_sites, slot_sites, plt_sites, wrong;

static void check(bool right, const char *what, uint64_t at)
{
	if (right)
		return;
	wrong++;
	fprintf(stderr, "%s (at %#llx)\n", what, (unsigned long long)at);
}

/* @size bytes of the file that are loaded at @address, or NULL. */
static const void *at(uint64_t address, size_t size)
{
	size_t i;

	for (i = 0; i < n_phdrs; i++) {
		const Elf64_Phdr *p = phdrs + i;
		uint64_t offset = address - p->p_vaddr;

		if (p->p_type == PT_LOAD && address >= p->p_vaddr &&
		    offset + size <= p->p_filesz)
			return file + p->p_offset + offset;
	}
	return NULL;
}

static uint64_t symbol(const char *prefix, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t i;

	while ((scn = elf_nextscn(elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);
		Elf_Data *data = elf_getdata(scn, NULL);
		const Elf64_Sym *sym = data ? data->d_buf : NULL;

		if (shdr->sh_type != SHT_SYMTAB || !sym)
			continue;
		for (i = 0; i < data->d_size / sizeof(*sym); i++) {
			const char *s = elf_strptr(elf, shdr->sh_link,
						   sym[i].st_name);

			if (s && !strncmp(s, prefix, strlen(prefix)) &&
			    !strcmp(s + strlen(prefix), name) &&
			    sym[i].st_shndx)
				return sym[i].st_value;
		}
	}
	return 0;
}

/* Whether the dynamic linker puts the address of @name into the word @slot. */
static bool is_filled_with(uint64_t slot, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t i;

	while ((scn = elf_nextscn(elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn), *syms;
		Elf_Data *data = elf_getdata(scn, NULL);
		const Elf64_Rela *rela = data ? data->d_buf : NULL;

		if (shdr->sh_type != SHT_RELA || !(shdr->sh_flags & SHF_ALLOC) ||
		    !rela)
			continue;
		for (i = 0; i < data->d_size / sizeof(*rela); i++) {
			Elf_Scn *table = elf_getscn(elf, shdr->sh_link);
			const Elf64_Sym *sym;

			if (rela[i].r_offset != slot || rela[i].r_addend)
				continue;
			syms = elf64_getshdr(table);
			sym = elf_getdata(table, NULL)->d_buf;
			sym += ELF64_R_SYM(rela[i].r_info);
			return !strcmp(elf_strptr(elf, syms->sh_link,
						  sym->st_name), name);
		}
	}
	return false;
}

/* Where the place-relative field at @address leads. */
static uint64_t lead(uint64_t address)
{
	const int32_t *field = at(address, sizeof(*field));

	return field ? address + (uint64_t)(int64_t)*field : 0;
}

#define FIELD(kind, name) (desc + offsetof(struct static_call_##kind, name))

/* Where the branch at @address leads, and whether it is a jump. */
static uint64_t branch(uint64_t address, bool *jump)
{
	const uint32_t *word = at(address, sizeof(*word));
	int64_t distance;

	if (!word || (*word & 0x7c000000) != 0x14000000)
		return 0;
	*jump = !(*word & 0x80000000);
	distance = (int64_t)((uint64_t)*word << 38) >> 36;
	return address + (uint64_t)distance;
}

static void read_site(uint64_t record, bool direct)
{
	uint64_t site = lead(record);
	uint64_t to = lead(record + offsetof(struct static_call_site, tramp));
	uint64_t flags = to & STATIC_CALL_SITE_FLAGS;
	bool jump = false;
	uint64_t target = branch(site, &jump);

	to &= ~(uint64_t)STATIC_CALL_SITE_FLAGS;
	check(target, "a record leads to no branch", record);
	check(jump == (flags == STATIC_CALL_SITE_TAIL), "flags", record);
	if (direct) {
		direct_sites++;
		check(to && to == target, "a record and its branch", record);
		check(to == symbol("__SCT__", "own") ||
		      to == symbol("__SCT__", "theirs"), "trampoline", record);
	} else {
		/*
		 * In a program that is not PIE, GNU ld and gold fill a word for
		 * a function with its PLT entry, to which the call goes, too.
		 */
		const uint64_t *word = at(to, sizeof(*word));
		bool filled = is_filled_with(to, "__SCT__theirs");

		slot_sites += filled;
		plt_sites += !filled;
		check(filled || (word && *word == target), "slot", record);
	}
}

static void read_sites(uint64_t desc, const struct static_call_note_sites *run)
{
	uint64_t start = lead(FIELD(note_sites, start));
	uint32_t i;

	check(start % sizeof(int32_t) == 0, "alignment of the records", desc);
	for (i = 0; i < run->count; i++)
		read_site(start + i * sizeof(struct static_call_site),
			  run->flags & STATIC_CALL_NOTE_DIRECT);
}

static void read_define(uint64_t desc,
			const struct static_call_note_define *define)
{
	const char *name = (const char *)(define + 1);
	uint64_t tramp = lead(FIELD(note_define, tramp));
	uint64_t key = lead(FIELD(note_define, key));
	const uint32_t *magic = at(tramp + STATIC_CALL_TRAMP_SIGNATURE, 4);

	defines++;
	check(define->flags == STATIC_CALL_NOTE_DIRECT, "flags", desc);
	check(tramp && tramp == symbol("__SCT__", name), "trampoline", desc);
	check(key && key == symbol("__SCK__", name), "key", desc);
	check(tramp % STATIC_CALL_TRAMP_SIZE == 0, "alignment", tramp);
	check(magic && *magic == STATIC_CALL_TRAMP_MAGIC, "signature", tramp);
	check(lead(tramp + STATIC_CALL_TRAMP_KEY) == key,
	      "key of the trampoline", tramp);
}

static void read_note(const Elf64_Nhdr *note, uint64_t desc)
{
	const void *bytes = at(desc, note->n_descsz);

	check(lead(desc) == symbol(STATIC_CALL_STATE_STR, "") && lead(desc),
	      "anchor", desc);
	if (note->n_type == STATIC_CALL_NOTE_SITES) {
		read_sites(desc, bytes);
	} else if (note->n_type == STATIC_CALL_NOTE_DEFINE) {
		read_define(desc, bytes);
	} else {
		const uint64_t *word = at(lead(FIELD(note_module, hook)),
					  sizeof(*word));

		modules++;
		check(note->n_type == STATIC_CALL_NOTE_MODULE, "kind", desc);
		check(word && *word == 1, "word of the hook", desc);
	}
}

static void read_notes(const Elf64_Phdr *p)
{
	uint64_t here = p->p_vaddr, end = here + p->p_filesz;

	while (here + sizeof(Elf64_Nhdr) <= end) {
		const Elf64_Nhdr *note = at(here, sizeof(*note));
		uint64_t desc = here + sizeof(*note) +
				((note->n_namesz + 3) & ~3u);

		if (!strcmp((const char *)(note + 1), STATIC_CALL_NOTE_OWNER))
			read_note(note, desc);
		here = desc + ((note->n_descsz + 3) & ~3u);
	}
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	const Elf64_Phdr *p;
	size_t i;

	elf_version(EV_CURRENT);
	elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
	if (!elf || elf_getphdrnum(elf, &n_phdrs) || n_phdrs > MAX_PHDRS ||
	    !(p = elf64_getphdr(elf)))
		return EXIT_FAILURE;
	memcpy(phdrs, p, n_phdrs * sizeof(*p));
	file = (const uint8_t *)elf_rawfile(elf, &file_size);
	for (i = 0; i < n_phdrs; i++)
		if (phdrs[i].p_type == PT_NOTE)
			read_notes(phdrs + i);
	printf("modules %zu, definitions %zu, sites %zu direct, %zu by slot, %zu by PLT, wrong %zu\n",
	       modules, defines, direct_sites, slot_sites, plt_sites, wrong);
	elf_end(elf);
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
