/* SPDX-License-Identifier: MIT */
/*
 * insn.c - x86-64: the instructions of call sites and trampolines.
 *
 * A thread may resume, or return, inside a place at any moment of a change.  So
 * every form of one place is one instruction with the same start and, where
 * control goes on behind it, the same end.
 */
#include <errno.h>
#include <string.h>

#include <static_call/api.h>

#include "insn.h"

/*
 * What linkers make of the compiler's instruction: the same, or where it went
 * through the GOT and the symbol is near, `67 E8' (bfd, gold, lld), `90 E8' and
 * `90 E9' (mold), `E9 ... 90' and `E8 ... 90', whose tail is an instruction of
 * its own.
 */
const struct sc_opcode sc_opcodes[SC_N_OPCODES] = {
	{ { 0xe8 }, { 0xff }, 1, 0, SC_FORM_CALL, false, true },
	{ { 0xe9 }, { 0xff }, 1, 0, SC_FORM_JMP, false, true },
	{ { 0x67, 0xe8 }, { 0xff, 0xff }, 2, 0, SC_FORM_CALL6, false, false },
	{ { 0xff, 0x15 }, { 0xff, 0xff }, 2, 0, SC_FORM_CALL6, true, true },
	{ { 0xff, 0x25 }, { 0xff, 0xff }, 2, 0, SC_FORM_JMP6, true, true },
	{ { 0x0f, 0x80 }, { 0xff, 0xf0 }, 2, 0, SC_FORM_JCC, false, true },
	{ { 0x90, 0xe8 }, { 0xff, 0xff }, 2, 1, SC_FORM_CALL, false, false },
	{ { 0x90, 0xe9 }, { 0xff, 0xff }, 2, 1, SC_FORM_JMP, false, false },
};

static const uint8_t endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };

const char *sc_insn_name(enum sc_form form)
{
	static const char *const names[] = {
		[SC_FORM_CALL] = "call", [SC_FORM_CALL6] = "call",
		[SC_FORM_JMP] = "jump", [SC_FORM_JMP6] = "jump",
		[SC_FORM_JCC] = "jcc", [SC_FORM_TRAMP] = "trampoline",
		[SC_FORM_CALL_KEPT] = "call", [SC_FORM_CALL6_KEPT] = "call",
	};

	return names[form];
}

int sc_insn_kind(enum sc_form form)
{
	static const uint8_t kinds[] = {
		[SC_FORM_CALL] = STATIC_CALL_KIND_CALL,
		[SC_FORM_CALL6] = STATIC_CALL_KIND_CALL6,
		[SC_FORM_JMP] = STATIC_CALL_KIND_TAIL,
		[SC_FORM_JMP6] = STATIC_CALL_KIND_TAIL6,
		[SC_FORM_JCC] = STATIC_CALL_KIND_COND,
		[SC_FORM_TRAMP] = STATIC_CALL_KIND_TRAMP,
		[SC_FORM_CALL_KEPT] = STATIC_CALL_KIND_CALL,
		[SC_FORM_CALL6_KEPT] = STATIC_CALL_KIND_CALL6,
	};

	return kinds[form];
}

/* A jump leaves no return address, and the one it found is its caller's. */
enum sc_form sc_insn_kept(enum sc_form form)
{
	switch (form) {
	case SC_FORM_CALL:
		return SC_FORM_CALL_KEPT;
	case SC_FORM_CALL6:
		return SC_FORM_CALL6_KEPT;
	default:
		return form;
	}
}

/* ------------------------------------------------------------ decoding */

static bool matches(const struct sc_opcode *op, const uint8_t *code)
{
	size_t i;

	for (i = 0; i < op->n; i++)
		if ((code[i] & op->mask[i]) != op->bytes[i])
			return false;
	return true;
}

/*
 * The order of the table decides nothing: no two rows match the same bytes.  The
 * length of a place is what is left behind @skip, so that `90 E8' and `E8' are
 * the same form, and the `90' is never touched.
 */
const struct sc_opcode *sc_opcode_before(const uint8_t *text, size_t at,
					 bool slot)
{
	size_t i;

	for (i = 0; i < SC_N_OPCODES; i++) {
		const struct sc_opcode *op = sc_opcodes + i;

		if (op->compiled && op->slot == slot && at >= op->n &&
		    matches(op, text + at - op->n))
			return op;
	}
	return NULL;
}

int sc_insn_decode(const uint8_t *code, size_t avail, struct sc_insn *insn)
{
	size_t i;

	for (i = 0; i < SC_N_OPCODES; i++) {
		const struct sc_opcode *op = sc_opcodes + i;

		if (op->n + sizeof(int32_t) > avail || !matches(op, code))
			continue;
		*insn = (struct sc_insn){
			.form = op->form,
			.skip = op->skip,
			.len = op->n + sizeof(int32_t) - op->skip,
			.rel = op->n - (size_t)op->skip,
			.slot = op->slot,
		};
		return 0;
	}
	return -EILSEQ;
}

int sc_insn_decode_tramp(const uint8_t *code, size_t avail,
			 struct sc_insn *insn)
{
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
	*insn = (struct sc_insn){
		.form = SC_FORM_TRAMP,
		.skip = skip,
		.len = 5,
		.rel = 3,
		.slot = code[1] == 0x8b,
	};
	return 0;
}

/* xor %eax,%eax; ret, and ret */
bool sc_insn_has_stubs(const uint8_t *code)
{
	static const uint8_t ret0[3] = { 0x31, 0xc0, 0xc3 };

	return memcmp(code + SC_TRAMP_RET0, ret0, sizeof(ret0)) == 0 &&
	       code[SC_TRAMP_NULL] == 0xc3;
}

/* [endbr64] [mov $imm32,%r11d] [bnd] jmp *slot(%rip): bfd, gold, lld, mold. */
int sc_insn_decode_plt(const uint8_t *code, size_t avail, struct sc_insn *insn)
{
	size_t skip = 0;

	if (avail >= 4 && memcmp(code, endbr64, 4) == 0)
		skip = 4;
	if (avail >= skip + 6 && code[skip] == 0x41 && code[skip + 1] == 0xbb)
		skip += 6;
	if (avail > skip && code[skip] == 0xf2)
		skip++;
	if (sc_insn_decode(code + skip, avail - skip, insn) ||
	    insn->form != SC_FORM_JMP6)
		return -EILSEQ;
	insn->skip += skip;
	return 0;
}

/* From behind the displacement @rel bytes into @place. */
static uintptr_t destination(const uint8_t *place, size_t rel, uintptr_t addr)
{
	int32_t distance;

	memcpy(&distance, place + rel, sizeof(distance));
	return addr + rel + sizeof(distance) + (uintptr_t)(intptr_t)distance;
}

/* To the code; or, with @insn->slot, to the slot that holds its address. */
uintptr_t sc_insn_leads_to(const struct sc_insn *insn, const uint8_t *place,
			   uintptr_t addr)
{
	return destination(place, insn->rel, addr);
}

bool sc_insn_branch(enum sc_form form, const uint8_t *place, uintptr_t addr,
		    uintptr_t *to)
{
	size_t rel = 1;
	bool is = false;

	switch (form) {
	case SC_FORM_CALL:
	case SC_FORM_CALL_KEPT:
		is = place[0] == 0xe8;
		break;
	case SC_FORM_JMP:
	case SC_FORM_TRAMP:
		is = place[0] == 0xe9;
		break;
	case SC_FORM_JMP6:
		is = place[0] == 0xe9 && place[5] == 0x90;
		break;
	case SC_FORM_CALL6:
	case SC_FORM_CALL6_KEPT:
		is = place[0] == 0x67 && place[1] == 0xe8;
		rel = 2;
		break;
	case SC_FORM_JCC:
		is = place[0] == 0x0f && (place[1] & 0xf0) == 0x80;
		rel = 2;
		break;
	}
	if (is)
		*to = destination(place, rel, addr);
	return is;
}

/* ------------------------------------------------------------ encoding */

/* Where a form that is a branch leads; 0: nowhere. */
static uintptr_t branch_target(const struct sc_target *target)
{
	switch (target->kind) {
	case SC_TARGET_NULL:
		return target->null_stub;
	case SC_TARGET_RET0:
		return target->ret0_stub;
	default:
		return target->func;
	}
}

/* The displacement to @target from @end, where the instruction ends. */
static int reach(uintptr_t end, const struct sc_target *target, uint32_t *value)
{
	uintptr_t to = branch_target(target);
	int64_t distance = (int64_t)(to - end);

	*value = (uint32_t)distance;
	return to && (int32_t)distance == distance ? 0 : -ERANGE;
}

/*
 * One store: whoever compares the bytes next would wait for several.  Bytes
 * behind the instruction become 0, as in places that are shorter than others.
 */
static int put(uint8_t *out, uint64_t word)
{
	memcpy(out, &word, sizeof(word));
	return 0;
}

/*
 * NULL and RET0 are one instruction each, as long as the call; but not under a
 * trap (@keep), whose debugger will put the first byte of a call back: then the
 * call goes to a stub.
 */
static int encode_call(uintptr_t addr, const struct sc_target *target,
		       const uint8_t *keep, uint8_t *out)
{
	uint32_t value;

	if (target->kind != SC_TARGET_FUNC && !keep)
		return put(out, target->kind == SC_TARGET_NULL ?
				0x0000441f0f : 0xc0312e2e2e);
	if ((keep && *keep != 0xe8) || reach(addr + 5, target, &value))
		return -ERANGE;
	return put(out, 0xe8 | (uint64_t)value << 8);
}

static int encode_call6(uintptr_t addr, const struct sc_target *target,
			const uint8_t *keep, uint8_t *out)
{
	uint32_t value;

	if (target->kind != SC_TARGET_FUNC && !keep)
		return put(out, target->kind == SC_TARGET_NULL ?
				0x0000441f0f66 : 0xc0312e2e2e2e);
	if ((keep && *keep != 0x67) || reach(addr + 6, target, &value))
		return -ERANGE;
	return put(out, 0xe867 | (uint64_t)value << 16);
}

/*
 * A tail call of NULL returns, and what is behind it is never reached: traps, so
 * that a thread which got there all the same stops.  There is no single
 * instruction that clears the result and returns, so RET0 goes to its stub.
 * With @nop a nop follows, behind a jump that never falls through.
 */
static int encode_jump(bool nop, uintptr_t addr, const struct sc_target *target,
		       const uint8_t *keep, uint8_t *out)
{
	uint32_t value;

	if (target->kind == SC_TARGET_NULL && !keep)
		return put(out, nop ? 0xccccccccccc3 : 0xccccccccc3);
	if ((keep && *keep != 0xe9) || reach(addr + 5, target, &value))
		return -ERANGE;
	return put(out, 0xe9 | (uint64_t)value << 8 |
			(nop ? 0x90ull << 40 : 0));
}

/* The condition is in the pristine bytes and stays. */
static int encode_jcc(uintptr_t addr, const struct sc_target *target,
		      const uint8_t *keep, uint8_t *out)
{
	uint32_t value;

	if ((keep && *keep != out[0]) || reach(addr + 6, target, &value))
		return -ERANGE;
	return put(out, out[0] | (uint64_t)out[1] << 8 | (uint64_t)value << 16);
}

int sc_insn_encode(enum sc_form form, uintptr_t addr,
		   const struct sc_target *target, const uint8_t *keep,
		   uint8_t *out)
{
	static const uint8_t call = 0xe8, call6 = 0x67;

	switch (form) {
	case SC_FORM_CALL:
		return encode_call(addr, target, keep, out);
	case SC_FORM_CALL6:
		return encode_call6(addr, target, keep, out);
	case SC_FORM_CALL_KEPT:
		return encode_call(addr, target, keep ? keep : &call, out);
	case SC_FORM_CALL6_KEPT:
		return encode_call6(addr, target, keep ? keep : &call6, out);
	case SC_FORM_JMP:
	case SC_FORM_TRAMP:
		return encode_jump(false, addr, target, keep, out);
	case SC_FORM_JMP6:
		return encode_jump(true, addr, target, keep, out);
	case SC_FORM_JCC:
		return encode_jcc(addr, target, keep, out);
	}
	return -ERANGE;
}
