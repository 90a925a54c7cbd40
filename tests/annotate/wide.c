/* SPDX-License-Identifier: MIT */
/*
 * wide.c - writes a small object as objects with very many sections are
 * written: numbers of sections in section 0 and in a SHT_SYMTAB_SHNDX table.
 *
 *	wide IN OUT
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 20 };

static unsigned char file[2 * ROOM];

/* The index of the symbols is put behind the file; returns its size. */
static size_t move_numbers(const Elf64_Shdr *symtab, size_t at)
{
	Elf64_Sym *sym = (Elf64_Sym *)(file + symtab->sh_offset);
	size_t n = symtab->sh_size / sizeof(*sym), i;
	Elf32_Word *index = (Elf32_Word *)(file + at);

	for (i = 0; i < n; i++) {
		if (!sym[i].st_shndx || sym[i].st_shndx >= SHN_LORESERVE)
			continue;
		index[i] = sym[i].st_shndx;
		sym[i].st_shndx = SHN_XINDEX;
	}
	return n * sizeof(*index);
}

static size_t widen(size_t size)
{
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	Elf64_Shdr *old = (Elf64_Shdr *)(file + ehdr->e_shoff), *new;
	size_t n = ehdr->e_shnum, i, index = (size + 7) & ~(size_t)7, len = 0;

	for (i = 1; i < n; i++)
		if (old[i].sh_type == SHT_SYMTAB)
			break;
	if (i < n)
		len = move_numbers(&old[i], index);
	size = (index + len + 7) & ~(size_t)7;
	new = (Elf64_Shdr *)(file + size);
	memcpy(new, old, n * sizeof(*new));
	new[n] = (Elf64_Shdr){
		.sh_type = SHT_SYMTAB_SHNDX, .sh_offset = index,
		.sh_size = len, .sh_link = (Elf64_Word)i, .sh_addralign = 4,
		.sh_entsize = sizeof(Elf32_Word),
	};
	new[0].sh_size = n + 1;
	new[0].sh_link = ehdr->e_shstrndx;
	ehdr->e_shoff = size;
	ehdr->e_shnum = 0;
	ehdr->e_shstrndx = SHN_XINDEX;
	return size + (n + 1) * sizeof(*new);
}

int main(int argc, char **argv)
{
	FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL, *out;
	size_t size = in ? fread(file, 1, ROOM, in) : 0;

	out = size > sizeof(Elf64_Ehdr) ? fopen(argv[2], "wb") : NULL;
	if (!out)
		return 99;
	fclose(in);
	size = widen(size);
	return fwrite(file, 1, size, out) != size || fclose(out) ? 99 : 0;
}
