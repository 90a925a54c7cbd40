/* SPDX-License-Identifier: MIT */
/*
 * verify.c - compares the calls in a linked file with its records.
 *
 * Calls are found by other means than the records were made: through the
 * relocations that --emit-relocs leaves in the file; where there are none, by the
 * branches to trampolines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <static_call/format.h>

#include "common/json.h"
#include "elf/binary.h"
#include "elf/branches.h"
#include "elf/sites.h"
#include "insn.h"
#include "inspect/commands.h"
#include "inspect/document.h"
#include "inspect/symbols.h"

enum { COMPLETE = SC_EXIT_OK, MISSING = SC_EXIT_NO };

struct verifier {
	struct sc_binary binary;
	struct Dwfl *symbols;		/* of the file, at its own addresses */
	int fd;
	size_t calls, missing;
	bool relocations;		/* the file has kept them */
};

/* Linkers turn FF 15 and FF 25 into these, and may keep the relocation. */
static bool is_relaxed(const uint8_t *at)
{
	struct sc_insn insn;

	if (sc_insn_decode(at, SC_INSN_MAX, &insn) || insn.slot)
		return false;
	/* A prefix, a nop before, or a nop behind the jump. */
	return insn.skip || insn.form == SC_FORM_CALL6 ||
	       (insn.form == SC_FORM_JMP && at[insn.len] == 0x90);
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

static void put_missing(const char *name, uint64_t address,
			const struct sc_symbol *in)
{
	sc_json_object(NULL);
	sc_json_string("name", name);
	sc_json_address("address", address);
	sc_json_string("symbol", in->name);
	sc_json_source(in->source, in->line);
	sc_json_close();
}

static void say_missing(struct verifier *verifier, const char *name,
			uint64_t address)
{
	struct sc_symbol in;

	if (!verifier->symbols) {
		verifier->symbols = sc_symbols_new();
		sc_symbols_add(verifier->symbols, verifier->binary.name,
			       verifier->fd, 0);
	}
	in = sc_symbols_at(verifier->symbols, address);
	verifier->missing++;
	if (sc_report_json)
		put_missing(name, address, &in);
	else if (in.source)
		sc_error(verifier->binary.name, "no record of the call of %s (in %s at 0x%llx, %s:%d)",
			 name ? name : "?", in.name ? in.name : "?",
			 (unsigned long long)address, in.source, in.line);
	else
		sc_error(verifier->binary.name, "no record of the call of %s (in %s at 0x%llx)",
			 name ? name : "?", in.name ? in.name : "?",
			 (unsigned long long)address);
}

static void verify_one(struct verifier *verifier, const Elf64_Rela *rela,
		       Elf_Data *syms, size_t strings)
{
	struct sc_binary *binary = &verifier->binary;
	const Elf64_Sym *sym = syms->d_buf;
	size_t index = ELF64_R_SYM(rela->r_info);
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
	say_missing(verifier, name + STATIC_CALL_TRAMP_PREFIX_LEN,
		    rela->r_offset - 1);
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

static void verify_branches(struct verifier *verifier,
			    const struct sc_branches *branches)
{
	size_t i;

	verifier->calls = branches->n;
	for (i = 0; i < branches->n; i++)
		if (!sc_branches_recorded(&verifier->binary,
					  branches->branch[i].address))
			say_missing(verifier, branches->branch[i].name,
				    branches->branch[i].address);
}

/* Says what to do about it. */
static void advise(const struct verifier *verifier,
		   const struct sc_branches *branches)
{
	const char *name = verifier->binary.name;

	if (sc_branches_without_hook(&verifier->binary, branches))
		sc_error(name, SC_WITHOUT_HOOK
			 ": link it with the flags of pkg-config --libs libstaticcall");
	else
		sc_error(name, "%zu calls have no record and go through trampolines: run static-call annotate on their objects, or link with the build hook, see static-call(1)",
			 verifier->missing);
}

/*
 * BOLT keeps the old code under this name.  Nobody runs it, but records that were
 * not moved lead there, and calls of the new code have none.
 */
static size_t count_left_behind(const struct sc_binary *binary)
{
	static const char prefix[] = ".bolt.org.";
	Elf_Scn *scn = NULL;
	size_t names, n = 0, i;

	if (elf_getshdrstrndx(binary->elf, &names))
		return 0;
	while ((scn = elf_nextscn(binary->elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);
		const char *name = shdr ? elf_strptr(binary->elf, names,
						     shdr->sh_name) : NULL;

		if (!name || strncmp(name, prefix, sizeof(prefix) - 1) ||
		    !(shdr->sh_flags & SHF_EXECINSTR))
			continue;
		for (i = 0; i < binary->n_sites; i++)
			n += binary->site[i].address - shdr->sh_addr <
			     shdr->sh_size;
	}
	return n;
}

static int verify_records(struct verifier *verifier,
			  const struct sc_branches *branches)
{
	const struct sc_binary *binary = &verifier->binary;
	size_t left_behind = count_left_behind(binary);

	if (left_behind)
		sc_error(binary->name, "%zu records lead to code that BOLT has replaced: the calls of the new code go through trampolines",
			 left_behind);
	else if (verifier->missing)
		advise(verifier, branches);
	return left_behind || verifier->missing ? MISSING : COMPLETE;
}

/* Says what was found, or where it is. */
static void find_missing(struct verifier *verifier,
			 const struct sc_branches *branches)
{
	Elf *elf = verifier->binary.elf;
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);

		if (shdr && shdr->sh_type == SHT_RELA &&
		    !(shdr->sh_flags & SHF_ALLOC))
			verify_section(verifier, scn, shdr);
	}
	if (!verifier->relocations)
		verify_branches(verifier, branches);
}

/* The rest of what find_missing() has begun. */
static void put_numbers(const struct verifier *verifier, bool needs_records,
			const struct sc_branches *branches)
{
	const struct sc_binary *binary = &verifier->binary;

	sc_json_close();
	sc_json_bool("needs_records", needs_records);
	sc_json_bool("without_hook", needs_records &&
		     sc_branches_without_hook(binary, branches));
	sc_json_number("calls", verifier->calls);
	sc_json_number("records", binary->n_sites);
	sc_json_number("n_missing", verifier->missing);
}

static int verify_calls(struct verifier *verifier)
{
	struct sc_binary *binary = &verifier->binary;
	bool needs_records = sc_branches_need_records(binary);
	struct sc_branches branches;
	int status = COMPLETE;

	if (sc_branches_find(binary, &branches))
		return SC_EXIT_TROUBLE;
	if (sc_report_json) {
		sc_json_object(NULL);
		sc_json_string("file", binary->name);
		sc_json_array("missing");
	}
	if (needs_records)
		find_missing(verifier, &branches);
	else
		verifier->calls = branches.n;
	if (sc_report_json)
		put_numbers(verifier, needs_records, &branches);
	else if (needs_records)
		printf("%s: %zu calls, %zu records, %zu missing\n",
		       binary->name, verifier->calls, binary->n_sites,
		       verifier->missing);
	else
		printf("%s: %zu calls of the trampoline backend, which needs no records\n",
		       binary->name, branches.n);
	if (needs_records)
		status = verify_records(verifier, &branches);
	return status;
}

static int verify_binary(struct verifier *verifier, const char *file, Elf *elf)
{
	int status = verify_calls(verifier);
	size_t n_bad = sc_prototypes_check(file, elf);

	if (n_bad && status < MISSING)
		status = MISSING;
	if (sc_report_json && status != SC_EXIT_TROUBLE) {
		sc_json_number("bad_types", n_bad);
		sc_json_bool("complete", status == COMPLETE);
		sc_json_close();
	}
	return status;
}

static int verify_elf(const char *file, Elf *elf, int fd)
{
	struct verifier verifier = { .fd = fd };
	const Elf64_Ehdr *ehdr = elf64_getehdr(elf);
	int status = SC_EXIT_TROUBLE;

	if (!ehdr || ehdr->e_machine != EM_X86_64 ||
	    ehdr->e_ident[EI_DATA] != ELFDATA2LSB ||
	    (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)) {
		sc_error(file, "is no x86-64 program or library; an object is shown by 'static-call list'");
		return SC_EXIT_TROUBLE;
	}
	if (!sc_binary_open(&verifier.binary, elf, file))
		status = verify_binary(&verifier, file, elf);
	sc_symbols_free(verifier.symbols);
	sc_binary_close(&verifier.binary);
	return status;
}

int sc_verify_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int status = SC_EXIT_TROUBLE;
	Elf *elf;

	if (fd < 0) {
		sc_error_errno(file, "cannot open");
		return SC_EXIT_TROUBLE;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf)
		status = verify_elf(file, elf, fd);
	else
		sc_error(file, "cannot read: %s", elf_errmsg(-1));
	elf_end(elf);
	close(fd);
	return status;
}
