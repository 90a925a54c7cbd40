/* SPDX-License-Identifier: MIT */
/*
 * unrecorded.c - what leads from a module to trampolines, whatever its records say:
 * slots that the dynamic loader binds, and calls that have no record.
 */
#include "sc_config.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "insn.h"
#include "notes.h"
#include "places.h"

/* ------------------------------------------------- slots and symbols */

static const ElfW(Sym) *symbol_at(const struct sc_loaded *loaded, size_t index)
{
	const ElfW(Sym) *symbols = (const void *)sc_loaded_pointer(
		loaded, DT_SYMTAB, (index + 1) * sizeof(*symbols));

	return symbols ? symbols + index : NULL;
}

/* Whether symbol @index of the module is the trampoline of @name. */
static bool symbol_is_tramp(const struct sc_loaded *loaded, size_t index,
			    const char *name)
{
	static const char prefix[] = STATIC_CALL_TRAMP_PREFIX_STR;
	size_t size = (size_t)sc_loaded_value(loaded, DT_STRSZ), left;
	uintptr_t strings = sc_loaded_pointer(loaded, DT_STRTAB, size);
	const ElfW(Sym) *entry = symbol_at(loaded, index);
	const char *symbol;

	if (!strings || !entry)
		return false;
	symbol = (const char *)(strings + entry->st_name);
	if (entry->st_name + sizeof(prefix) > size ||
	    memcmp(symbol, prefix, sizeof(prefix) - 1) != 0)
		return false;
	symbol += sizeof(prefix) - 1;
	left = size - entry->st_name - (sizeof(prefix) - 1);
	/* The module that defines it may not be known yet. */
	return !name[0] || (strlen(name) < left && !strcmp(symbol, name));
}

/*
 * A slot that is bound at the first call holds the address of the linkage table
 * until then, so its relocation says where it will lead.
 */
bool sc_image_binds(const struct sc_image *image, uintptr_t slot,
		    const char *name)
{
	const struct sc_loaded *loaded = image->loaded;
	size_t size = (size_t)sc_loaded_value(loaded, DT_PLTRELSZ), i;
	const ElfW(Rela) *rela =
		(const void *)sc_loaded_pointer(loaded, DT_JMPREL, size);

	if (!rela || sc_loaded_value(loaded, DT_PLTREL) != DT_RELA)
		return false;
	for (i = 0; i < size / sizeof(*rela); i++)
		if (loaded->base + rela[i].r_offset == slot)
			return symbol_is_tramp(loaded,
					       ELF64_R_SYM(rela[i].r_info),
					       name);
	return false;
}

/* ---------------------------------------------- calls without records */

/* The relocations at @tag, of which there are as many as fit into @size. */
static bool imports_by(const struct sc_loaded *loaded, int64_t tag, size_t size)
{
	const ElfW(Rela) *rela =
		(const void *)sc_loaded_pointer(loaded, tag, size);
	size_t i, index;

	for (i = 0; rela && i < size / sizeof(*rela); i++) {
		index = ELF64_R_SYM(rela[i].r_info);
		if (index && symbol_is_tramp(loaded, index, "") &&
		    symbol_at(loaded, index)->st_shndx == SHN_UNDEF)
			return true;
	}
	return false;
}

/* A slot is made for a trampoline of another module only if code goes there. */
static bool imports_tramps(const struct sc_loaded *loaded)
{
	return imports_by(loaded, DT_RELA,
			  (size_t)sc_loaded_value(loaded, DT_RELASZ)) ||
	       (sc_loaded_value(loaded, DT_PLTREL) == DT_RELA &&
		imports_by(loaded, DT_JMPREL,
			   (size_t)sc_loaded_value(loaded, DT_PLTRELSZ)));
}

/* Whether the entry at @plt leads to another module's trampoline. */
static bool plt_is_tramp(const struct sc_image *image, uintptr_t plt)
{
	const uint8_t *code = (const void *)plt;
	struct sc_insn insn;
	uintptr_t slot;

	if (!sc_loaded_owns(image->loaded, plt, SC_PLT_MAX,
			    SC_LOAD_READ | SC_LOAD_EXEC) ||
	    sc_insn_decode_plt(code, SC_PLT_MAX, &insn) || !insn.slot)
		return false;
	code += insn.skip;
	slot = sc_insn_leads_to(&insn, code, (uintptr_t)code);
	return sc_tramp_key(image, sc_image_slot_value(image, slot)) ||
	       sc_image_binds(image, slot, "");
}

static bool calls_tramp(const struct sc_image *image, const uint8_t *code,
			size_t avail)
{
	struct sc_insn insn;
	uintptr_t to;

	if (sc_insn_decode(code, avail, &insn))
		return false;
	code += insn.skip;
	to = sc_insn_leads_to(&insn, code, (uintptr_t)code);
	if (insn.slot)
		to = sc_image_slot_value(image, to);
	return sc_tramp_key(image, to) ||
	       (!insn.slot && plt_is_tramp(image, to));
}

/*
 * The code is searched byte by byte, to the first call.  That other bytes look
 * like a branch to the very start of a trampoline is one chance in billions.
 */
static bool code_calls(const struct sc_image *image, const struct sc_load *load)
{
	const uint8_t *code = (const void *)load->start;
	const uint8_t *end = (const void *)load->end;

	if (load->flags != (SC_LOAD_READ | SC_LOAD_EXEC))
		return false;
	for (; code < end; code++)
		if (sc_insn_may_begin(*code) &&
		    calls_tramp(image, code, (size_t)(end - code)))
			return true;
	return false;
}

bool sc_image_makes_calls(const struct sc_image *image)
{
	const struct sc_loaded *loaded = image->loaded;
	size_t i;

	if (imports_tramps(loaded))
		return true;
	for (i = 0; i < loaded->n_own && image->n_defines; i++)
		if (code_calls(image, loaded->loads + i))
			return true;
	return false;
}

/* ---------------------------------------------- records left behind */

static bool run_leads_into(const struct sc_run *run, const struct sc_load *load)
{
	size_t i;

	for (i = 0; i < run->n; i++) {
		uintptr_t to = (uintptr_t)&run->sites[i].addr +
			       (uintptr_t)(intptr_t)run->sites[i].addr;

		if (to >= load->start && to < load->end)
			return true;
	}
	return false;
}

static bool has_records(const struct sc_image *image, const struct sc_load *load)
{
	size_t i;

	for (i = 0; i < image->n_runs; i++)
		if (run_leads_into(image->runs + i, load))
			return true;
	return false;
}

bool sc_image_code_moved(const struct sc_image *image)
{
	const struct sc_loaded *loaded = image->loaded;
	size_t i;

	for (i = 0; i < loaded->n_own && image->n_segments > 1; i++)
		if (!has_records(image, loaded->loads + i) &&
		    code_calls(image, loaded->loads + i))
			return true;
	return false;
}
