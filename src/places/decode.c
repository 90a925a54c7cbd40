/* SPDX-License-Identifier: MIT */
/*
 * decode.c - what a record leads to: an instruction is a place only if it leads
 * to its trampoline.
 *
 * Tools that edit linked files move code and leave the records behind.  What a
 * record says is therefore never enough.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include "places.h"
#include "step.h"

/* NULL: in no text of this module, and so never a place. */
static struct sc_text *text_of(const struct sc_image *image,
			       struct sc_text *texts, uintptr_t addr)
{
	size_t i;

	for (i = 0; i < image->n_segments; i++)
		if (addr >= texts[i].start && addr < texts[i].end)
			return texts + i;
	return NULL;
}

/* Reads the code at @addr of @text, never beyond its end; how much, or 0. */
static size_t read_code(const struct sc_text *text, uintptr_t addr,
			uint8_t *code, size_t size)
{
	if (size > text->end - addr)
		size = text->end - addr;
	return sc_text_read(text, code, addr, size) ? 0 : size;
}

/* The value of the slot at @slot, which may be any module's; 0: there is none. */
static uintptr_t value_at(const struct sc_loaded *loaded, uintptr_t slot)
{
	uintptr_t value;

	if (!sc_loaded_has(loaded, slot, sizeof(value), SC_LOAD_READ))
		return 0;
	memcpy(&value, (const void *)slot, sizeof(value));
	return value;
}

/*
 * Whether the code of the trampoline at @tramp says the same as its data.  The
 * code is what calls run: data that a tool has left stale would lead them to the
 * target of another key, or behind a stub.  Under a trap the code does not tell.
 */
static bool is_whole(const struct sc_loaded *loaded, uintptr_t tramp,
		     uintptr_t key)
{
	const uint8_t *code = (const void *)tramp;
	struct sc_insn insn;
	uintptr_t to;

	if (!sc_insn_has_stubs(code))
		return false;
	if (sc_insn_decode_tramp(code, SC_TRAMP_SIZE, &insn))
		return true;
	code += insn.skip;
	to = sc_insn_leads_to(&insn, code, (uintptr_t)code);
	return key == (insn.slot ? value_at(loaded, to) : to);
}

/*
 * Trampolines of this module lie in its text; those of others are known by what
 * the loader says of their segments.
 *
 * A slot may hold anything: a symbol that was resolved to another function, a
 * value that a tool left stale.  So each step is checked before it is read: the
 * slot aligned and code, the signature, the slot of the key, and a key that is
 * data in a loaded object, for it will be written.
 */
struct static_call_key *sc_tramp_key(const struct sc_image *image,
				     uintptr_t tramp)
{
	const struct sc_loaded *loaded = image->loaded;
	uintptr_t key;
	uint32_t magic;
	int32_t rel;

	if (!tramp || tramp % SC_TRAMP_SIZE ||
	    !sc_loaded_has(loaded, tramp, SC_TRAMP_SIZE,
			   SC_LOAD_READ | SC_LOAD_EXEC))
		return NULL;
	memcpy(&magic, (const void *)(tramp + SC_TRAMP_SIGNATURE),
	       sizeof(magic));
	if (magic != STATIC_CALL_TRAMP_MAGIC)
		return NULL;
	memcpy(&rel, (const void *)(tramp + SC_TRAMP_KEY),
	       sizeof(rel));
	key = value_at(loaded, tramp + SC_TRAMP_KEY + (uintptr_t)(intptr_t)rel);
	if (!sc_loaded_has(loaded, key, sizeof(struct static_call_key),
			   SC_LOAD_READ | SC_LOAD_WRITE) ||
	    !is_whole(loaded, tramp, key))
		return NULL;
	return (struct static_call_key *)key;
}

/* ------------------------------------------------- where it leads */

/* An instruction that was decoded, and what it is said to be. */
struct candidate {
	const struct sc_image *image;
	struct sc_text *texts;
	uintptr_t addr;			/* of the place */
	const uint8_t *code;		/* from there on */
	struct sc_insn insn;
	uintptr_t tramp;
	const struct sc_key *key;
};

static bool slot_holds(const struct candidate *c, uintptr_t slot, uintptr_t what)
{
	uintptr_t value;

	if (!sc_loaded_owns(c->image->loaded, slot, sizeof(value),
			    SC_LOAD_READ))
		return false;
	memcpy(&value, (const void *)slot, sizeof(value));
	return value == what;
}

/*
 * Through a veneer of the linker's, or through a slot of this module's procedure
 * linkage table, which may not have been bound yet.
 */
static bool plt_leads_to_tramp(const struct candidate *c, uintptr_t plt)
{
	const struct sc_text *text = text_of(c->image, c->texts, plt);
	uint8_t code[SC_PLT_MAX];
	struct sc_insn insn;
	uintptr_t to;
	size_t n;

	if (!text)
		return false;
	n = read_code(text, plt, code, sizeof(code));
	if (!n || sc_insn_decode_plt(code, n, &insn))
		return false;
	to = sc_insn_leads_to(&insn, code + insn.skip, plt + insn.skip);
	if (!insn.slot)
		return to == c->tramp;
	return slot_holds(c, to, c->tramp) ||
	       sc_image_binds(c->image, to, c->key->name);
}

/*
 * A site leads to its trampoline, a trampoline to its key.  An optimiser of
 * linked files may have moved the function, and another instruction, which looks
 * like a call as well, stands where the record leads; to patch that one would
 * make another function's call run our target.
 */
static bool leads_home(const struct candidate *c)
{
	uintptr_t to = sc_insn_leads_to(&c->insn, c->code, c->addr);
	uintptr_t home = c->insn.form == SC_FORM_TRAMP ?
				 (uintptr_t)c->key->key : c->tramp;

	if (c->insn.slot)
		return slot_holds(c, to, home);
	return to == home || (c->insn.form != SC_FORM_TRAMP &&
			      plt_leads_to_tramp(c, to));
}

/* ---------------------------------------------------------- a place */

/*
 * The kernel or the program may give one of two pages back to the file, and with
 * it half of the instruction.
 */
static bool crosses_page(const struct sc_place *p)
{
	uintptr_t first = (uintptr_t)p->addr, last = first + p->size - 1u;

	return first / SC_PAGE != last / SC_PAGE && SC_RULE(3);
}

/*
 * What @c is, from the instruction at @c->addr on, into @p.  Returns what the
 * place is reported as; only STATIC_CALL_SITE_PATCHED will be patched.  What is
 * an instruction of ours keeps its form for the report in any case.
 */
static enum static_call_site_state decode(struct sc_place *p,
					  struct candidate *c)
{
	uint8_t code[SC_TRAMP_SIZE];
	size_t n;

	if (!p->text)
		return STATIC_CALL_SITE_UNSAFE;
	n = read_code(p->text, c->addr, code, sizeof(code));
	if (!n)
		return STATIC_CALL_SITE_UNSAFE;
	if (c->addr == c->tramp ? sc_insn_decode_tramp(code, n, &c->insn) :
				  sc_insn_decode(code, n, &c->insn))
		return STATIC_CALL_SITE_FOREIGN;
	c->addr += c->insn.skip;
	c->code = code + c->insn.skip;
	p->addr += c->insn.skip;
	p->form = (uint8_t)c->insn.form;
	p->size = (uint8_t)c->insn.len;
	memcpy(p->pristine, c->code, c->insn.len);
	if (!leads_home(c))
		return STATIC_CALL_SITE_FOREIGN;
	return crosses_page(p) ? STATIC_CALL_SITE_CROSSING :
				 STATIC_CALL_SITE_PATCHED;
}

/* @p->len stays 0 unless all is right; the engine looks at nothing else. */
void sc_place_decode(struct sc_place *p, const struct sc_image *image,
		     struct sc_text *texts, uintptr_t addr, uintptr_t tramp,
		     struct sc_key *key)
{
	struct candidate c = {
		.image = image,
		.texts = texts,
		.addr = addr,
		.tramp = tramp,
		.key = key,
	};

	*p = (struct sc_place){
		.addr = (uint8_t *)addr,
		.text = text_of(image, texts, addr),
		.key = key,
	};
	p->fixed = (uint8_t)decode(p, &c);
	if (p->fixed == STATIC_CALL_SITE_PATCHED)
		p->len = p->size;
	memcpy(p->live, p->pristine, SC_INSN_MAX);
}
