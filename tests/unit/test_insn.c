/* SPDX-License-Identifier: MIT */
/*
 * test_insn.c - decoding and encoding, byte by byte.
 *
 * What one instruction is, is decided here by a table of lengths that knows
 * nothing of the encoder.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"
#include <static_call/api.h>

#include "insn.h"
#include "machine.h"

#define AT	0x555555550000ul	/* where the instruction is */
#define FUNC	0x555555540000ul
#define NULL_STUB 0x555555560015ul
#define RET0_STUB 0x555555560012ul

/*
 * The length of the instruction at @p, for those that may stand at a place; 0
 * for all others.  Prefixes first: 2e, 66 and 67 may repeat.
 */
static size_t insn_length(const uint8_t *p)
{
	size_t n = 0;

	while (p[n] == 0x2e || p[n] == 0x66 || p[n] == 0x67)
		n++;
	switch (p[n]) {
	case 0xe8:
	case 0xe9:
		return n + 5;
	case 0xc3:
	case 0xcc:
	case 0x90:
		return n + 1;
	case 0x31:	/* xor reg,reg */
		return p[n + 1] == 0xc0 ? n + 2 : 0;
	case 0xff:	/* call or jmp *disp32(%rip) */
		return p[n + 1] == 0x15 || p[n + 1] == 0x25 ? n + 6 : 0;
	case 0x0f:
		if ((p[n + 1] & 0xf0) == 0x80)
			return n + 6;
		/* nopl 0(%rax,%rax,1) */
		return p[n + 1] == 0x1f && p[n + 2] == 0x44 ? n + 5 : 0;
	default:
		return 0;
	}
}

/* Whether control may go on, or return, behind the instruction at @p. */
static int goes_on(const uint8_t *p)
{
	while (*p == 0x2e || *p == 0x66 || *p == 0x67)
		p++;
	return *p != 0xe9 && *p != 0xc3 && !(*p == 0xff && p[1] == 0x25);
}

/* ------------------------------------------------------------- decode */

struct linked {
	const char *bytes;
	size_t n;
	int form;	/* -1: none */
	size_t skip, len;
};

static const struct linked linked[] = {
	{ "\xe8\x01\x02\x03\x04", 5, SC_FORM_CALL, 0, 5 },
	{ "\xe9\x01\x02\x03\x04", 5, SC_FORM_JMP, 0, 5 },
	{ "\x67\xe8\x01\x02\x03\x04", 6, SC_FORM_CALL6, 0, 6 },
	{ "\xff\x15\x01\x02\x03\x04", 6, SC_FORM_CALL6, 0, 6 },
	{ "\xff\x25\x01\x02\x03\x04", 6, SC_FORM_JMP6, 0, 6 },
	{ "\x90\xe8\x01\x02\x03\x04", 6, SC_FORM_CALL, 1, 5 },
	{ "\x90\xe9\x01\x02\x03\x04", 6, SC_FORM_JMP, 1, 5 },
	/* `E8 .. 90' and `E9 .. 90': the nop is an instruction of its own */
	{ "\xe8\x01\x02\x03\x04\x90", 6, SC_FORM_CALL, 0, 5 },
	{ "\xe9\x01\x02\x03\x04\x90", 6, SC_FORM_JMP, 0, 5 },
	/* what the library itself leaves, and others, are not a linker's */
	{ "\x0f\x1f\x44\x00\x00\x00", 6, -1, 0, 0 },
	{ "\x66\x0f\x1f\x44\x00\x00", 6, -1, 0, 0 },
	{ "\x2e\x2e\x2e\x31\xc0\x90", 6, -1, 0, 0 },
	{ "\xc3\xcc\xcc\xcc\xcc\xcc", 6, -1, 0, 0 },
	{ "\xcc\x01\x02\x03\x04\x05", 6, -1, 0, 0 },
	{ "\xff\x14\x25\x00\x00\x00", 6, -1, 0, 0 },
	{ "\xff\xd0\x90\x90\x90\x90", 6, -1, 0, 0 },
	{ "\x67\xe9\x01\x02\x03\x04", 6, -1, 0, 0 },
	{ "\x66\xe8\x01\x02\x03\x04", 6, -1, 0, 0 },
	{ "\x90\x90\xe8\x01\x02\x03", 6, -1, 0, 0 },
	{ "\xeb\x01\x90\x90\x90\x90", 6, -1, 0, 0 },
	{ "\x0f\x05\x90\x90\x90\x90", 6, -1, 0, 0 },
	{ "\x48\xff\x15\x00\x00\x00", 6, -1, 0, 0 },
};

static void expect_decoded(const uint8_t *code, size_t avail,
			   const struct linked *want)
{
	struct sc_insn insn = { .len = 99 };
	int err = sc_insn_decode(code, avail, &insn);

	if (want->form < 0 || avail < want->skip + want->len) {
		ck_assert_int_eq(err, -EILSEQ);
		return;
	}
	ck_assert_int_eq(err, 0);
	ck_assert_int_eq(insn.form, want->form);
	ck_assert_uint_eq(insn.skip, want->skip);
	ck_assert_uint_eq(insn.len, want->len);
}

START_TEST(test_decode_what_linkers_leave)
{
	const struct linked *l = linked + _i;

	expect_decoded((const uint8_t *)l->bytes, l->n, l);
}
END_TEST

/* From the byte that a search stops at, the rest decodes to the same place. */
START_TEST(test_search_stops_at_each_form)
{
	const struct sc_opcode *op = sc_opcodes + _i;
	uint8_t code[SC_INSN_MAX] = { op->bytes[0], op->bytes[1] };
	struct sc_insn insn;
	size_t at = 0;

	while (at < op->n && (!sc_insn_may_begin(code[at]) ||
			      sc_insn_decode(code + at, SC_INSN_MAX - at, &insn)))
		at++;
	ck_assert_uint_lt(at, op->n);
	ck_assert_uint_eq(at + insn.skip + insn.rel, op->n);
}
END_TEST

/* Behind a call control comes back; a condition may let it go on, but not back. */
START_TEST(test_which_forms_are_tails)
{
	ck_assert(!sc_insn_is_tail(SC_FORM_CALL));
	ck_assert(!sc_insn_is_tail(SC_FORM_CALL6));
	ck_assert(sc_insn_is_tail(SC_FORM_JMP));
	ck_assert(sc_insn_is_tail(SC_FORM_JMP6));
	ck_assert(sc_insn_is_tail(SC_FORM_JCC));
}
END_TEST

START_TEST(test_decode_all_conditions)
{
	unsigned int second;

	for (second = 0; second < 256; second++) {
		const uint8_t code[6] = { 0x0f, (uint8_t)second, 1, 2, 3, 4 };
		const struct linked want = {
			NULL, 6, (second & 0xf0) == 0x80 ? SC_FORM_JCC : -1, 0,
			6
		};

		expect_decoded(code, sizeof(code), &want);
	}
}
END_TEST

/* The end of a page behind which nothing is mapped. */
static uint8_t *edge(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(p != MAP_FAILED);
	ck_assert_int_eq(munmap(p + page, page), 0);
	return p + page;
}

START_TEST(test_decode_reads_no_further)
{
	const struct linked *l = linked + _i;
	uint8_t *end = edge();
	size_t avail;

	for (avail = 0; avail <= l->n; avail++) {
		memcpy(end - avail, l->bytes, avail);
		expect_decoded(end - avail, avail, l);
	}
}
END_TEST

/* ------------------------------------------------ decoding trampolines */

static const uint8_t endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };

/* Writes a trampoline of 10 or 14 bytes; @load is 0x8b (mov) or 0x8d (lea). */
static size_t make_tramp(uint8_t *code, int endbr, uint8_t load)
{
	const uint8_t body[10] = { 0x4c, load, 0x1d, 1, 2, 3, 4,
				   0x41, 0xff, 0x23 };
	size_t n = 0;

	if (endbr) {
		memcpy(code, endbr64, sizeof(endbr64));
		n = sizeof(endbr64);
	}
	memcpy(code + n, body, sizeof(body));
	return n + sizeof(body);
}

START_TEST(test_decode_trampolines)
{
	uint8_t code[14], *end = edge();
	struct sc_insn insn;
	int endbr = _i & 1;
	size_t n = make_tramp(code, endbr, _i & 2 ? 0x8d : 0x8b), avail;

	for (avail = 0; avail < n; avail++) {
		memcpy(end - avail, code, avail);
		ck_assert_int_eq(sc_insn_decode_tramp(end - avail, avail,
						      &insn), -EILSEQ);
	}
	memcpy(end - n, code, n);
	ck_assert_int_eq(sc_insn_decode_tramp(end - n, n, &insn), 0);
	ck_assert_int_eq(insn.form, SC_FORM_TRAMP);
	ck_assert_uint_eq(insn.skip, endbr ? 4 : 0);
	ck_assert_uint_eq(insn.len, 5);
	/* mov loads what lies there, lea does not */
	ck_assert_int_eq(insn.slot, !(_i & 2));
}
END_TEST

/* Any other byte but those of the displacement, and it is not a trampoline. */
START_TEST(test_decode_no_other_trampoline)
{
	uint8_t code[14];
	struct sc_insn insn;
	int endbr = _i & 1;
	size_t n = make_tramp(code, endbr, 0x8b), i;

	for (i = 0; i < n; i++) {
		size_t at = endbr ? i - 4 : i;
		int free_byte = at >= 3 && at < 7;

		code[i] ^= 0x40;
		ck_assert_int_eq(sc_insn_decode_tramp(code, n, &insn),
				 free_byte ? 0 : -EILSEQ);
		code[i] ^= 0x40;
	}
}
END_TEST

/* ------------------------------------------------- procedure linkage */

static const struct {
	const char *bytes;
	size_t n;
	int skip;	/* -1: none */
} plts[] = {
	{ "\xff\x25\1\2\3\4", 6, 0 },
	{ "\xf2\xff\x25\1\2\3\4", 7, 1 },
	{ "\xf3\x0f\x1e\xfa\xff\x25\1\2\3\4", 10, 4 },
	{ "\xf3\x0f\x1e\xfa\xf2\xff\x25\1\2\3\4", 11, 5 },
	{ "\x41\xbb\5\6\7\x08\xff\x25\1\2\3\4", 12, 6 },
	{ "\xf3\x0f\x1e\xfa\x41\xbb\5\6\7\x08\xff\x25\1\2\3\4", 16, 10 },
	{ "\xf3\x0f\x1e\xfa\x41\xbb\5\6\7\x08\xf2\xff\x25\1\2\3\4", 17, 11 },
	/* the load of another register, and other branches */
	{ "\x41\xba\5\6\7\x08\xff\x25\1\2\3\4", 12, -1 },
	{ "\x49\xbb\5\6\7\x08\xff\x25\1\2\3\4", 12, -1 },
	{ "\x40\xba\5\6\7\x08\xff\x25\1\2\3\4", 12, -1 },
	{ "\xf3\x0f\x1e\xfb\xff\x25\1\2\3\4", 10, -1 },
	{ "\xf3\xff\x25\1\2\3\4\0\0\0\0\0", 12, -1 },
	{ "\xff\x15\1\2\3\4\0\0\0\0\0\0", 12, -1 },
	{ "\xe9\1\2\3\4\0\0\0\0\0\0\0", 12, -1 },
};
#define N_PLTS	((int)(sizeof(plts) / sizeof(plts[0])))

/* In whole, and cut at each byte, at the end of what may be read. */
START_TEST(test_decode_plt)
{
	uint8_t *end = edge();
	size_t avail;

	for (avail = 0; avail <= plts[_i].n; avail++) {
		struct sc_insn insn = { .len = 99 };
		int err;

		memcpy(end - avail, plts[_i].bytes, avail);
		err = sc_insn_decode_plt(end - avail, avail, &insn);
		if (plts[_i].skip < 0 || avail < plts[_i].n) {
			ck_assert_int_eq(err, -EILSEQ);
			continue;
		}
		ck_assert_int_eq(err, 0);
		ck_assert_int_eq(insn.form, SC_FORM_JMP6);
		ck_assert_uint_eq(insn.skip, (size_t)plts[_i].skip);
		ck_assert(insn.slot);
	}
}
END_TEST

/* ------------------------------------- opcodes in front of a displacement */

static const struct {
	const char *bytes;
	size_t at;
	bool slot;
	int form;	/* -1: none */
} befores[] = {
	{ "\xe8\1\2\3\4", 1, false, SC_FORM_CALL },
	{ "\x90\xe9\1\2\3\4", 2, false, SC_FORM_JMP },
	{ "\xff\x15\1\2\3\4", 2, true, SC_FORM_CALL6 },
	{ "\x90\xff\x25\1\2\3\4", 3, true, SC_FORM_JMP6 },
	{ "\x0f\x84\1\2\3\4", 2, false, SC_FORM_JCC },
	/* A displacement to code where one to a slot is meant, and the reverse. */
	{ "\x90\xe8\1\2\3\4", 2, true, -1 },
	{ "\xff\x15\1\2\3\4", 2, false, -1 },
	/* No opcode, and one with nothing in front. */
	{ "\x48\x8b\1\2\3\4", 2, false, -1 },
	{ "\x48\x8b\1\2\3\4", 2, true, -1 },
	{ "\xe8\1\2\3\4\5", 0, false, -1 },
};
#define N_BEFORES ((int)(sizeof(befores) / sizeof(befores[0])))

START_TEST(test_opcode_before)
{
	const struct sc_opcode *op =
		sc_opcode_before((const uint8_t *)befores[_i].bytes,
				 befores[_i].at, befores[_i].slot);

	if (befores[_i].form < 0) {
		ck_assert_ptr_null(op);
		return;
	}
	ck_assert_ptr_nonnull(op);
	ck_assert_int_eq(op->form, befores[_i].form);
	ck_assert(op->compiled);
	ck_assert_int_eq(op->slot, befores[_i].slot);
}
END_TEST

/* `67 E8' is a linker's; what a compiler wrote there is the call behind it. */
START_TEST(test_opcode_before_is_a_compilers)
{
	const uint8_t code[] = { 0x67, 0xe8, 1, 2, 3, 4 };
	const struct sc_opcode *op = sc_opcode_before(code, 2, false);

	ck_assert_ptr_nonnull(op);
	ck_assert_uint_eq(op->n, 1);
}
END_TEST

/* What begins in front of the text is not read. */
START_TEST(test_opcode_before_reads_no_further)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p = edge() - page;

	memcpy(p, "\xe8\1\2\3\4", 5);
	ck_assert_int_eq(mprotect(p, page, PROT_READ), 0);
	ck_assert_ptr_null(sc_opcode_before(p, 0, false));
	ck_assert_ptr_null(sc_opcode_before(p, 1, true));
	ck_assert_ptr_nonnull(sc_opcode_before(p, 1, false));
}
END_TEST

/* ------------------------------------------------------------- encode */

static const struct {
	enum sc_form form;
	size_t len;
	uint8_t pristine[SC_INSN_ROOM];
} forms[] = {
	{ SC_FORM_CALL, 5, { 0xe8, 1, 2, 3, 4 } },
	{ SC_FORM_CALL6, 6, { 0xff, 0x15, 1, 2, 3, 4 } },
	{ SC_FORM_CALL6, 6, { 0x67, 0xe8, 1, 2, 3, 4 } },
	{ SC_FORM_JMP, 5, { 0xe9, 1, 2, 3, 4 } },
	{ SC_FORM_JMP6, 6, { 0xff, 0x25, 1, 2, 3, 4 } },
	{ SC_FORM_JCC, 6, { 0x0f, 0x84, 1, 2, 3, 4 } },
	{ SC_FORM_TRAMP, 5, { 0x4c, 0x8b, 0x1d, 1, 2 } },
	{ SC_FORM_CALL_KEPT, 5, { 0xe8, 1, 2, 3, 4 } },
	{ SC_FORM_CALL6_KEPT, 6, { 0xff, 0x15, 1, 2, 3, 4 } },
};
#define N_FORMS	(sizeof(forms) / sizeof(forms[0]))

static struct sc_target to(enum sc_target_kind kind)
{
	return (struct sc_target){
		.kind = kind,
		.func = FUNC,
		.null_stub = NULL_STUB,
		.ret0_stub = RET0_STUB,
	};
}

/* @opcode (of @n bytes), the displacement from @end, and padding. */
static void expect_branch(const uint8_t *got, const char *opcode, size_t n,
			  uintptr_t end, uintptr_t target, const char *pad)
{
	int32_t rel;

	ck_assert_mem_eq(got, opcode, n);
	memcpy(&rel, got + n, sizeof(rel));
	ck_assert_uint_eq(end + (uintptr_t)(intptr_t)rel, target);
	ck_assert_mem_eq(got + n + 4, pad, strlen(pad));
}

static void expect_bytes(enum sc_form form, enum sc_target_kind kind,
			 const uint8_t *got)
{
	uintptr_t branch = kind == SC_TARGET_FUNC ? FUNC :
			   kind == SC_TARGET_NULL ? NULL_STUB : RET0_STUB;

	switch (form) {
	case SC_FORM_CALL:
		if (kind == SC_TARGET_FUNC)
			expect_branch(got, "\xe8", 1, AT + 5, FUNC, "");
		else
			ck_assert_mem_eq(got, kind == SC_TARGET_NULL ?
					 "\x0f\x1f\x44\0\0" :
					 "\x2e\x2e\x2e\x31\xc0", 5);
		break;
	case SC_FORM_CALL6:
		if (kind == SC_TARGET_FUNC)
			expect_branch(got, "\x67\xe8", 2, AT + 6, FUNC, "");
		else
			ck_assert_mem_eq(got, kind == SC_TARGET_NULL ?
					 "\x66\x0f\x1f\x44\0\0" :
					 "\x2e\x2e\x2e\x2e\x31\xc0", 6);
		break;
	case SC_FORM_JMP:
	case SC_FORM_TRAMP:
		if (kind == SC_TARGET_NULL)
			ck_assert_mem_eq(got, "\xc3\xcc\xcc\xcc\xcc", 5);
		else
			expect_branch(got, "\xe9", 1, AT + 5, branch, "");
		break;
	case SC_FORM_JMP6:
		if (kind == SC_TARGET_NULL)
			ck_assert_mem_eq(got, "\xc3\xcc\xcc\xcc\xcc\xcc", 6);
		else
			expect_branch(got, "\xe9", 1, AT + 5, branch, "\x90");
		break;
	case SC_FORM_JCC:
		expect_branch(got, "\x0f\x84", 2, AT + 6, branch, "");
		break;
	case SC_FORM_CALL_KEPT:
		expect_branch(got, "\xe8", 1, AT + 5, branch, "");
		break;
	case SC_FORM_CALL6_KEPT:
		expect_branch(got, "\x67\xe8", 2, AT + 6, branch, "");
		break;
	}
}

/*
 * One instruction for one instruction: what stands there begins at the start
 * and, where control goes on behind it, ends at the end.  What lies behind an
 * instruction that does not go on is never reached.
 */
static void expect_one_instruction(const uint8_t *code, size_t len)
{
	size_t n = insn_length(code);

	ck_assert_uint_gt(n, 0);
	ck_assert_uint_le(n, len);
	if (goes_on(code))
		ck_assert_uint_eq(n, len);
}

START_TEST(test_encode_every_form)
{
	const enum sc_target_kind kinds[] = { SC_TARGET_FUNC, SC_TARGET_NULL,
					   SC_TARGET_RET0 };
	size_t i, j, len = forms[_i].len;

	for (i = 0; i < 3; i++) {
		struct sc_target target = to(kinds[i]);
		uint8_t out[SC_INSN_ROOM + 2];

		memset(out, 0xaa, sizeof(out));
		memcpy(out, forms[_i].pristine, len);
		ck_assert_int_eq(sc_insn_encode(forms[_i].form, AT, &target,
						NULL, out), 0);
		expect_bytes(forms[_i].form, kinds[i], out);
		expect_one_instruction(out, len);
		/* and not a byte behind the room */
		for (j = SC_INSN_ROOM; j < sizeof(out); j++)
			ck_assert_uint_eq(out[j], 0xaa);
	}
}
END_TEST

/* A trampoline's mov is left in part behind a jump that never goes on. */
START_TEST(test_pristine_is_one_instruction_too)
{
	if (forms[_i].form != SC_FORM_TRAMP)
		expect_one_instruction(forms[_i].pristine, forms[_i].len);
}
END_TEST

START_TEST(test_encode_keeps_the_condition)
{
	struct sc_target target = to((enum sc_target_kind)(_i % 3));
	uint8_t cc;

	for (cc = 0x80; cc <= 0x8f; cc++) {
		uint8_t out[SC_INSN_ROOM] = { 0x0f, cc, 1, 2, 3, 4 };

		ck_assert_int_eq(sc_insn_encode(SC_FORM_JCC, AT, &target, NULL,
						out), 0);
		ck_assert_uint_eq(out[0], 0x0f);
		ck_assert_uint_eq(out[1], cc);
		expect_one_instruction(out, 6);
	}
}
END_TEST

/* ---------------------------------------------------- where it leads */

START_TEST(test_branch_is_what_was_encoded)
{
	const enum sc_target_kind kinds[] = { SC_TARGET_FUNC, SC_TARGET_NULL,
					      SC_TARGET_RET0 };
	const uintptr_t stubs[] = { FUNC, NULL_STUB, RET0_STUB };
	enum sc_form form = forms[_i].form;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct sc_target target = to(kinds[i]);
		uint8_t out[SC_INSN_ROOM];
		bool is_branch;
		uintptr_t got = 1;

		memcpy(out, forms[_i].pristine, sizeof(out));
		ck_assert_int_eq(sc_insn_encode(form, AT, &target, NULL, out),
				 0);
		/* a nop, a return or a cleared result leads nowhere */
		is_branch = kinds[i] == SC_TARGET_FUNC || form == SC_FORM_JCC ||
			    form == SC_FORM_CALL_KEPT ||
			    form == SC_FORM_CALL6_KEPT ||
			    (kinds[i] == SC_TARGET_RET0 &&
			     form != SC_FORM_CALL && form != SC_FORM_CALL6);
		ck_assert_int_eq(sc_insn_branch(form, out, AT, &got), is_branch);
		ck_assert_uint_eq(got, is_branch ? stubs[i] : 1);
	}
}
END_TEST

START_TEST(test_what_is_kept)
{
	ck_assert_int_eq(sc_insn_kept(SC_FORM_CALL), SC_FORM_CALL_KEPT);
	ck_assert_int_eq(sc_insn_kept(SC_FORM_CALL6), SC_FORM_CALL6_KEPT);
	ck_assert_int_eq(sc_insn_kept(SC_FORM_JMP), SC_FORM_JMP);
	ck_assert_int_eq(sc_insn_kept(SC_FORM_JCC), SC_FORM_JCC);
	ck_assert_str_eq(sc_insn_name(SC_FORM_CALL_KEPT), "call");
	ck_assert_str_eq(sc_insn_name(SC_FORM_CALL6_KEPT), "call");
	ck_assert_int_eq(sc_insn_kind(SC_FORM_CALL_KEPT),
			 STATIC_CALL_KIND_CALL);
	ck_assert_int_eq(sc_insn_kind(SC_FORM_CALL6_KEPT),
			 STATIC_CALL_KIND_CALL6);
	ck_assert(!sc_insn_is_tail(SC_FORM_CALL_KEPT));
	ck_assert(!sc_insn_is_tail(SC_FORM_CALL6_KEPT));
}
END_TEST

/* Each byte of the opcode counts, and none of another form. */
static const struct {
	enum sc_form form;
	const char *bytes;
} no_branches[] = {
	{ SC_FORM_CALL, "\xe9\1\2\3\4\x90" },
	{ SC_FORM_JMP, "\xe8\1\2\3\4\x90" },
	{ SC_FORM_TRAMP, "\x4c\x8b\x1d\1\2\3" },
	{ SC_FORM_JMP6, "\xe9\1\2\3\4\5" },
	{ SC_FORM_JMP6, "\xff\x25\1\2\3\x90" },
	{ SC_FORM_CALL6, "\x67\xe9\1\2\3\4" },
	{ SC_FORM_CALL6, "\x66\xe8\1\2\3\4" },
	{ SC_FORM_JCC, "\x0f\x1f\1\2\3\4" },
	{ SC_FORM_JCC, "\x66\x84\1\2\3\4" },
};
#define N_NO_BRANCHES ((int)(sizeof(no_branches) / sizeof(no_branches[0])))

START_TEST(test_no_branch_of_the_form)
{
	uintptr_t got = 1;

	ck_assert(!sc_insn_branch(no_branches[_i].form,
				  (const uint8_t *)no_branches[_i].bytes, AT,
				  &got));
	ck_assert_uint_eq(got, 1);
}
END_TEST

/* ---------------------------------------------------------- the reach */

/* The end of the branch instruction itself; a pad does not count. */
static size_t branch_end(enum sc_form form)
{
	return form == SC_FORM_CALL6 || form == SC_FORM_CALL6_KEPT ||
			       form == SC_FORM_JCC ? 6 : 5;
}

static int encode_at_distance(size_t i, int64_t distance, uint8_t *out)
{
	struct sc_target target = to(SC_TARGET_FUNC);

	target.func = AT + branch_end(forms[i].form) + (uintptr_t)distance;
	memcpy(out, forms[i].pristine, SC_INSN_MAX);
	return sc_insn_encode(forms[i].form, AT, &target, NULL, out);
}

START_TEST(test_encode_reach)
{
	const int64_t in[] = { INT32_MAX, INT32_MIN, 0, -1, 1 };
	const int64_t beyond[] = { INT32_MAX + 1ll, INT32_MIN - 1ll,
				   1ll << 32, -(1ll << 32), 1ll << 46 };
	uint8_t out[SC_INSN_ROOM];
	size_t i;

	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		ck_assert_int_eq(encode_at_distance((size_t)_i, in[i], out), 0);
	for (i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		ck_assert_int_eq(encode_at_distance((size_t)_i, beyond[i], out),
				 -ERANGE);
		/* unchanged */
		ck_assert_mem_eq(out, forms[_i].pristine, SC_INSN_MAX);
	}
}
END_TEST

/* A far function does not matter to what does not branch to it. */
START_TEST(test_encode_without_a_branch_has_no_reach)
{
	struct sc_target target = to(SC_TARGET_NULL);
	uint8_t out[SC_INSN_ROOM] = { 0xe8 };

	target.func = AT + (1ul << 40);
	target.null_stub = 0;
	target.ret0_stub = 0;
	ck_assert_int_eq(sc_insn_encode(SC_FORM_CALL, AT, &target, NULL, out),
			 0);
	ck_assert_int_eq(sc_insn_encode(SC_FORM_JMP, AT, &target, NULL, out),
			 0);
	target.kind = SC_TARGET_RET0;
	ck_assert_int_eq(sc_insn_encode(SC_FORM_CALL6, AT, &target, NULL, out),
			 0);
	/* but one that needs a stub has none here */
	ck_assert_int_eq(sc_insn_encode(SC_FORM_JMP, AT, &target, NULL, out),
			 -ERANGE);
	ck_assert_int_eq(sc_insn_encode(SC_FORM_JCC, AT, &target, NULL, out),
			 -ERANGE);
	target.kind = SC_TARGET_NULL;
	ck_assert_int_eq(sc_insn_encode(SC_FORM_JCC, AT, &target, NULL, out),
			 -ERANGE);
}
END_TEST

/* Address 0 stands for a stub that is not there, also where it is in reach. */
START_TEST(test_encode_never_branches_to_null)
{
	const enum sc_form form[] = { SC_FORM_JCC, SC_FORM_JCC, SC_FORM_JMP };
	const enum sc_target_kind kind[] = { SC_TARGET_NULL, SC_TARGET_RET0,
					     SC_TARGET_RET0 };
	const uintptr_t low = 0x401000;
	struct sc_target target = { .kind = kind[_i], .func = low + 64 };
	uint8_t out[SC_INSN_ROOM] = { 0x0f, 0x84 };

	ck_assert_int_eq(sc_insn_encode(form[_i], low, &target, NULL, out),
			 -ERANGE);
	target.null_stub = target.ret0_stub = low + 128;
	ck_assert_int_eq(sc_insn_encode(form[_i], low, &target, NULL, out), 0);
}
END_TEST

/* --------------------------------------------- under a debugger's int3 */

/*
 * The debugger has kept the first byte and will put it back: with @keep the new
 * form begins with it, or there is none.
 */
START_TEST(test_encode_keeps_the_opcode)
{
	const uint8_t opcodes[] = { 0xe8, 0xe9, 0x67, 0xff, 0x0f, 0xc3, 0x2e,
				    0x66, 0x4c, 0x90 };
	size_t i, kind, len = forms[_i].len, made = 0;

	for (i = 0; i < sizeof(opcodes); i++)
		for (kind = 0; kind < 3; kind++) {
			struct sc_target target = to((enum sc_target_kind)kind);
			uint8_t out[SC_INSN_ROOM];

			memcpy(out, forms[_i].pristine, sizeof(out));
			if (sc_insn_encode(forms[_i].form, AT, &target,
					   opcodes + i, out)) {
				ck_assert_mem_eq(out, forms[_i].pristine,
						 sizeof(out));
				continue;
			}
			made++;
			ck_assert_uint_eq(out[0], opcodes[i]);
			ck_assert_uint_eq(insn_length(out),
					  branch_end(forms[_i].form));
			expect_one_instruction(out, len);
		}
	/* all three kinds have a form that is a branch */
	ck_assert_uint_eq(made, 3);
}
END_TEST

/* Reads the branch with @keep: NULL and RET0 are reached through stubs. */
START_TEST(test_encode_reaches_stubs)
{
	const uint8_t keep = 0xe8;
	struct sc_target target = to(SC_TARGET_NULL);
	uint8_t out[SC_INSN_ROOM] = { 0xe8 };

	ck_assert_int_eq(sc_insn_encode(SC_FORM_CALL, AT, &target, &keep, out),
			 0);
	expect_branch(out, "\xe8", 1, AT + 5, NULL_STUB, "");
	target.kind = SC_TARGET_RET0;
	ck_assert_int_eq(sc_insn_encode(SC_FORM_CALL, AT, &target, &keep, out),
			 0);
	expect_branch(out, "\xe8", 1, AT + 5, RET0_STUB, "");
}
END_TEST

START_TEST(test_no_such_form)
{
	struct sc_target target = to(SC_TARGET_FUNC);
	uint8_t out[SC_INSN_ROOM] = { 1, 2, 3, 4, 5, 6 };

	ck_assert_int_eq(sc_insn_encode((enum sc_form)99, AT, &target, NULL,
					out), -ERANGE);
	ck_assert_mem_eq(out, "\1\2\3\4\5\6", 6);
}
END_TEST

START_TEST(test_probe_function)
{
	uintptr_t at = (uintptr_t)sc_probe_function;

	ck_assert_int_eq(sc_probe_function(), 1);
	ck_assert_mem_eq((const void *)at, sc_probe_one, SC_PROBE_LEN);
	ck_assert_mem_ne(sc_probe_one, sc_probe_two, SC_PROBE_LEN);
	ck_assert_uint_eq(at / 4096, (at + SC_PROBE_LEN) / 4096);
	/* It must return with any state of the processor kept. */
	sc_machine_serialize();
	ck_assert_int_eq(sc_probe_function(), 1);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("insn");
	int n_linked = (int)(sizeof(linked) / sizeof(linked[0]));

	tcase_add_loop_test(tc, test_decode_what_linkers_leave, 0, n_linked);
	tcase_add_test(tc, test_which_forms_are_tails);
	tcase_add_test(tc, test_decode_all_conditions);
	tcase_add_loop_test(tc, test_decode_reads_no_further, 0, n_linked);
	tcase_add_loop_test(tc, test_decode_trampolines, 0, 4);
	tcase_add_loop_test(tc, test_decode_no_other_trampoline, 0, 2);
	tcase_add_loop_test(tc, test_decode_plt, 0, N_PLTS);
	tcase_add_loop_test(tc, test_opcode_before, 0, N_BEFORES);
	tcase_add_test(tc, test_opcode_before_is_a_compilers);
	tcase_add_test(tc, test_opcode_before_reads_no_further);
	tcase_add_loop_test(tc, test_encode_every_form, 0, N_FORMS);
	tcase_add_loop_test(tc, test_branch_is_what_was_encoded, 0, N_FORMS);
	tcase_add_test(tc, test_what_is_kept);
	tcase_add_loop_test(tc, test_no_branch_of_the_form, 0, N_NO_BRANCHES);
	tcase_add_loop_test(tc, test_pristine_is_one_instruction_too, 0,
			    N_FORMS);
	tcase_add_loop_test(tc, test_encode_keeps_the_condition, 0, 3);
	tcase_add_loop_test(tc, test_encode_reach, 0, N_FORMS);
	tcase_add_loop_test(tc, test_encode_never_branches_to_null, 0, 3);
	tcase_add_test(tc, test_encode_without_a_branch_has_no_reach);
	tcase_add_loop_test(tc, test_encode_keeps_the_opcode, 0, N_FORMS);
	tcase_add_test(tc, test_encode_reaches_stubs);
	tcase_add_test(tc, test_no_such_form);
	tcase_add_test(tc, test_probe_function);
	tcase_add_loop_test(tc, test_search_stops_at_each_form, 0, SC_N_OPCODES);
	return unit_end();
}
