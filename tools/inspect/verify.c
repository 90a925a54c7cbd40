/* SPDX-License-Identifier: MIT */
/*
 * verify.c - compares the calls in a linked file with its records.
 *
 * Calls are found through the relocations that --emit-relocs leaves in the
 * file, so by other means than the records were made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <static_call/format.h>

#include "inspect/commands.h"
#include "elf/binary.h"
#include "elf/sites.h"

enum { COMPLETE, MISSING, CANNOT_TELL };

struct verifier {
	struct sc_binary binary;
	size_t calls, missing;
	bool relocations;		/* the file has kept them */
};

/* Linkers turn FF 15 and FF 25 into these, and may keep the relocation. */
static bool is_relaxed(const uint8_t *at)
{
	return (at[0] == 0x67 && at[1] == 0xe8) ||
	       (at[0] == 0x90 && (at[1] == 0xe8 || at[1] == 0xe9)) ||
	       (at[0] == 0xe9 && at[5] == 0x90);
}

static bool is_call(const struct sc_binary *binary, const Elf64_Rela *rela)
{
	const uint8_t *at = sc_binary_at(binary, rela->r_offset - 2, 6);
	Elf64_Rela here = *rela;
	uint64_t offset;
	uint32_t flags;

	if (!at)
		return false;
	here.r_offset = 2;
	return sc_site_at(at, 6, &here, &offset, &flags) || is_relaxed(at);
}

static void verify_one(struct verifier *verifier, const Elf64_Rela *rela,
		       Elf_Data *syms, size_t strings)
{
	struct sc_binary *binary = &verifier->binary;
	const Elf64_Sym *sym = syms->d_buf;
	size_t index = ELF64_R_SYM(rela->r_info);
	const struct sc_binary_function *function;
	const char *name;

	if (index >= syms->d_size / sizeof(*sym))
		return;
	name = elf_strptr(binary->elf, strings, sym[index].st_name);
	if (!name || strncmp(name, STATIC_CALL_TRAMP_PREFIX_STR,
			     STATIC_CALL_TRAMP_PREFIX_LEN) ||
	    !is_call(binary, rela))
		return;
	verifier->calls++;
	if (sc_binary_find(binary, rela->r_offset - 1) ||
	    sc_binary_find(binary, rela->r_offset - 2))
		return;
	verifier->missing++;
	function = sc_binary_function(binary, rela->r_offset);
	sc_error(binary->name, "no record of the call of %s (in %s at 0x%llx)",
		 name + STATIC_CALL_TRAMP_PREFIX_LEN,
		 function ? function->name : "?",
		 (unsigned long long)rela->r_offset - 1);
}

static void verify_section(struct verifier *verifier, Elf_Scn *scn,
			   const Elf64_Shdr *shdr)
{
	Elf *elf = verifier->binary.elf;
	Elf_Scn *code = elf_getscn(elf, shdr->sh_info);
	Elf_Scn *linked = elf_getscn(elf, shdr->sh_link);
	const Elf64_Shdr *text = code ? elf64_getshdr(code) : NULL;
	const Elf64_Shdr *symtab = linked ? elf64_getshdr(linked) : NULL;
	Elf_Data *data, *syms;
	const Elf64_Rela *rela;
	size_t i;

	if (!text || !symtab || symtab->sh_type != SHT_SYMTAB ||
	    !(text->sh_flags & SHF_EXECINSTR))
		return;
	data = elf_getdata(scn, NULL);
	syms = elf_getdata(linked, NULL);
	if (!data || !data->d_buf || !syms || !syms->d_buf)
		return;
	verifier->relocations = true;
	rela = data->d_buf;
	for (i = 0; i < data->d_size / sizeof(*rela); i++)
		verify_one(verifier, &rela[i], syms, symtab->sh_link);
}

static int verify_binary(struct verifier *verifier)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(verifier->binary.elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);

		if (shdr && shdr->sh_type == SHT_RELA &&
		    !(shdr->sh_flags & SHF_ALLOC))
			verify_section(verifier, scn, shdr);
	}
	if (!verifier->relocations) {
		sc_error(verifier->binary.name,
			 "cannot tell: was not linked with --emit-relocs");
		return CANNOT_TELL;
	}
	printf("%s: %zu calls, %zu records, %zu missing\n",
	       verifier->binary.name, verifier->calls, verifier->binary.n_sites,
	       verifier->missing);
	return verifier->missing ? MISSING : COMPLETE;
}

static int verify_elf(const char *file, Elf *elf)
{
	struct verifier verifier = { .calls = 0 };
	const Elf64_Ehdr *ehdr = elf64_getehdr(elf);
	int status = MISSING;

	if (!ehdr || ehdr->e_machine != EM_X86_64 ||
	    ehdr->e_ident[EI_DATA] != ELFDATA2LSB ||
	    (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)) {
		sc_error(file, "is no x86-64 program or library");
		return MISSING;
	}
	if (!sc_binary_open(&verifier.binary, elf, file))
		status = verify_binary(&verifier);
	if (sc_prototypes_check(file, elf))
		status = MISSING;
	sc_binary_close(&verifier.binary);
	return status;
}

int sc_verify_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int status = MISSING;
	Elf *elf;

	if (fd < 0) {
		sc_error_errno(file, "cannot open");
		return MISSING;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf)
		status = verify_elf(file, elf);
	else
		sc_error(file, "cannot read: %s", elf_errmsg(-1));
	elf_end(elf);
	close(fd);
	return status;
}
