/* SPDX-License-Identifier: MIT */
/*
 * sites.c - decides what is a call site.
 *
 * Rules: a place is a site only if the relocation's type, its addend and the
 * opcode before it all say so, in a section of code, for a symbol named
 * __SCT__*.  Anything less would take data for a call.  The symbol may be local:
 * objcopy --localize-hidden makes it so.
 */
#include <stdlib.h>
#include <string.h>

#include <static_call/format.h>

#include "elf/sites.h"
#include "insn.h"

#ifndef R_X86_64_GOTPCRELX
#define R_X86_64_GOTPCRELX 41
#endif

bool sc_site_at(const uint8_t *text, size_t size, const Elf64_Rela *rela,
		uint64_t *offset, uint32_t *flags)
{
	uint64_t at = rela->r_offset;
	const struct sc_opcode *op;
	bool slot;

	/* An addend other than -4 belongs to data that looks like code. */
	if (at < 1 || size < 4 || at > size - 4 || rela->r_addend != -4)
		return false;
	switch (ELF64_R_TYPE(rela->r_info)) {
	case R_X86_64_PLT32:
	case R_X86_64_PC32:
		slot = false;
		break;
	case R_X86_64_GOTPCREL:
	case R_X86_64_GOTPCRELX:
		slot = true;
		break;
	default:
		return false;
	}
	op = sc_opcode_before(text, at, slot);
	if (!op)
		return false;
	*offset = at - op->n;
	*flags = sc_insn_is_tail(op->form) ? STATIC_CALL_SITE_TAIL : 0;
	return true;
}

static bool is_code(const Elf64_Shdr *shdr)
{
	const Elf64_Xword code = SHF_ALLOC | SHF_EXECINSTR;

	return (shdr->sh_flags & code) == code &&
	       shdr->sh_type == SHT_PROGBITS &&
	       !(shdr->sh_flags & SHF_COMPRESSED);
}

static bool is_trampoline(const struct sc_object *object, size_t symbol)
{
	return !strncmp(sc_object_symbol_name(object, symbol),
			STATIC_CALL_TRAMP_PREFIX_STR,
			STATIC_CALL_TRAMP_PREFIX_LEN);
}

/* The header's mark: see static_call/group.h. */
static bool keeps_calls(const struct sc_object *object)
{
	size_t i;

	for (i = 1; i < object->n_sections; i++)
		if (!strcmp(sc_object_section_name(object, i),
			    STATIC_CALL_KEPT_SECTION))
			return true;
	return false;
}

struct finder {
	struct sc_object *object;
	struct sc_sites *sites;		/* being filled */
	struct sc_sites *records;	/* what the records there are about */
	bool kept;			/* calls must stay calls */
};

static int add(struct finder *finder, struct sc_sites *sites,
	       const struct sc_site *site)
{
	struct sc_site *new = sc_pool_grow(&finder->object->pool, sites->site,
					   sites->n, sizeof(*new));

	if (!new)
		return sc_error(finder->object->name, "out of memory");
	sites->site = new;
	new[sites->n++] = *site;
	return 0;
}

static int find_calls(struct finder *finder, size_t section,
		      const Elf64_Rela *rela, size_t n)
{
	struct sc_object *object = finder->object;
	size_t text = object->shdr[section]->sh_info, i;
	Elf_Data *data = NULL;

	for (i = 0; i < n; i++) {
		struct sc_site site = {
			.section = (uint32_t)text, .rela = (uint32_t)section,
			.symbol = (uint32_t)ELF64_R_SYM(rela[i].r_info),
		};

		if (!is_trampoline(object, site.symbol))
			continue;
		if (!data)
			data = elf_rawdata(object->scn[text], NULL);
		if (!data || !data->d_buf)
			return sc_error(object->name,
					"cannot read code (section %zu)", text);
		if (!sc_site_at(data->d_buf, data->d_size, &rela[i],
				&site.offset, &site.flags))
			continue;
		if (finder->kept && !(site.flags & STATIC_CALL_SITE_TAIL))
			site.flags |= STATIC_CALL_SITE_KEPT;
		if (add(finder, finder->sites, &site))
			return -1;
	}
	return 0;
}

/* The places that records in .static_call_sites are about. */
static int find_records(struct finder *finder, const Elf64_Rela *rela, size_t n)
{
	struct sc_object *object = finder->object;
	size_t i;

	for (i = 0; i < n; i++) {
		size_t symbol = ELF64_R_SYM(rela[i].r_info);
		struct sc_site site = {
			.section = (uint32_t)sc_object_symbol_section(object,
								      symbol),
			.offset = object->syms[symbol].st_value +
				  (uint64_t)rela[i].r_addend,
		};

		if (rela[i].r_offset % sizeof(struct static_call_site) ||
		    ELF64_R_TYPE(rela[i].r_info) != R_X86_64_PC32 ||
		    !site.section)
			continue;
		if (add(finder, finder->records, &site))
			return -1;
	}
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct sc_site *a = left, *b = right;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void sort(struct sc_sites *sites)
{
	if (sites->n)
		qsort(sites->site, sites->n, sizeof(*sites->site), compare);
}

/* One record a place: two relocations can name one only in a forged object. */
static void unique(struct sc_sites *sites)
{
	size_t i, kept = 0;

	for (i = 0; i < sites->n; i++)
		if (!kept ||
		    compare(&sites->site[kept - 1], &sites->site[i]))
			sites->site[kept++] = sites->site[i];
	sites->n = kept;
}

static void mark_recorded(struct finder *finder)
{
	struct sc_sites *sites = finder->sites, *records = finder->records;
	size_t i;

	for (i = 0; records->n && i < sites->n; i++)
		sites->site[i].recorded = bsearch(&sites->site[i],
						  records->site, records->n,
						  sizeof(*records->site),
						  compare) != NULL;
}

int sc_sites_find(struct sc_object *object, struct sc_sites *sites)
{
	struct sc_sites records = { NULL, 0 };
	struct finder finder = { object, sites, &records,
				 keeps_calls(object) };
	const Elf64_Rela *rela;
	size_t i, n;

	*sites = (struct sc_sites){ NULL, 0 };
	for (i = 1; i < object->n_sections; i++) {
		size_t target = object->shdr[i]->sh_info;
		int err = 0;

		rela = sc_object_relocations(object, i, &n);
		if (!rela && n)
			return -1;
		if (!rela)
			continue;
		if (is_code(object->shdr[target]))
			err = find_calls(&finder, i, rela, n);
		else if (!strcmp(sc_object_section_name(object, target),
				 STATIC_CALL_SITE_SECTION))
			err = find_records(&finder, rela, n);
		if (err)
			return -1;
	}
	sort(sites);
	unique(sites);
	sort(&records);
	mark_recorded(&finder);
	return 0;
}
