/* SPDX-License-Identifier: MIT */
/*
 * records.c - reads the records of a linked file.
 *
 * Rules: the table is found through PT_NOTE alone, so that what is shown here
 * is what the library will find, in a stripped file too.  Where a program that
 * edits linked files has moved the notes, their anchors tell how far; the state
 * byte is known by its symbol then, which strip takes away.
 */
#include <string.h>

#include <static_call/format.h>

#include "elf/binary.h"

#define OF(kind, field) offsetof(struct static_call_note_##kind, field)

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* What the place-relative field at @address, whose bytes are @at, leads to. */
static uint64_t relative(uint64_t address, const uint8_t *at)
{
	return address + (uint64_t)(int64_t)(int32_t)get32(at);
}

/* A description: its bytes, its address, and how far it was moved. */
struct desc {
	const uint8_t *at;
	size_t size;
	uint64_t address, moved;
};

static uint64_t leads_to(const struct desc *desc, size_t field)
{
	return relative(desc->address + field, desc->at + field) + desc->moved;
}

static int bad(const struct sc_binary *binary, const struct desc *desc,
	       const char *what)
{
	return sc_error(binary->name, "%s (at %#llx)", what,
			(unsigned long long)desc->address);
}

static int add_site(struct sc_binary *binary, uint64_t address,
		    const uint8_t *record, bool direct)
{
	const size_t tramp = offsetof(struct static_call_site, tramp);
	uint64_t slot = relative(address + tramp, record + tramp);
	struct sc_binary_site *new = sc_binary_grow(binary, binary->site,
						    binary->n_sites,
						    sizeof(*new));

	if (!new)
		return -1;
	binary->site = new;
	new[binary->n_sites++] = (struct sc_binary_site){
		.address = relative(address, record),
		.slot = slot & ~(uint64_t)STATIC_CALL_SITE_FLAGS,
		.flags = (uint32_t)slot & STATIC_CALL_SITE_FLAGS,
		.direct = direct,
	};
	return 0;
}

static int read_sites(struct sc_binary *binary, const struct desc *desc)
{
	const size_t size = sizeof(struct static_call_site);
	const uint8_t *record;
	uint32_t count, flags, i;
	uint64_t start;

	if (desc->size < sizeof(struct static_call_note_sites))
		return bad(binary, desc, "a note of bad size");
	count = get32(desc->at + OF(sites, count));
	flags = get32(desc->at + OF(sites, flags));
	if (!count || (flags & ~STATIC_CALL_NOTE_FLAGS))
		return 0;
	start = leads_to(desc, OF(sites, start));
	record = sc_binary_at(binary, start, count * size);
	/* Each record is in one run, so there cannot be more than fit. */
	if (!record || count > binary->size / size - binary->n_sites)
		return bad(binary, desc, "a note leads to no records");
	for (i = 0; i < count; i++)
		if (add_site(binary, start + i * size, record + i * size,
			     flags & STATIC_CALL_NOTE_DIRECT))
			return -1;
	return 0;
}

static int read_define(struct sc_binary *binary, const struct desc *desc)
{
	const size_t head = sizeof(struct static_call_note_define);
	const char *name = (const char *)desc->at + head;
	uint64_t tramp;
	uint32_t flags;

	if (desc->size <= head || !memchr(name, 0, desc->size - head))
		return bad(binary, desc, "a definition has no name");
	flags = get32(desc->at + OF(define, flags));
	if (flags & ~STATIC_CALL_NOTE_FLAGS)
		return 0;
	tramp = leads_to(desc, OF(define, tramp));
	return sc_binary_add_name(binary, flags & STATIC_CALL_NOTE_DIRECT ?
						  &binary->tramps :
						  &binary->slots,
				  tramp, name, true);
}

/*
 * What the module says of the hook.  A word that is not zero once it is linked
 * has no relocation: the hook's symbol is a number.
 */
static int read_module(struct sc_binary *binary, const struct desc *desc)
{
	static const uint8_t zero[8];
	const uint8_t *word;

	if (desc->size < sizeof(struct static_call_note_module))
		return bad(binary, desc, "a note of bad size");
	if (get32(desc->at + OF(module, flags)) & ~STATIC_CALL_NOTE_MODULE_FLAGS)
		return 0;
	binary->has_module = true;
	if (!get32(desc->at + OF(module, hook)))
		return 0;
	word = sc_binary_at(binary, leads_to(desc, OF(module, hook)),
			    sizeof(zero));
	if (!word)
		return bad(binary, desc, "a note leads to no word");
	binary->needs_hook = true;
	binary->has_hook |= memcmp(word, zero, sizeof(zero)) != 0;
	return 0;
}

/* --------------------------------------------------- moved notes */

static int add_state(struct sc_binary *binary, uint64_t address)
{
	uint64_t *new = sc_binary_grow(binary, binary->state, binary->n_states,
				       sizeof(*new));

	if (!new)
		return -1;
	binary->state = new;
	new[binary->n_states++] = address;
	return 0;
}

/* There are several where a tool has made the symbol local. */
static int find_states(struct sc_binary *binary)
{
	Elf_Scn *scn = NULL;
	size_t i;

	while ((scn = elf_nextscn(binary->elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);
		Elf_Data *data = shdr && shdr->sh_type == SHT_SYMTAB ?
					 elf_getdata(scn, NULL) : NULL;
		const Elf64_Sym *sym = data ? data->d_buf : NULL;
		size_t n = sym ? data->d_size / sizeof(*sym) : 0;

		for (i = 0; i < n; i++) {
			const char *name = elf_strptr(binary->elf, shdr->sh_link,
						      sym[i].st_name);

			if (name && sym[i].st_shndx && !strcmp(name, STATIC_CALL_STATE_STR) &&
			    add_state(binary, sym[i].st_value))
				return -1;
		}
	}
	return 0;
}

/* How far the note with the anchor at @at was moved. */
static uint64_t moved(const struct sc_binary *binary, uint64_t address,
		      const uint8_t *at)
{
	uint64_t said = relative(address, at);
	size_t i;

	for (i = 0; i < binary->n_states && binary->state[i] != said; i++)
		;
	return i < binary->n_states || !i ? 0 : binary->state[0] - said;
}

/* ------------------------------------------------------- notes */

/* A kind or a version that is not known here is skipped. */
static int read_note(struct sc_binary *binary, uint64_t address,
		     const uint8_t *note, size_t namesz, size_t descsz)
{
	size_t skip = 12 + ((namesz + 3) & ~(size_t)3);
	struct desc desc = { note + skip, descsz, address + skip, 0 };
	uint32_t type = get32(note + 8);

	if (namesz != sizeof(STATIC_CALL_NOTE_OWNER) ||
	    memcmp(note + 12, STATIC_CALL_NOTE_OWNER, namesz))
		return 0;
	if (descsz >= sizeof(int32_t))
		desc.moved = moved(binary, desc.address, desc.at);
	if (type == STATIC_CALL_NOTE_SITES)
		return read_sites(binary, &desc);
	if (type == STATIC_CALL_NOTE_DEFINE)
		return read_define(binary, &desc);
	if (type == STATIC_CALL_NOTE_MODULE)
		return read_module(binary, &desc);
	return 0;
}

/* Notes are 4-aligned, whatever the segment's own alignment is. */
static int read_segment(struct sc_binary *binary, const Elf64_Phdr *phdr)
{
	uint64_t at = 0, size = phdr->p_filesz;
	const uint8_t *note;

	if (phdr->p_offset > binary->size ||
	    size > binary->size - phdr->p_offset)
		return sc_error(binary->name, "truncated: notes are missing");
	note = binary->file + phdr->p_offset;
	while (size - at >= 12) {
		uint64_t namesz = get32(note + at);
		uint64_t descsz = get32(note + at + 4);
		uint64_t step = 12 + ((namesz + 3) & ~3ull) +
				((descsz + 3) & ~3ull);

		/* Zeros are where a tool has removed a note, which had a name. */
		if (!namesz)
			step = 4;
		else if (12 + ((namesz + 3) & ~3ull) + descsz > size - at)
			return sc_error(binary->name,
					"a note is cut off (at %#llx)",
					(unsigned long long)phdr->p_vaddr + at);
		if (read_note(binary, phdr->p_vaddr + at, note + at, namesz,
			      descsz))
			return -1;
		if (step >= size - at)
			break;
		at += step;
	}
	return 0;
}

int sc_binary_read_notes(struct sc_binary *binary)
{
	size_t i;

	if (find_states(binary))
		return -1;
	for (i = 0; i < binary->n_phdrs; i++)
		if (binary->phdr[i].p_type == PT_NOTE &&
		    read_segment(binary, &binary->phdr[i]))
			return -1;
	return 0;
}
