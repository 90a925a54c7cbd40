/* SPDX-License-Identifier: MIT */
/*
 * odd.c - writes an object whose section table lies at an odd offset, where no
 * compiler puts it and no linker minds.
 *
 *	odd IN OUT
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 1 << 20 };

int main(int argc, char **argv)
{
	static unsigned char file[2 * ROOM];
	FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
	size_t size = in ? fread(file, 1, ROOM, in) : 0, odd = size | 1, table;
	FILE *out = size > sizeof(Elf64_Ehdr) && size < ROOM ?
		    fopen(argv[2], "wb") : NULL;
	Elf64_Ehdr ehdr;

	if (!out)
		return 1;
	memcpy(&ehdr, file, sizeof(ehdr));
	table = ehdr.e_shnum * sizeof(Elf64_Shdr);
	memmove(file + odd, file + ehdr.e_shoff, table);
	ehdr.e_shoff = odd;
	memcpy(file, &ehdr, sizeof(ehdr));
	size = odd + table;
	return fwrite(file, 1, size, out) != size || fclose(out);
}
