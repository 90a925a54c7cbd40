/* SPDX-License-Identifier: MIT */
/*
 * corrupt.c - writes broken copies of an object, for bad.sh.
 *
 *	corrupt IN DIR cut N		the first 0, N, 2N, ... bytes
 *	corrupt IN DIR headers N	each header field gets an absurd value
 *	corrupt IN DIR groups N		each part of each section group is wrong
 *	corrupt IN DIR random N		N times some bytes of headers, symbols,
 *					relocations and groups are random
 *
 * Each copy is a file of its own, DIR/NUMBER.o.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char file[1 << 20], good[1 << 20];
static size_t size;

static const uint64_t absurd[] = {
	0, 1, 0xff00, 0xffff, 0x7fffffff, 0xffffffff, 1ull << 40,
	0x7fffffffffffffff, 0xffffffffffffffff,
};

#define FIELD(type, member) { offsetof(type, member), \
	sizeof(((type *)0)->member) }

static const struct field {
	size_t offset, size;
} header[] = {
	FIELD(Elf64_Ehdr, e_shoff), FIELD(Elf64_Ehdr, e_shnum),
	FIELD(Elf64_Ehdr, e_shentsize), FIELD(Elf64_Ehdr, e_shstrndx),
	FIELD(Elf64_Ehdr, e_phoff), FIELD(Elf64_Ehdr, e_phnum),
	FIELD(Elf64_Ehdr, e_ehsize), FIELD(Elf64_Ehdr, e_version),
}, section[] = {
	FIELD(Elf64_Shdr, sh_name), FIELD(Elf64_Shdr, sh_type),
	FIELD(Elf64_Shdr, sh_offset), FIELD(Elf64_Shdr, sh_size),
	FIELD(Elf64_Shdr, sh_link), FIELD(Elf64_Shdr, sh_info),
	FIELD(Elf64_Shdr, sh_addralign), FIELD(Elf64_Shdr, sh_entsize),
	FIELD(Elf64_Shdr, sh_flags),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t nr_sections(void)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)good;
	const Elf64_Shdr *shdr = (const Elf64_Shdr *)(good + ehdr->e_shoff);

	return ehdr->e_shnum ? ehdr->e_shnum : shdr->sh_size;
}

static int break_headers(unsigned long n)
{
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	const struct field *field;
	uint64_t value = absurd[n % COUNT(absurd)];
	unsigned char *at = file;

	n /= COUNT(absurd);
	if (n < COUNT(header)) {
		field = &header[n];
	} else {
		n -= COUNT(header);
		if (n / COUNT(section) >= nr_sections())
			return -1;
		at += ehdr->e_shoff +
		      n / COUNT(section) * sizeof(Elf64_Shdr);
		field = &section[n % COUNT(section)];
	}
	memcpy(at + field->offset, &value, field->size);
	return 0;
}

static Elf64_Shdr *header_of(size_t nr)
{
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;

	return (Elf64_Shdr *)(file + ehdr->e_shoff) + nr;
}

/* The @n-th wrong value where a number of a section or symbol should be. */
static uint32_t wrong_number(size_t n, size_t group, uint32_t old)
{
	const uint32_t values[] = {
		0, 1, (uint32_t)group, (uint32_t)nr_sections() - 1,
		(uint32_t)nr_sections(), 0xff00, 0xffff, 0x7fffffff,
		0xffffffff, old + 1, old - 1,
	};

	return n < COUNT(values) ? values[n] : old ^ 1u << (n - COUNT(values));
}

enum { WRONG_NUMBERS = 11 + 32 };

/* Something about the group as a whole. */
static void break_whole_group(size_t group, size_t n)
{
	Elf64_Shdr *shdr = header_of(group), swap;
	Elf32_Word *words = (Elf32_Word *)(file + shdr->sh_offset);
	Elf64_Shdr *first = header_of(words[1]);
	Elf64_Shdr *last = header_of(nr_sections() - 1);

	/* One that nothing refers to: .comment, .note.GNU-stack. */
	while (last->sh_type != SHT_PROGBITS || (last->sh_flags & SHF_ALLOC))
		last--;
	switch (n) {
	case 0:				/* members that say they are none */
		first->sh_flags &= ~(Elf64_Xword)SHF_GROUP;
		break;
	case 1:				/* sizes that are no whole words */
	case 2:
	case 3:
		shdr->sh_size -= n;
		break;
	case 4:				/* no members, not even flags */
	case 5:
		shdr->sh_size = 4 * (n - 4);
		break;
	case 6:				/* one member is left out */
		shdr->sh_size -= 4;
		break;
	case 7:				/* what follows is in it, too */
		shdr->sh_size += 4;
		break;
	case 8:				/* a member twice */
		words[2] = words[1];
		break;
	case 9:				/* it comes after its members */
		swap = *shdr;
		*shdr = *last;
		*last = swap;
		break;
	case 10:			/* the same group twice */
		*last = *shdr;
		break;
	case 11:			/* a stranger says that he is in it */
		last->sh_flags |= SHF_GROUP;
		break;
	case 12:			/* no section where the group was */
		shdr->sh_type = SHT_NULL;
		break;
	case 13:
		shdr->sh_type = SHT_NOBITS;
		break;
	}
}

/* Its signature: the symbol, and what kind of symbol that is. */
static void break_signature(size_t group, size_t n)
{
	Elf64_Shdr *shdr = header_of(group);
	Elf64_Sym *sym = (Elf64_Sym *)(file +
				       header_of(shdr->sh_link)->sh_offset) +
			 shdr->sh_info;
	const size_t which = n / WRONG_NUMBERS;

	n %= WRONG_NUMBERS;
	switch (which) {
	case 0:
		shdr->sh_info = wrong_number(n, group, shdr->sh_info);
		break;
	case 1:
		shdr->sh_link = wrong_number(n, group, shdr->sh_link);
		break;
	case 2:
		sym->st_name = wrong_number(n, group, sym->st_name);
		break;
	case 3:
		sym->st_shndx = (Elf64_Section)wrong_number(n, group,
							    sym->st_shndx);
		break;
	case 4:
		sym->st_info = (unsigned char)wrong_number(n, group,
							   sym->st_info);
		break;
	}
}

enum { WHOLE = 14, SIGNATURE = 5 * WRONG_NUMBERS };

static void break_one_group(size_t group, size_t n)
{
	Elf64_Shdr *shdr = header_of(group);
	Elf32_Word *words = (Elf32_Word *)(file + shdr->sh_offset);

	if (n < WHOLE) {
		break_whole_group(group, n);
	} else if (n < WHOLE + SIGNATURE) {
		break_signature(group, n - WHOLE);
	} else {
		n -= WHOLE + SIGNATURE;
		words += n / WRONG_NUMBERS;
		*words = wrong_number(n % WRONG_NUMBERS, group, *words);
	}
}

/* False when there are no more. */
static int break_groups(size_t n)
{
	size_t group, count;

	for (group = 1; group < nr_sections(); group++) {
		const Elf64_Shdr *shdr = header_of(group);

		if (shdr->sh_type != SHT_GROUP)
			continue;
		count = WHOLE + SIGNATURE +
			shdr->sh_size / sizeof(Elf32_Word) * WRONG_NUMBERS;
		if (n < count) {
			break_one_group(group, n);
			return 1;
		}
		n -= count;
	}
	return 0;
}

static void break_random(unsigned int seed)
{
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	Elf64_Shdr *shdr = (Elf64_Shdr *)(good + ehdr->e_shoff);
	int changes;

	srandom(seed);
	for (changes = 1 + random() % 4; changes; changes--) {
		Elf64_Shdr *s = &shdr[(size_t)random() % nr_sections()];
		size_t at = ehdr->e_shoff, room = nr_sections() * sizeof(*s);

		if (random() % 2 && s->sh_size &&
		    (s->sh_type == SHT_RELA || s->sh_type == SHT_SYMTAB ||
		     s->sh_type == SHT_GROUP || s->sh_type == SHT_STRTAB ||
		     s->sh_type == SHT_SYMTAB_SHNDX)) {
			at = s->sh_offset;
			room = s->sh_size;
		}
		file[at + (size_t)random() % room] =
			random() % 2 ? (unsigned char)random() : 0xff;
	}
}

/* False when there are no more variants. */
static int make_variant(const char *kind, unsigned long n, unsigned long nr,
			size_t *len)
{
	memcpy(file, good, size);
	*len = size;
	if (!strcmp(kind, "cut")) {
		*len = n * nr;
		return *len < size;
	}
	if (!strcmp(kind, "headers"))
		return !break_headers(n);
	if (!strcmp(kind, "groups"))
		return break_groups(n);
	break_random((unsigned int)n);
	return n < nr;
}

int main(int argc, char **argv)
{
	FILE *in = argc == 5 ? fopen(argv[1], "rb") : NULL, *out;
	unsigned long n, nr = in ? strtoul(argv[4], NULL, 10) : 0;
	char path[4096];
	size_t len;

	if (!in)
		return 99;
	size = fread(good, 1, sizeof(good), in);
	fclose(in);
	for (n = 0; make_variant(argv[3], n, nr, &len); n++) {
		snprintf(path, sizeof(path), "%s/%lu.o", argv[2], n);
		out = fopen(path, "wb");
		if (!out || fwrite(file, 1, len, out) != len || fclose(out))
			return 99;
	}
	return 0;
}
