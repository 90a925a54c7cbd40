/* SPDX-License-Identifier: MIT */
/*
 * insn.h - the instructions of call sites and trampolines: decoding what a
 * linker left, encoding what the library puts there.  Pure: no memory but the
 * arguments is read or written.
 */
#ifndef SC_INSN_H
#define SC_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SC_INSN_MAX	6

/* The instruction at a place; its shape never changes. */
enum sc_form {
	SC_FORM_CALL,		/* call rel32: E8 */
	SC_FORM_CALL6,		/* call, 6 bytes: FF 15 or 67 E8 */
	SC_FORM_JMP,		/* jmp rel32: E9 */
	SC_FORM_JMP6,		/* jmp, 6 bytes: FF 25 */
	SC_FORM_JCC,		/* jcc rel32: 0F 8x */
	SC_FORM_TRAMP,		/* the first instruction of a trampoline */
};

struct sc_insn {
	enum sc_form form;
	size_t skip;		/* bytes in front of the instruction proper */
	size_t len;		/* of the place, from there */
};

/* What a place is to do. */
enum sc_action {
	SC_ACTION_CALL,		/* the function */
	SC_ACTION_NULL,		/* nothing */
	SC_ACTION_RET0,		/* clear %eax */
};

struct sc_target {
	enum sc_action action;
	uintptr_t func;		/* SC_ACTION_CALL */
	uintptr_t null_stub;	/* a `ret', for forms that need one; or 0 */
	uintptr_t ret0_stub;	/* `xor %eax,%eax; ret'; or 0 */
};

/*
 * Decodes the call or jump at @code, of which @avail bytes may be read.
 * Returns 0, or -EILSEQ for anything that no linker leaves at a site.
 */
int sc_insn_decode(const uint8_t *code, size_t avail, struct sc_insn *insn);

/* The same for the first bytes of a trampoline. */
int sc_insn_decode_tramp(const uint8_t *code, size_t avail,
			 struct sc_insn *insn);

/*
 * Encodes @target at @addr in the form @form into @out, which holds the
 * pristine bytes on entry.  With @keep the opcode stays that of *@keep, for a
 * place on which a debugger sits.  Returns 0, or -ERANGE where the target is
 * out of reach or has no such form; then @out is unchanged.  @out has room for
 * SC_INSN_MAX bytes; those behind the instruction stay.
 */
int sc_insn_encode(enum sc_form form, uintptr_t addr,
		   const struct sc_target *target, const uint8_t *keep,
		   uint8_t *out);

/*
 * Copies code.  memcpy() with AddressSanitizer refuses what the sanitizer guards
 * in a page that text shares with data.
 */
void sc_insn_copy(void *to, const void *from, size_t len);

/* Discards whatever this processor has fetched ahead. */
void sc_insn_serialize(void);

/* A function to try patching on; returns 1, or 2 with the second bytes. */
int sc_probe_function(void);
#define SC_PROBE_LEN	5
extern const uint8_t sc_probe_one[SC_PROBE_LEN];
extern const uint8_t sc_probe_two[SC_PROBE_LEN];

#endif
