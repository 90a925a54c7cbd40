/* SPDX-License-Identifier: MIT */
/*
 * insn.h - a port for tests: a machine with instructions of one word, of which
 * nothing runs.
 *
 * The words are aarch64's, for which they are chosen: what the library may not
 * assume of instructions is different here.  All have one size, a breakpoint is
 * a whole word, a call reaches 128 MB, a trampoline loads its key by one word.
 * src/x86_64/insn.h says what each function promises; what only the static-call
 * tool uses is left out.
 */
#ifndef SC_INSN_H
#define SC_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "targets.h"

#define SC_INSN_MAX	4
#define SC_INSN_ROOM	4
#define SC_PLT_MAX	8
#define SC_TRAP_LEN	4

/*
 *   0   bti c				never patched; may be missing
 *   +0  ldr x16, slot of the key	the place
 *   +4  ldr x16, [x16]; br x16
 *   16  mov x0, #0; ret		stub: RET0
 *   20  ret				stub: NULL
 */
#define SC_TRAMP_SIZE		32
#define SC_TRAMP_RET0		16
#define SC_TRAMP_NULL		20
#define SC_TRAMP_KEY		24
#define SC_TRAMP_SIGNATURE	28

#define FAKE_CALL	0x94000000u	/* bl; 26 bits of words follow */
#define FAKE_JUMP	0x14000000u	/* b; likewise */
#define FAKE_NOP	0xd503201fu
#define FAKE_ZERO	0xd2800000u	/* mov x0, #0 */
#define FAKE_RET	0xd65f03c0u
#define FAKE_TRAP	0xd4200000u	/* brk #0 */
#define FAKE_BTI	0xd503245fu	/* bti c */
#define FAKE_LOAD_KEY	0x58000010u	/* ldr x16, slot: 19 bits of words */
#define FAKE_FOLLOW	0xf9400210u	/* ldr x16, [x16] */
#define FAKE_BRANCH	0xd61f0200u	/* br x16 */
#define FAKE_LOAD_PLT	0x58000011u	/* ldr x17, slot */
#define FAKE_BRANCH_PLT	0xd61f0220u	/* br x17 */
#define FAKE_REACH	(128l << 20)

enum sc_form { SC_FORM_CALL, SC_FORM_JMP, SC_FORM_TRAMP };
enum sc_form sc_insn_kept(enum sc_form form);

struct sc_insn {
	enum sc_form form;
	size_t skip;
	size_t len;
	bool slot;
};

int sc_insn_kind(enum sc_form form);

static inline bool sc_insn_may_begin(uint8_t byte)
{
	(void)byte;
	return true;
}

int sc_insn_decode(const uint8_t *code, size_t avail, struct sc_insn *insn);
int sc_insn_decode_tramp(const uint8_t *code, size_t avail,
			 struct sc_insn *insn);
bool sc_insn_has_stubs(const uint8_t *code);
int sc_insn_decode_plt(const uint8_t *code, size_t avail, struct sc_insn *insn);

uintptr_t sc_insn_leads_to(const struct sc_insn *insn, const uint8_t *place,
			   uintptr_t addr);

int sc_insn_encode(enum sc_form form, uintptr_t addr,
		   const struct sc_target *target, const uint8_t *keep,
		   uint8_t *out);

bool sc_insn_is_trap(const uint8_t *code);

#endif
