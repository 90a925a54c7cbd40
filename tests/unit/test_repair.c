/* SPDX-License-Identifier: MIT */
/*
 * test_repair.c - what a child of fork() does to one text, done here without a
 * fork: pristine where that can be had, else what text holds is believed.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sample.h"
#include "unit.h"
#include "why.h"
#include "wrap.h"

static void begin_patched(void)
{
	start();
	begin(COMPANY, 2, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
}

START_TEST(test_text_is_given_back)
{
	begin_patched();
	sc_text_repair(&code.text);
	ck_assert(!sc_text_is_patched(&code.text));
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}
END_TEST

/* Where it still is what was mapped; else it is not the library's (registry.c). */
START_TEST(test_stuck_text_is_given_back)
{
	begin_patched();
	code.text.stuck = -EMFILE;
	sc_text_rest();
	wraps.open = no_open;
	sc_text_repair(&code.text);
	ck_assert_int_eq(code.text.stuck, -EMFILE);
	expect_all(0, 1, 2);
	wraps.open = NULL;
	code.text.inode++;
	sc_text_repair(&code.text);
	ck_assert_int_eq(code.text.stuck, -EMFILE);
	expect_all(0, 1, 2);
	code.text.inode--;
	sc_text_repair(&code.text);
	ck_assert_int_eq(code.text.stuck, 0);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}
END_TEST

static const uint8_t five[5] = { 0xb8, 5, 0, 0, 0 };
static const uint8_t int3 = 0xcc;

/* The parent was just writing: text holds the new form, and is not known to. */
START_TEST(test_text_that_cannot_be_given_back_is_believed)
{
	struct sc_place *p, never;

	begin_patched();
	p = code.places;
	code_poke(p[1].addr, five, sizeof(five));
	/* One is never touched; under a breakpoint nobody can tell. */
	p[2].len = 0;
	never = p[2];
	code_poke(p[2].addr, five, sizeof(five));
	code_poke(p[3].addr, &int3, 1);
	sc_text_rest();
	wraps.open = no_open;
	sc_text_repair(&code.text);
	wraps.open = NULL;
	ck_assert_mem_eq(p[0].live, "\xb8\2\0\0\0", 5);
	ck_assert_mem_eq(p[1].live, five, sizeof(five));
	ck_assert_mem_eq(p[2].live, never.live, SC_INSN_MAX);
	ck_assert_mem_eq(p[3].live, "\xb8\2\0\0\0", 5);
	/* and so it can be changed */
	ck_assert_int_eq(code_update(&code, 1, 50, 3), 0);
	ck_assert_int_eq(code_call(&code, 1), 3);
}
END_TEST

/* The parent may have been trying the swap: what it had found is not known. */
START_TEST(test_a_probe_is_made_again)
{
	begin_patched();
	sc_text_repair_engine();
	ck_assert(!sc_system.untried);
	sc_system.probing = true;
	sc_text_repair_engine();
	ck_assert(sc_system.untried);
	ck_assert(!sc_system.probing);
}
END_TEST

/* What others have written there is not the library's to believe. */
START_TEST(test_pristine_text_is_not_looked_at)
{
	start();
	begin(COMPANY, 2, 4);
	code_poke(code.places[1].addr, five, sizeof(five));
	sc_text_repair(&code.text);
	ck_assert(!sc_text_is_patched(&code.text));
}
END_TEST

/* The copy that nobody will move back is gone. */
START_TEST(test_arena_is_emptied)
{
	struct sc_maps maps;
	struct sc_vma vma;

	begin_patched();
	ck_assert_int_eq(code_prepare(&code, 0, 1, 3), 0);
	sc_text_repair_engine();
	sc_text_repair(&code.text);
	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert_int_eq(sc_maps_find(&maps, code.text.arena, &vma), 0);
	sc_maps_close(&maps);
	ck_assert_uint_eq(vma.inode, 0);
	ck_assert_uint_eq(vma.flags, 0);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}
END_TEST

/* ----------------------------------------------------------- the engine */

/* As a child finds it, whose parent had just lost a range (step L). */
static void lose_range(bool out, bool lost)
{
	struct sc_range *r = sc_tx->ranges;

	ck_assert_int_eq(code_prepare(&code, 0, 1, 3), 0);
	ck_assert_uint_eq(sc_tx->n_ranges, 1);
	ck_assert(r->out);
	r->out = out;
	if (lost)
		munmap((void *)r->start, r->len);
}

static void expect_idle(void)
{
	ck_assert_int_eq(sc_tx->mode, SC_IDLE);
	ck_assert_uint_eq(sc_tx->n_ranges, 0);
	ck_assert_int_lt(sc_tx->mem.fd, 0);
}

/* With the descriptors that were open, of mappings and of memory. */
START_TEST(test_a_lost_range_comes_back)
{
	begin_patched();
	sc_system.can_flip = _i;
	lose_range(true, true);
	ck_assert_int_eq(sc_tx->mem.fd >= 0, !_i);
	sc_text_repair_engine();
	expect_idle();
	/* what the copy held */
	expect_all(0, 1, 2);
	finish();
}
END_TEST

/* One that is in its place stays pristine; one not out is nobody's to bring. */
START_TEST(test_other_ranges_stay)
{
	begin_patched();
	lose_range(_i == 0, _i == 1);
	sc_text_repair_engine();
	expect_idle();
	if (_i)
		ck_assert(!sc_is_mapped(code.text.start));
	else
		expect_all(0, 1, CODE_PRISTINE);
}
END_TEST

/* The parent may have been in the middle of saying why. */
START_TEST(test_notes_are_forgotten)
{
	begin_patched();
	sc_why_note("mmap", NULL, -ENOMEM);
	sc_tx->trouble = true;
	sc_tx->alone = true;
	ck_assert_ptr_nonnull(sc_text_trouble());
	sc_text_repair_engine();
	ck_assert(!sc_tx->alone);
	ck_assert_ptr_null(sc_text_trouble());
	ck_assert_uint_eq(sc_why_count(), 0);
	finish();
}
END_TEST

/* Ranges are those of a swap alone, and never more than there is room for. */
START_TEST(test_ranges_are_believed_with_care)
{
	begin_patched();
	lose_range(true, true);
	if (_i == 0)
		sc_tx->mode = SC_IN_PLACE;
	else
		sc_tx->max_ranges = 0;
	sc_text_repair_engine();
	expect_idle();
	ck_assert(!sc_is_mapped(code.text.start));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("repair");

	tcase_add_test(tc, test_text_is_given_back);
	tcase_add_test(tc, test_stuck_text_is_given_back);
	tcase_add_test(tc, test_a_probe_is_made_again);
	tcase_add_test(tc, test_text_that_cannot_be_given_back_is_believed);
	tcase_add_test(tc, test_pristine_text_is_not_looked_at);
	tcase_add_test(tc, test_arena_is_emptied);
	tcase_add_loop_test(tc, test_a_lost_range_comes_back, 0, 2);
	tcase_add_loop_test(tc, test_other_ranges_stay, 0, 2);
	tcase_add_test(tc, test_notes_are_forgotten);
	tcase_add_loop_test(tc, test_ranges_are_believed_with_care, 0, 2);
	return unit_end();
}
