/* SPDX-License-Identifier: MIT */
/*
 * insn.c - the instructions of call sites and trampolines.
 *
 * A thread may resume, or return, inside a place at any moment of a change.  So
 * every form of one place is one instruction with the same start and, where
 * control goes on behind it, the same end.
 */
#include <errno.h>
#include <string.h>

#include "insn.h"

#define INT3	0xcc

/*
 * A page of its own: the probe gives it back to the file, and with it what a
 * debugger, say, has written there.
 */
__asm__(".pushsection .text.sc_probe,\"ax\",@progbits\n\t"
	".balign 4096,0xcc\n\t"
	".globl sc_probe_function\n\t"
	".hidden sc_probe_function\n\t"
	".type sc_probe_function, @function\n"
	"sc_probe_function:\n\t"
	".cfi_startproc\n\t"
	".byte 0xb8,0x01,0x00,0x00,0x00\n\t" /* mov $1,%eax */
	".byte 0xc3\n\t"
	".cfi_endproc\n\t"
	".size sc_probe_function, .-sc_probe_function\n\t"
	".balign 4096,0xcc\n\t"
	".popsection");

const uint8_t sc_probe_one[SC_PROBE_LEN] = { 0xb8, 1, 0, 0, 0 };
const uint8_t sc_probe_two[SC_PROBE_LEN] = { 0xb8, 2, 0, 0, 0 };

void sc_insn_serialize(void)
{
	unsigned int a = 0, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d)
			 : : "memory");
}

void sc_insn_copy(void *to, const void *from, size_t len)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len)
			 : : "memory");
}

static int found(struct sc_insn *insn, enum sc_form form, size_t skip,
		 size_t len, size_t avail)
{
	if (skip + len > avail)
		return -EILSEQ;
	insn->form = form;
	insn->skip = skip;
	insn->len = len;
	return 0;
}

/*
 * What linkers make of the compiler's instruction: the same, or where it went
 * through the GOT and the symbol is near, `67 E8' (bfd, gold, lld), `90 E8' and
 * `90 E9' (mold), `E9 ... 90' and `E8 ... 90', whose tail is an instruction of
 * its own.
 */
int sc_insn_decode(const uint8_t *code, size_t avail, struct sc_insn *insn)
{
	if (avail < 5)
		return -EILSEQ;
	if (code[0] == 0xe8)
		return found(insn, SC_FORM_CALL, 0, 5, avail);
	if (code[0] == 0xe9)
		return found(insn, SC_FORM_JMP, 0, 5, avail);
	if (code[0] == 0x67 && code[1] == 0xe8)
		return found(insn, SC_FORM_CALL6, 0, 6, avail);
	if (code[0] == 0xff && code[1] == 0x15)
		return found(insn, SC_FORM_CALL6, 0, 6, avail);
	if (code[0] == 0xff && code[1] == 0x25)
		return found(insn, SC_FORM_JMP6, 0, 6, avail);
	if (code[0] == 0x0f && (code[1] & 0xf0) == 0x80)
		return found(insn, SC_FORM_JCC, 0, 6, avail);
	if (code[0] == 0x90 && code[1] == 0xe8)
		return found(insn, SC_FORM_CALL, 1, 5, avail);
	if (code[0] == 0x90 && code[1] == 0xe9)
		return found(insn, SC_FORM_JMP, 1, 5, avail);
	return -EILSEQ;
}

int sc_insn_decode_tramp(const uint8_t *code, size_t avail,
			 struct sc_insn *insn)
{
	static const uint8_t endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static const uint8_t jump[3] = { 0x41, 0xff, 0x23 };
	size_t skip = 0;

	if (avail >= 4 && memcmp(code, endbr64, 4) == 0)
		skip = 4;
	if (avail < skip + 10)
		return -EILSEQ;
	code += skip;
	/* mov or, where the linker relaxed it, lea disp32(%rip),%r11 */
	if (code[0] != 0x4c || (code[1] != 0x8b && code[1] != 0x8d) ||
	    code[2] != 0x1d || memcmp(code + 7, jump, sizeof(jump)) != 0)
		return -EILSEQ;
	/*
	 * A jmp rel32 fits; the last two bytes of the mov stay, behind a jump
	 * that never falls through.
	 */
	return found(insn, SC_FORM_TRAMP, skip, 5, avail);
}

/*
 * The displacement to @to, of an instruction of @addr that ends behind it, at
 * offset @at of @out.
 */
static int branch(uint8_t *out, size_t at, uintptr_t addr, uintptr_t to)
{
	int64_t distance = (int64_t)(to - (addr + at + sizeof(int32_t)));
	int32_t value = (int32_t)distance;

	if (!to || value != distance)
		return -ERANGE;
	memcpy(out + at, &value, sizeof(value));
	return 0;
}

static uintptr_t branch_target(const struct sc_target *target)
{
	switch (target->action) {
	case SC_ACTION_NULL:
		return target->null_stub;
	case SC_ACTION_RET0:
		return target->ret0_stub;
	default:
		return target->func;
	}
}

static int encode_call(size_t len, uintptr_t addr,
		       const struct sc_target *target, bool keep, uint8_t *out)
{
	static const uint8_t nop[2][SC_INSN_MAX] = {
		{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	};
	static const uint8_t xor[2][SC_INSN_MAX] = {
		{ 0x2e, 0x2e, 0x2e, 0x31, 0xc0 },
		{ 0x2e, 0x2e, 0x2e, 0x2e, 0x31, 0xc0 },
	};

	if (target->action != SC_ACTION_CALL && !keep) {
		memcpy(out, target->action == SC_ACTION_NULL ? nop[len - 5] :
							       xor[len - 5],
		       len);
		return 0;
	}
	if (len == 6)
		*out++ = 0x67;
	out[0] = 0xe8;
	return branch(out, 1, addr + (len - 5), branch_target(target));
}

static int encode_jump(size_t len, uintptr_t addr,
		       const struct sc_target *target, bool keep, uint8_t *out)
{
	if (target->action == SC_ACTION_NULL && !keep) {
		out[0] = 0xc3;
		memset(out + 1, INT3, len - 1);
		return 0;
	}
	out[0] = 0xe9;
	if (len == 6)
		out[5] = 0x90;	/* behind a jump that never falls through */
	return branch(out, 1, addr, branch_target(target));
}

int sc_insn_encode(enum sc_form form, uintptr_t addr,
		   const struct sc_target *target, const uint8_t *keep,
		   uint8_t *out)
{
	uint8_t made[SC_INSN_MAX];
	int err = -ERANGE;

	memcpy(made, out, SC_INSN_MAX);
	switch (form) {
	case SC_FORM_CALL:
		err = encode_call(5, addr, target, keep, made);
		break;
	case SC_FORM_CALL6:
		err = encode_call(6, addr, target, keep, made);
		break;
	case SC_FORM_JMP:
	case SC_FORM_TRAMP:
		err = encode_jump(5, addr, target, keep, made);
		break;
	case SC_FORM_JMP6:
		err = encode_jump(6, addr, target, keep, made);
		break;
	case SC_FORM_JCC:
		/* The condition is in the pristine bytes and stays. */
		err = branch(made, 2, addr, branch_target(target));
		break;
	}
	if (err || (keep && made[0] != *keep))
		return -ERANGE;
	memcpy(out, made, SC_INSN_MAX);
	return 0;
}
