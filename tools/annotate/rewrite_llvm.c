/* SPDX-License-Identifier: MIT */
/* rewrite_llvm.c - renumbers the symbols in sections that only LLVM makes. */
#include <string.h>

#include "annotate/rewrite.h"

enum { ULEB_MAX = 10 };

/* Reads one ULEB128 number; false where it does not end or is too large. */
static bool read_uleb(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	unsigned int shift;

	*value = 0;
	for (shift = 0; *at < end && shift < 63; shift += 7) {
		uint8_t byte = *(*at)++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static uint8_t *write_uleb(uint8_t *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

/* .llvm_addrsig: the symbols whose address matters, as ULEB128 numbers. */
int sc_rewrite_copy_addrsig(struct sc_rewrite *rewrite, size_t section)
{
	struct sc_object *object = rewrite->object;
	const Elf_Data *data = sc_rewrite_old_data(rewrite, section);
	const uint8_t *from, *end;
	uint8_t *to, *start;
	uint64_t symbol;
	void *buffer;

	if (!data)
		return -1;
	start = sc_pool_alloc(&object->pool, data->d_size + 1, ULEB_MAX);
	if (!start)
		return sc_error(object->name, "out of memory");
	from = data->d_size ? data->d_buf : start;
	end = from + data->d_size;
	for (to = start; from < end; ) {
		if (!read_uleb(&from, end, &symbol) ||
		    symbol >= object->n_syms)
			return sc_error(object->name,
					"has a symbol number that is out of range (section %zu)",
					section);
		to = write_uleb(to, sc_rewrite_symbol(rewrite, symbol));
	}
	if (sc_rewrite_new_section(rewrite, object->shdr[section], ELF_T_BYTE,
				   (size_t)(to - start), &buffer))
		return -1;
	memcpy(buffer, start, (size_t)(to - start));
	return 0;
}

/* .llvm.call-graph-profile as LLVM 12 and older wrote it. */
int sc_rewrite_copy_call_graph(struct sc_rewrite *rewrite, size_t section)
{
	struct sc_object *object = rewrite->object;
	const Elf_Data *data = sc_rewrite_old_data(rewrite, section);
	const size_t entry = 16;
	uint32_t pair[2];
	void *buffer;
	uint8_t *at;
	size_t i;

	if (!data ||
	    sc_rewrite_new_section(rewrite, object->shdr[section], ELF_T_BYTE,
				   data->d_size, &buffer))
		return -1;
	at = buffer;
	if (data->d_size)
		memcpy(at, data->d_buf, data->d_size);
	for (i = 0; i < data->d_size / entry; i++, at += entry) {
		memcpy(pair, at, sizeof(pair));
		if (pair[0] >= object->n_syms || pair[1] >= object->n_syms)
			return sc_error(object->name,
					"has a symbol number that is out of range (section %zu)",
					section);
		pair[0] = sc_rewrite_symbol(rewrite, pair[0]);
		pair[1] = sc_rewrite_symbol(rewrite, pair[1]);
		memcpy(at, pair, sizeof(pair));
	}
	return 0;
}
