/* SPDX-License-Identifier: MIT */
/*
 * insn.h - the instructions of call sites and trampolines: decoding what a
 * linker left, encoding what the library puts there.  Pure: no memory but the
 * arguments is read or written.  Each port has a file of this name.
 *
 * The library and the static-call tool both use it; it is the only place that
 * knows an opcode.
 */
#ifndef SC_INSN_H
#define SC_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <static_call/types.h>

#include "targets.h"

/*
 * The longest place; what sc_insn_encode() may write to, for it stores whole
 * words; what sc_insn_decode_plt() may need to see.
 */
#define SC_INSN_MAX	6
#define SC_INSN_ROOM	8
#define SC_PLT_MAX	17

/* A debugger's breakpoint: how long it is. */
#define SC_TRAP_LEN	1

/* The trampoline: its size, which aligns it too, and what lies where in it. */
#define SC_TRAMP_SIZE		STATIC_CALL_TRAMP_SIZE
#define SC_TRAMP_RET0		STATIC_CALL_TRAMP_RET0
#define SC_TRAMP_NULL		STATIC_CALL_TRAMP_NULL
#define SC_TRAMP_KEY		STATIC_CALL_TRAMP_KEY
#define SC_TRAMP_SIGNATURE	STATIC_CALL_TRAMP_SIGNATURE

/* The instruction at a place; its shape never changes. */
enum sc_form {
	SC_FORM_CALL,		/* call rel32: E8 */
	SC_FORM_CALL6,		/* call, 6 bytes: FF 15 or 67 E8 */
	SC_FORM_JMP,		/* jmp rel32: E9 */
	SC_FORM_JMP6,		/* jmp, 6 bytes: FF 25 */
	SC_FORM_JCC,		/* jcc rel32: 0F 8x */
	SC_FORM_TRAMP,		/* the first instruction of a trampoline */
	/* As the first two, but never anything else than a call. */
	SC_FORM_CALL_KEPT,
	SC_FORM_CALL6_KEPT,
};

/* The form of a place whose record has STATIC_CALL_SITE_KEPT. */
enum sc_form sc_insn_kept(enum sc_form form);

/* One way in which a compiler or a linker writes a call or a jump. */
struct sc_opcode {
	uint8_t bytes[2], mask[2];
	uint8_t n;		/* of the two: the displacement follows */
	uint8_t skip;		/* of these, in front of the place */
	enum sc_form form;
	bool slot;		/* it leads to a slot that holds the address */
	bool compiled;		/* a compiler writes it, not only a linker */
};

#define SC_N_OPCODES	8
extern const struct sc_opcode sc_opcodes[SC_N_OPCODES];

struct sc_insn {
	enum sc_form form;
	size_t skip;		/* bytes in front of the place */
	size_t len;		/* of the place, from there */
	size_t rel;		/* where its displacement is, from there */
	bool slot;		/* it leads to a slot that holds the address */
};

/*
 * The way in which a compiler has written the call or jump whose displacement
 * begins at offset @at of @text; NULL: it is none.  @slot: the displacement leads
 * to a slot.
 */
const struct sc_opcode *sc_opcode_before(const uint8_t *text, size_t at,
					 bool slot);

/* "call", "jump", "jcc" or "trampoline". */
const char *sc_insn_name(enum sc_form form);

/* Whether control does not come back behind it. */
static inline bool sc_insn_is_tail(enum sc_form form)
{
	return form != SC_FORM_CALL && form != SC_FORM_CALL6 &&
	       form != SC_FORM_CALL_KEPT && form != SC_FORM_CALL6_KEPT;
}

/* The same for programs: one of enum static_call_site_kind. */
int sc_insn_kind(enum sc_form form);

/*
 * Decodes the call or jump at @code, of which @avail bytes may be read.
 * Returns 0, or -EILSEQ for anything that no linker leaves at a site.
 */
int sc_insn_decode(const uint8_t *code, size_t avail, struct sc_insn *insn);

/* Whether it is worth while to decode what begins with @byte: for a search. */
static inline bool sc_insn_may_begin(uint8_t byte)
{
	return byte == 0xe8 || byte == 0xe9 || byte == 0xff || byte == 0x0f;
}

/* The same for the first bytes of a trampoline. */
int sc_insn_decode_tramp(const uint8_t *code, size_t avail,
			 struct sc_insn *insn);

/*
 * Whether the stubs of the trampoline whose SC_TRAMP_SIZE bytes are @code are
 * there: jumps may lead to them.
 */
bool sc_insn_has_stubs(const uint8_t *code);

/*
 * Decodes what a linker puts between a call and a symbol that it cannot reach:
 * a slot of a procedure linkage table (then @insn->slot is set), or a veneer.
 * @insn is the jump, from @code on.
 */
int sc_insn_decode_plt(const uint8_t *code, size_t avail, struct sc_insn *insn);

/* Where the place @place at @addr, decoded as @insn, leads. */
uintptr_t sc_insn_leads_to(const struct sc_insn *insn, const uint8_t *place,
			   uintptr_t addr);

/*
 * Where the branch leads that the library has put at @addr, a place of the form
 * @form.  False where @place holds no such branch.
 */
bool sc_insn_branch(enum sc_form form, const uint8_t *place, uintptr_t addr,
		    uintptr_t *to);

/*
 * Encodes @target at @addr in the form @form into @out, which holds the
 * pristine bytes on entry.  With @keep the first SC_TRAP_LEN bytes must become
 * @keep, for a place on which a debugger sits.  Returns 0, or -ERANGE where the
 * target is out of reach or has no such form; then @out is unchanged.  @out has
 * room for SC_INSN_ROOM bytes; those behind the instruction mean nothing.
 */
int sc_insn_encode(enum sc_form form, uintptr_t addr,
		   const struct sc_target *target, const uint8_t *keep,
		   uint8_t *out);

/* Whether a debugger's breakpoint stands at @code. */
static inline bool sc_insn_is_trap(const uint8_t *code)
{
	return code[0] == 0xcc;
}

#endif
