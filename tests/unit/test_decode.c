/* SPDX-License-Identifier: MIT */
/*
 * test_decode.c - what records lead to, and what leads to trampolines without
 * them, in a module made by hand.  Behind its text lies nothing: whoever reads
 * beyond the end finds out.
 */
#include "sc_config.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include <static_call/api.h>

#include "notes.h"
#include "places.h"
#include "unit.h"

#define PAGES		2
#define TRAMP		0x40u
#define CALL_AT		0x100u
#define PLT		0x200u
#define SYMBOLS		4

static uint8_t *text;

/* In loaded memory up to @behind. */
static struct data {
	struct static_call_key key;
	uintptr_t key_slot, slot;
	ElfW(Dyn) dynamic[8];
	ElfW(Rela) rela[2];
	char strings[32];
	ElfW(Sym) symbols[SYMBOLS];
	/* not loaded */
	struct {
		ElfW(Sym) symbol;
		uintptr_t slot;
		struct static_call_key key;
		uint8_t tramp[SC_TRAMP_SIZE] __attribute__((aligned(32)));
	} behind;
} data;

static struct sc_load loads[3];
static struct sc_segment segments[1];
static struct sc_text texts[1];
static struct sc_loaded loaded;
static struct sc_image image;
static struct sc_key key = { .name = "hand" };
static bool unreadable;

/* It takes the place of the engine's. */
int sc_text_read(const struct sc_text *from_text, void *to, uintptr_t from,
		 size_t len)
{
	ck_assert_ptr_eq(from_text, texts);
	memcpy(to, (const void *)from, len);
	return unreadable ? -EIO : 0;
}

/* @n bytes at @at; the last four of them lead to @to. */
static void put(uint8_t *at, const char *bytes, size_t n, const void *to)
{
	int32_t rel = (int32_t)((uintptr_t)to - (uintptr_t)(at + n));

	memcpy(at, bytes, n - sizeof(rel));
	memcpy(at + n - sizeof(rel), &rel, sizeof(rel));
}

static void put_tramp(uint8_t *at, const void *slot)
{
	const uint32_t magic = STATIC_CALL_TRAMP_MAGIC;
	int32_t rel = (int32_t)((uintptr_t)slot -
				(uintptr_t)(at + SC_TRAMP_KEY));

	put(at, "\x4c\x8b\x1d", 7, slot);
	memcpy(at + 7, "\x41\xff\x23", 3);
	memcpy(at + SC_TRAMP_RET0, "\x31\xc0\xc3\xc3", 4);
	memcpy(at + SC_TRAMP_KEY, &rel, sizeof(rel));
	memcpy(at + SC_TRAMP_SIGNATURE, &magic, sizeof(magic));
}

static void make_module(void)
{
	uint8_t *p = mmap((uint8_t *)((uintptr_t)&data & ~(SC_PAGE - 1)) +
			  (1 << 24), (PAGES + 1) * SC_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert(p != MAP_FAILED);
	ck_assert_int_eq(mprotect(p, PAGES * SC_PAGE, PROT_READ | PROT_WRITE),
			 0);
	ck_assert(p - (uint8_t *)&data < 1 << 30);
	text = p;
	texts[0].start = segments[0].start = loads[0].start = (uintptr_t)p;
	texts[0].end = segments[0].end = loads[0].end =
		(uintptr_t)p + PAGES * SC_PAGE;
	loads[0].flags = SC_LOAD_READ | SC_LOAD_EXEC;
	loads[1] = (struct sc_load){ (uintptr_t)&data, (uintptr_t)&data.behind,
				     SC_LOAD_READ | SC_LOAD_WRITE };
	loaded = (struct sc_loaded){
		.loads = loads, .n_own = 2, .n_loads = 2,
		.dynamic = (uintptr_t)data.dynamic, .n_dynamic = 8,
	};
	image = (struct sc_image){ .loaded = &loaded, .segments = segments,
				   .n_segments = 1, .n_defines = 1 };
	put_tramp(text + TRAMP, &data.key_slot);
	data.key_slot = (uintptr_t)&data.key;
	key.key = &data.key;
}

/* ---------------------------------------------------------- one place */

static struct sc_place place;

static void decode(const void *at)
{
	sc_place_decode(&place, &image, texts, (uintptr_t)at,
			(uintptr_t)text + TRAMP, &key);
}

static void expect_place(const uint8_t *at, enum sc_form form, size_t len)
{
	ck_assert_int_eq(place.fixed, STATIC_CALL_SITE_PATCHED);
	ck_assert_ptr_eq(place.addr, at);
	ck_assert_ptr_eq(place.text, texts);
	ck_assert_ptr_eq(place.key, &key);
	ck_assert_int_eq(place.form, form);
	ck_assert_uint_eq(place.len, len);
	ck_assert_uint_eq(place.size, len);
	ck_assert_mem_eq(place.pristine, at, len);
	ck_assert_mem_eq(place.live, place.pristine, SC_INSN_MAX);
}

static void expect_none(enum static_call_site_state why)
{
	ck_assert_int_eq(place.fixed, why);
	ck_assert_uint_eq(place.len, 0);
	ck_assert_mem_eq(place.live, place.pristine, SC_INSN_MAX);
}

START_TEST(test_ends_of_the_text)
{
	uint8_t *end;

	make_module();
	end = text + PAGES * SC_PAGE;
	put(text, "\xe8", 5, text + TRAMP);
	decode(text);
	expect_place(text, SC_FORM_CALL, 5);
	decode(text - 1);
	expect_none(STATIC_CALL_SITE_UNSAFE);
	ck_assert_ptr_null(place.text);
	decode(end);
	expect_none(STATIC_CALL_SITE_UNSAFE);
	ck_assert_ptr_null(place.text);
	put(end - 6, "\x67\xe8", 6, text + TRAMP);
	decode(end - 6);
	expect_place(end - 6, SC_FORM_CALL6, 6);
	put(end - 5, "\xe9", 5, text + TRAMP);
	decode(end - 5);
	expect_place(end - 5, SC_FORM_JMP, 5);
	end[-4] = 0xe8;
	decode(end - 4);
	expect_none(STATIC_CALL_SITE_FOREIGN);
	/* what it leads to is no text either */
	put(text, "\xe8", 5, end);
	decode(text);
	expect_none(STATIC_CALL_SITE_FOREIGN);
}
END_TEST

START_TEST(test_text_that_cannot_be_read)
{
	make_module();
	put(text + CALL_AT, "\xe8", 5, text + TRAMP);
	unreadable = true;
	decode(text + CALL_AT);
	expect_none(STATIC_CALL_SITE_UNSAFE);
}
END_TEST

/* Only the `e8' is the place. */
START_TEST(test_prefix)
{
	make_module();
	put(text + CALL_AT, "\x90\xe8", 6, text + TRAMP);
	decode(text + CALL_AT);
	expect_place(text + CALL_AT + 1, SC_FORM_CALL, 5);
}
END_TEST

START_TEST(test_crossing_a_page)
{
	uint8_t *at;

	make_module();
	at = text + SC_PAGE - 6 + _i;
	put(at, "\xe8", 5, text + TRAMP);
	decode(at);
	if (_i < 2 || _i > 5) {
		expect_place(at, SC_FORM_CALL, 5);
		return;
	}
	expect_none(STATIC_CALL_SITE_CROSSING);
	ck_assert_uint_eq(place.size, 5);
}
END_TEST

/* ------------------------------------------------------- where it leads */

START_TEST(test_through_a_slot)
{
	make_module();
	put(text + CALL_AT, "\xff\x15", 6, _i < 2 ? &data.slot :
						    &data.behind.slot);
	data.slot = _i == 0 ? (uintptr_t)text + TRAMP : (uintptr_t)text;
	data.behind.slot = (uintptr_t)text + TRAMP;
	decode(text + CALL_AT);
	if (_i == 0)
		expect_place(text + CALL_AT, SC_FORM_CALL6, 6);
	else
		expect_none(STATIC_CALL_SITE_FOREIGN);
}
END_TEST

/* A slot of a procedure linkage table: of this trampoline, or another one. */
START_TEST(test_through_a_linkage_table)
{
	make_module();
	put(text + CALL_AT, "\xe8", 5, text + PLT);
	put(text + PLT, _i == 2 ? "\xff\x15" : "\xff\x25", 6,
	    _i == 3 ? &data.behind.slot : &data.slot);
	data.slot = (uintptr_t)text + TRAMP + (_i == 1);
	data.behind.slot = data.slot;
	decode(text + CALL_AT);
	if (_i == 0)
		expect_place(text + CALL_AT, SC_FORM_CALL, 5);
	else
		expect_none(STATIC_CALL_SITE_FOREIGN);
}
END_TEST

/* A trampoline leads to its key, straight or through the slot. */
START_TEST(test_trampoline)
{
	uint8_t *tramp;

	make_module();
	tramp = text + TRAMP;
	decode(tramp);
	expect_place(tramp, SC_FORM_TRAMP, 5);
	put(tramp, "\x4c\x8d\x1d", 7, &data.key);
	decode(tramp);
	expect_place(tramp, SC_FORM_TRAMP, 5);
	/* what leads to the trampoline is not the key */
	put(tramp, "\x4c\x8d\x1d", 7, text + PLT);
	put(text + PLT, "\xff\x25", 6, &data.slot);
	data.slot = (uintptr_t)tramp;
	decode(tramp);
	expect_none(STATIC_CALL_SITE_FOREIGN);
	put(tramp, "\x4c\x8d\x1d", 7, tramp);
	decode(tramp);
	expect_none(STATIC_CALL_SITE_FOREIGN);
	/* elsewhere it is none */
	memcpy(text + CALL_AT, tramp, SC_TRAMP_SIZE);
	decode(text + CALL_AT);
	expect_none(STATIC_CALL_SITE_FOREIGN);
}
END_TEST

/* ------------------------------------------------- the key of a trampoline */

static struct static_call_key *key_of(const void *tramp)
{
	return sc_tramp_key(&image, (uintptr_t)tramp);
}

START_TEST(test_key_of_a_trampoline)
{
	uint8_t *tramp;

	make_module();
	tramp = text + TRAMP;
	ck_assert_ptr_eq(key_of(tramp), &data.key);
	ck_assert_ptr_null(key_of(NULL));
	/* it must have its mark */
	put_tramp(text + CALL_AT, &data.key_slot);
	ck_assert_ptr_eq(key_of(text + CALL_AT), &data.key);
	text[CALL_AT + SC_TRAMP_SIGNATURE] ^= 1;
	ck_assert_ptr_null(key_of(text + CALL_AT));
	put_tramp(text + CALL_AT + 8, &data.key_slot);
	ck_assert_ptr_null(key_of(text + CALL_AT + 8));
	/* what is no code, or not loaded, is not looked at */
	put_tramp(data.behind.tramp, &data.key_slot);
	ck_assert_ptr_null(key_of(data.behind.tramp));
	ck_assert_ptr_null(key_of(text + PAGES * SC_PAGE));
	loads[0].flags = SC_LOAD_READ;
	ck_assert_ptr_null(key_of(tramp));
	loads[0].flags = SC_LOAD_EXEC;
	ck_assert_ptr_null(key_of(tramp));
}
END_TEST

START_TEST(test_key_that_is_none)
{
	uint8_t *tramp;

	make_module();
	tramp = text + TRAMP;
	data.behind.slot = (uintptr_t)&data.key;
	put_tramp(tramp, &data.behind.slot);
	ck_assert_ptr_null(key_of(tramp));
	put_tramp(tramp, &data.key_slot);
	data.key_slot = (uintptr_t)&data.behind - sizeof(data.key);
	ck_assert_ptr_nonnull(key_of(tramp));
	data.key_slot += 8;
	ck_assert_ptr_null(key_of(tramp));
	/* it will be written */
	data.key_slot = (uintptr_t)text;
	ck_assert_ptr_null(key_of(tramp));
}
END_TEST

/* ------------------------------------------- what the loader will bind */

static void put_dynamic(size_t i, int64_t tag, uintptr_t value)
{
	data.dynamic[i].d_tag = tag;
	data.dynamic[i].d_un.d_val = value;
}

/* Symbol @symbol of the relocations is the trampoline of @name. */
static void bind(const char *name, size_t symbol)
{
	make_module();
	memcpy(data.strings + 1, name, strlen(name) + 1);
	put_dynamic(0, DT_SYMTAB, (uintptr_t)data.symbols);
	put_dynamic(1, DT_STRTAB, (uintptr_t)data.strings);
	put_dynamic(2, DT_STRSZ, strlen(name) + 2);
	put_dynamic(3, DT_JMPREL, (uintptr_t)data.rela);
	put_dynamic(4, DT_PLTRELSZ, sizeof(data.rela));
	put_dynamic(5, DT_PLTREL, DT_RELA);
	data.symbols[symbol].st_name = 1;
	loaded.base = 0x1000;
	data.rela[1].r_offset = (uintptr_t)&data.slot - loaded.base;
	data.rela[1].r_info = ELF64_R_INFO(symbol, R_X86_64_JUMP_SLOT);
}

static bool binds(const char *name)
{
	return sc_image_binds(&image, (uintptr_t)&data.slot, name);
}

/* The very last symbol, whose name fills the strings to their end. */
START_TEST(test_slot_that_is_not_bound_yet)
{
	bind("__SCT__hand", SYMBOLS - 1);
	ck_assert(binds("hand"));
	ck_assert(binds(""));
	ck_assert(!binds("han"));
	ck_assert(!binds("hands"));
	ck_assert(!binds("h"));
	ck_assert(!binds("other"));
	ck_assert(!sc_image_binds(&image, (uintptr_t)&data.key_slot, "hand"));
	/* so a call through it is a place */
	put(text + CALL_AT, "\xe8", 5, text + PLT);
	put(text + PLT, "\xff\x25", 6, &data.slot);
	decode(text + CALL_AT);
	expect_place(text + CALL_AT, SC_FORM_CALL, 5);
}
END_TEST

/* Each of these alone, and it is not known where the slot leads. */
START_TEST(test_slot_that_nobody_binds)
{
	bind("__SCT__hand", SYMBOLS - 1);
	switch (_i) {
	case 0:	/* the end of the last name is missing */
		data.dynamic[2].d_un.d_val--;
		break;
	case 1:
		data.dynamic[2].d_un.d_val = 0;
		break;
	case 2:	/* the name lies behind the strings */
		data.dynamic[2].d_un.d_val = 1;
		break;
	case 3:
		data.strings[7] = '-';
		break;
	case 4:	/* the symbol lies behind what is loaded */
		data.behind.symbol = data.symbols[SYMBOLS - 1];
		data.rela[1].r_info = ELF64_R_INFO(SYMBOLS,
						   R_X86_64_JUMP_SLOT);
		break;
	case 5:	/* the relocation lies behind the others */
		data.dynamic[4].d_un.d_val--;
		break;
	case 6:
		data.dynamic[5].d_un.d_val = DT_REL;
		break;
	default:	/* there are no symbols, strings, relocations */
		data.dynamic[(size_t[]){ 0, 1, 3 }[_i - 7]].d_tag = DT_DEBUG;
	}
	ck_assert(!binds("hand"));
}
END_TEST

/* ---------------------------------------------- calls without records */

static bool makes_calls(void)
{
	return sc_image_makes_calls(&image);
}

START_TEST(test_call_without_a_record)
{
	uint8_t *end;

	make_module();
	end = text + PAGES * SC_PAGE;
	/* the beginning of an instruction, at the end of the text */
	end[-1] = 0xe8;
	end[-7] = 0xff;
	ck_assert(!makes_calls());
	put(text + CALL_AT, "\xe8", 5, text + TRAMP + 32);
	ck_assert(!makes_calls());
	put(end - 5, "\xe8", 5, text + TRAMP);
	ck_assert(makes_calls());
	/* a module that defines no call is not searched for calls */
	image.n_defines = 0;
	ck_assert(!makes_calls());
	image.n_defines = 1;
	loads[0].flags |= SC_LOAD_WRITE;
	ck_assert(!makes_calls());
}
END_TEST

START_TEST(test_call_through_a_slot_without_a_record)
{
	make_module();
	put(text + CALL_AT, "\xff\x15", 6, &data.slot);
	data.slot = (uintptr_t)text + CALL_AT;
	ck_assert(!makes_calls());
	data.slot = (uintptr_t)text + TRAMP;
	ck_assert(makes_calls());
	data.behind.slot = data.slot;
	put(text + CALL_AT, "\xff\x15", 6, &data.behind.slot);
	ck_assert(!makes_calls());
	/* nor does a slot that lies where a trampoline is */
	put(text + CALL_AT, "\xff\x15", 6, text + TRAMP);
	ck_assert(!makes_calls());
}
END_TEST

/*
 * Through the linkage table to a trampoline that the slot holds or will hold.  Each
 * of the others is no call.
 */
START_TEST(test_call_by_a_linkage_table_without_a_record)
{
	void *plt;

	bind("__SCT__hand", SYMBOLS - 1);
	/* what is defined here is imported by no slot */
	data.symbols[SYMBOLS - 1].st_shndx = 1;
	/* the table itself is not searched */
	loads[2] = loads[0];
	loads[2].start = loads[0].end = (uintptr_t)text + PLT;
	loads[2].flags |= SC_LOAD_WRITE;
	loaded.n_own = loaded.n_loads = 3;
	plt = _i == 4 ? data.behind.tramp : text + PLT;
	put(text + CALL_AT, "\xe8", 5, plt);
	put(plt, _i == 3 ? "\xff\x15" : "\xff\x25", 6, &data.slot);
	if (_i != 1)
		data.rela[1].r_offset = 0;
	if (_i == 0 || _i > 2)
		data.slot = (uintptr_t)text + TRAMP;
	ck_assert_int_eq(makes_calls(), _i < 2);
}
END_TEST

/* A slot for the trampoline of another module, whose name may be empty. */
START_TEST(test_import)
{
	bind(_i & 1 ? "__SCT__hand" : "__SCT__", SYMBOLS - 1);
	image.n_defines = 0;
	if (_i & 2) {
		put_dynamic(3, DT_RELA, (uintptr_t)data.rela);
		put_dynamic(4, DT_RELASZ, sizeof(data.rela));
		put_dynamic(5, DT_DEBUG, 0);
	}
	ck_assert(makes_calls());
	/* one that is defined here is none */
	data.symbols[SYMBOLS - 1].st_shndx = 1;
	ck_assert(!makes_calls());
	data.symbols[SYMBOLS - 1].st_shndx = SHN_UNDEF;
	ck_assert(makes_calls());
	data.dynamic[4].d_un.d_val--;
	ck_assert(!makes_calls());
}
END_TEST

/* Each of these alone, and there is no import. */
START_TEST(test_no_import)
{
	bind("__SCT__hand", _i == 0 ? 0 : 1);
	if (_i == 1)
		data.strings[1] = '-';
	else if (_i == 2)
		data.dynamic[5].d_un.d_val = DT_REL;
	else if (_i == 3)
		data.dynamic[2].d_un.d_val = sizeof("__SCT__") - 1;
	ck_assert(!makes_calls());
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("decode");

	tcase_add_test(tc, test_ends_of_the_text);
	tcase_add_test(tc, test_text_that_cannot_be_read);
	tcase_add_test(tc, test_prefix);
	tcase_add_loop_test(tc, test_crossing_a_page, 0, 8);
	tcase_add_loop_test(tc, test_through_a_slot, 0, 3);
	tcase_add_loop_test(tc, test_through_a_linkage_table, 0, 4);
	tcase_add_test(tc, test_trampoline);
	tcase_add_test(tc, test_key_of_a_trampoline);
	tcase_add_test(tc, test_key_that_is_none);
	tcase_add_test(tc, test_slot_that_is_not_bound_yet);
	tcase_add_loop_test(tc, test_slot_that_nobody_binds, 0, 10);
	tcase_add_test(tc, test_call_without_a_record);
	tcase_add_test(tc, test_call_through_a_slot_without_a_record);
	tcase_add_loop_test(
		tc, test_call_by_a_linkage_table_without_a_record, 0, 5);
	tcase_add_loop_test(tc, test_import, 0, 4);
	tcase_add_loop_test(tc, test_no_import, 0, 4);
	return unit_end();
}
