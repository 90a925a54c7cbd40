/* SPDX-License-Identifier: MIT */
/*
 * corrupt.c - writes broken copies of an object, for bad.sh.
 *
 *	corrupt IN DIR cut N		the first 0, N, 2N, ... bytes
 *	corrupt IN DIR headers N	each header field gets an absurd value
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
