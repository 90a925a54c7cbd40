/* SPDX-License-Identifier: MIT */
/*
 * branches.c - finds calls and jumps to trampolines in the code of a linked file.
 *
 * A trampoline is known by the mark at its end, so in a stripped file, too; one of
 * another module by the slot that the dynamic linker fills, or by the PLT entry
 * that jumps through it.  Code is searched byte by byte: that four bytes behind
 * something like an opcode lead to the very start of a trampoline by chance is one
 * in billions.
 */
#include <stdlib.h>
#include <string.h>

#include <static_call/format.h>

#include "elf/branches.h"
#include "insn.h"

/* Only this backend's programs refer to it. */
#define TRAMPOLINE_BACKEND "static_call_headers_are_for_backend_trampoline"

/* No branch is longer; so many bytes are there where a function looks. */
#define BRANCH_MAX	6

/* A place that branches lead to. */
struct target {
	uint64_t address;
	const char *name;
};

struct targets {
	struct target *target;		/* sorted by address */
	size_t n;
};

struct finder {
	struct sc_binary *binary;
	struct sc_branches *branches;
	struct targets starts;		/* trampolines, and PLT entries */
};

static int no_memory(const struct finder *finder)
{
	return sc_error(finder->binary->name, "out of memory");
}

static int add_target(struct finder *finder, struct targets *targets,
		      uint64_t address, const char *name)
{
	struct target *new = sc_pool_grow(&finder->binary->pool,
					  targets->target, targets->n,
					  sizeof(*new));

	if (!new)
		return no_memory(finder);
	targets->target = new;
	new[targets->n++] = (struct target){ address, name };
	return 0;
}

static int by_address(const void *left, const void *right)
{
	const struct target *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static void sort(struct targets *targets)
{
	if (targets->n)
		qsort(targets->target, targets->n, sizeof(*targets->target),
		      by_address);
}

static const struct target *find(const struct targets *targets,
				 uint64_t address)
{
	const struct target key = { .address = address };

	return !targets->n ? NULL :
			     bsearch(&key, targets->target, targets->n,
				     sizeof(key), by_address);
}

static uint32_t get32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* Where a branch whose distance is at @at, of address @address, leads. */
static uint64_t branch_target(const uint8_t *at, uint64_t address)
{
	return address + 4 + (uint64_t)(int64_t)(int32_t)get32(at);
}

typedef int look_fn(struct finder *finder, const uint8_t *at, uint64_t address);

/* Calls @look for each byte at @start that has @room more behind it. */
static int each_byte(struct finder *finder, uint64_t start, uint64_t size,
		     size_t room, look_fn *look)
{
	const uint8_t *code = sc_binary_at(finder->binary, start, size);
	uint64_t i;

	for (i = 0; code && i + room < size; i++)
		if (look(finder, code + i, start + i))
			return -1;
	return 0;
}

static int each_code(struct finder *finder, size_t room, look_fn *look)
{
	struct sc_binary *binary = finder->binary;
	size_t i;

	for (i = 0; i < binary->n_phdrs; i++) {
		const Elf64_Phdr *phdr = &binary->phdr[i];

		if (phdr->p_type == PT_LOAD && (phdr->p_flags & PF_X) &&
		    each_byte(finder, phdr->p_vaddr, phdr->p_filesz, room,
			      look))
			return -1;
	}
	return 0;
}

/* .plt, .plt.got, .plt.sec */
static int each_plt(struct finder *finder, size_t room, look_fn *look)
{
	Elf *elf = finder->binary->elf;
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return 0;
	while ((scn = elf_nextscn(elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);
		const char *name = shdr ? elf_strptr(elf, names,
						     shdr->sh_name) : NULL;

		if (name && !strncmp(name, ".plt", 4) &&
		    (shdr->sh_flags & SHF_EXECINSTR) &&
		    each_byte(finder, shdr->sh_addr, shdr->sh_size, room, look))
			return -1;
	}
	return 0;
}

static int look_for_trampoline(struct finder *finder, const uint8_t *at,
			       uint64_t address)
{
	if (address % STATIC_CALL_TRAMP_SIZE ||
	    get32(at + STATIC_CALL_TRAMP_SIGNATURE) != STATIC_CALL_TRAMP_MAGIC)
		return 0;
	finder->branches->n_trampolines++;
	return add_target(finder, &finder->starts, address,
			  sc_binary_tramp_name(finder->binary, address));
}

/* jmp *slot: an entry begins there, or at an endbr64 before it. */
static int look_for_plt(struct finder *finder, const uint8_t *at,
			uint64_t address)
{
	const uint64_t align = 15;
	struct sc_insn insn;
	const char *name;
	uint64_t slot;

	if (sc_insn_decode(at, BRANCH_MAX, &insn) || insn.form != SC_FORM_JMP6)
		return 0;
	slot = branch_target(at + insn.rel, address + insn.rel);
	name = sc_binary_slot_name(finder->binary, slot);
	if (!name)
		return 0;
	if (add_target(finder, &finder->starts, address, name))
		return -1;
	return address & align ? add_target(finder, &finder->starts,
					    address & ~align, name) : 0;
}

static int look_for_branch(struct finder *finder, const uint8_t *at,
			   uint64_t address)
{
	const struct target *target = NULL;
	const char *name = NULL;
	struct sc_branches *branches = finder->branches;
	struct sc_branch *new;
	struct sc_insn insn;
	uint64_t to;

	/* The opcode itself, whatever prefix or nop is before it. */
	if (sc_insn_decode(at, BRANCH_MAX, &insn) || insn.skip ||
	    (insn.form == SC_FORM_CALL6 && !insn.slot))
		return 0;
	to = branch_target(at + insn.rel, address + insn.rel);
	if (insn.slot)
		name = sc_binary_slot_name(finder->binary, to);
	else
		target = find(&finder->starts, to);
	/* An entry of the PLT is no call. */
	if ((!target && !name) || find(&finder->starts, address))
		return 0;
	new = sc_pool_grow(&finder->binary->pool, branches->branch, branches->n,
			   sizeof(*new));
	if (!new)
		return no_memory(finder);
	branches->branch = new;
	new[branches->n++] = (struct sc_branch){
		address, target ? target->name : name
	};
	if (!sc_branches_recorded(finder->binary, address))
		branches->n_missing++;
	return 0;
}

bool sc_branches_recorded(const struct sc_binary *binary, uint64_t address)
{
	return sc_binary_find(binary, address) ||
	       sc_binary_find(binary, address - 1);
}

int sc_branches_find(struct sc_binary *binary, struct sc_branches *branches)
{
	struct finder finder = { .binary = binary, .branches = branches };

	*branches = (struct sc_branches){ .n = 0 };
	if (each_code(&finder, STATIC_CALL_TRAMP_SIZE - 1,
		      look_for_trampoline) ||
	    each_plt(&finder, BRANCH_MAX - 1, look_for_plt))
		return -1;
	sort(&finder.starts);
	return each_code(&finder, BRANCH_MAX - 1, look_for_branch);
}

/* The note tells, in a stripped file too; asm alone may have brought none. */
bool sc_branches_need_records(const struct sc_binary *binary)
{
	return binary->has_module ?
		       binary->needs_hook :
		       !sc_binary_has_symbol(binary, TRAMPOLINE_BACKEND);
}

bool sc_branches_without_hook(const struct sc_binary *binary,
			      const struct sc_branches *branches)
{
	return branches->n && !binary->n_sites && !binary->has_hook &&
	       sc_branches_need_records(binary);
}
