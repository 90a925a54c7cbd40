/* SPDX-License-Identifier: MIT */
/* insn.c - a port for tests: words that are decoded and encoded, and never run. */
#include <errno.h>
#include <string.h>

#include <static_call/api.h>

#include "insn.h"

#define BRANCH_MASK	0xfc000000u
#define LOAD_MASK	0xff00001fu

static uint32_t word_at(const uint8_t *code)
{
	uint32_t word;

	memcpy(&word, code, sizeof(word));
	return word;
}

int sc_insn_kind(enum sc_form form)
{
	return form == SC_FORM_CALL ? STATIC_CALL_KIND_CALL :
	       form == SC_FORM_JMP ? STATIC_CALL_KIND_TAIL :
				     STATIC_CALL_KIND_TRAMP;
}

enum sc_form sc_insn_kept(enum sc_form form)
{
	return form;
}

bool sc_insn_is_trap(const uint8_t *code)
{
	return word_at(code) == FAKE_TRAP;
}

/* ------------------------------------------------------------ decoding */

static int decoded(struct sc_insn *insn, enum sc_form form, size_t skip,
		   bool slot)
{
	*insn = (struct sc_insn){ form, skip, 4, slot };
	return 0;
}

int sc_insn_decode(const uint8_t *code, size_t avail, struct sc_insn *insn)
{
	uint32_t branch = avail < 4 ? 0 : word_at(code) & BRANCH_MASK;

	if (branch == FAKE_CALL)
		return decoded(insn, SC_FORM_CALL, 0, false);
	if (branch == FAKE_JUMP)
		return decoded(insn, SC_FORM_JMP, 0, false);
	return -EILSEQ;
}

int sc_insn_decode_tramp(const uint8_t *code, size_t avail,
			 struct sc_insn *insn)
{
	size_t skip = avail >= 4 && word_at(code) == FAKE_BTI ? 4 : 0;

	if (avail < skip + 12 ||
	    (word_at(code + skip) & LOAD_MASK) != FAKE_LOAD_KEY ||
	    word_at(code + skip + 4) != FAKE_FOLLOW ||
	    word_at(code + skip + 8) != FAKE_BRANCH)
		return -EILSEQ;
	return decoded(insn, SC_FORM_TRAMP, skip, true);
}

bool sc_insn_has_stubs(const uint8_t *code)
{
	return word_at(code + SC_TRAMP_RET0) == FAKE_ZERO &&
	       word_at(code + SC_TRAMP_NULL) == FAKE_RET;
}

/* A slot, or a jump that a linker put where a call does not reach. */
int sc_insn_decode_plt(const uint8_t *code, size_t avail, struct sc_insn *insn)
{
	if (avail >= 8 && (word_at(code) & LOAD_MASK) == FAKE_LOAD_PLT &&
	    word_at(code + 4) == FAKE_BRANCH_PLT)
		return decoded(insn, SC_FORM_JMP, 0, true);
	if (sc_insn_decode(code, avail, insn) || insn->form != SC_FORM_JMP)
		return -EILSEQ;
	return 0;
}

/* The @bits of @word from bit @low on, which are signed and count words. */
static uintptr_t distance(uint32_t word, unsigned int low, unsigned int bits)
{
	int32_t value = (int32_t)(word << (32 - low - bits)) >> (32 - bits);

	return (uintptr_t)(intptr_t)value * 4;
}

uintptr_t sc_insn_leads_to(const struct sc_insn *insn, const uint8_t *place,
			   uintptr_t addr)
{
	uint32_t word = word_at(place);

	return addr + (insn->slot ? distance(word, 5, 19) :
				    distance(word, 0, 26));
}

/* ------------------------------------------------------------ encoding */

static int branch(uint32_t opcode, uintptr_t addr, uintptr_t to, uint32_t *out)
{
	int64_t far = (int64_t)(to - addr);

	if (!to || far % 4 || far < -FAKE_REACH || far >= FAKE_REACH)
		return -ERANGE;
	*out = opcode | ((uint32_t)(far / 4) & ~BRANCH_MASK);
	return 0;
}

static int encode_call(uintptr_t addr, const struct sc_target *target,
		       uint32_t *out)
{
	switch (target->kind) {
	case SC_TARGET_NULL:
		*out = FAKE_NOP;
		return 0;
	case SC_TARGET_RET0:
		*out = FAKE_ZERO;
		return 0;
	default:
		return branch(FAKE_CALL, addr, target->func, out);
	}
}

static int encode_jump(uintptr_t addr, const struct sc_target *target,
		       uint32_t *out)
{
	switch (target->kind) {
	case SC_TARGET_NULL:
		*out = FAKE_RET;
		return 0;
	case SC_TARGET_RET0:
		return branch(FAKE_JUMP, addr, target->ret0_stub, out);
	default:
		return branch(FAKE_JUMP, addr, target->func, out);
	}
}

/* A trap covers all of a place, so @keep leaves one form: what is there. */
int sc_insn_encode(enum sc_form form, uintptr_t addr,
		   const struct sc_target *target, const uint8_t *keep,
		   uint8_t *out)
{
	uint32_t word;
	int err = form == SC_FORM_CALL ? encode_call(addr, target, &word) :
					 encode_jump(addr, target, &word);

	if (err || (keep && word_at(keep) != word))
		return -ERANGE;
	memcpy(out, &word, sizeof(word));
	return 0;
}
