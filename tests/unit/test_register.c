/* SPDX-License-Identifier: MIT */
/*
 * test_register.c - what is learned of a text as it comes, and given back as it
 * goes.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps.h"
#include "mem.h"
#include "sample.h"
#include "unit.h"
#include "wrap.h"

/* As left by a text that was here before. */
static void register_anew(void)
{
	struct sc_text *text = &code.text;

	text->offset = text->inode = 99;
	text->major = text->minor = 99;
	text->readable = text->usable = text->asked = true;
	sc_text_register(text);
}

/* The second page of a file, readable or not. */
START_TEST(test_what_is_learned_of_text)
{
	struct sc_text *text = &code.text;
	struct traces before;
	struct sc_maps maps;
	struct sc_vma vma;

	start();
	code_map(&code, 3, 1);
	text->start += SC_PAGE;
	if (_i)
		ck_assert_int_eq(mprotect((void *)text->start, SC_PAGE,
					  PROT_EXEC), 0);
	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert_int_eq(sc_maps_find(&maps, text->start, &vma), 0);
	sc_maps_close(&maps);
	traces_look(&before);
	register_anew();
	traces_same(&before);
	ck_assert(text->asked);
	ck_assert(text->usable);
	ck_assert_int_eq(text->readable, !_i);
	ck_assert_uint_eq(text->offset, SC_PAGE);
	ck_assert_uint_eq(text->inode, vma.inode);
	ck_assert_uint_eq(text->major, vma.major);
	ck_assert_uint_eq(text->minor, vma.minor);
}
END_TEST

static int find_error;

static int find_fails(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma)
{
	return find_error;
}

/* An update asks again, but not where nothing is mapped. */
START_TEST(test_text_that_cannot_be_asked_for)
{
	struct traces before;

	start();
	code_map(&code, 1, 1);
	traces_look(&before);
	sc_tx->trouble = false;
	register_anew();
	ck_assert(!sc_tx->trouble);
	sc_text_rest();
	wraps.open = no_open;
	register_anew();
	ck_assert(!code.text.asked);
	ck_assert(!code.text.usable);
	ck_assert(sc_tx->trouble);
	wraps.open = NULL;
	wraps.find = find_fails;
	find_error = -EIO;
	sc_tx->trouble = false;
	register_anew();
	ck_assert(!code.text.asked);
	ck_assert(!code.text.usable);
	ck_assert(sc_tx->trouble);
	find_error = -ENOENT;
	register_anew();
	ck_assert(code.text.asked);
	ck_assert(!code.text.usable);
	ck_assert_uint_eq(code.text.inode, 99);
	traces_same(&before);
}
END_TEST

/*
 * Which pages the kernel would move: the library's own, and those of the text from
 * the first on and behind its end.
 */
#define OWN	1u
#define PAGE(n)	(2u << (n))
#define ALL	(OWN | PAGE(0) | PAGE(1) | PAGE(2) | PAGE(3))

static const struct {
	size_t pages;
	bool can_swap;
	unsigned int movable;
	bool usable;
} moves[] = {
	{ 1, true, OWN | PAGE(0), true },
	{ 1, true, ALL & ~PAGE(0), false },
	{ 3, true, OWN | PAGE(0) | PAGE(1), true },
	{ 3, true, ALL & ~PAGE(0), false },
	{ 3, true, ALL & ~PAGE(1), false },
	/* A system that moves nothing says nothing of this text. */
	{ 3, true, 0, true },
	{ 3, false, OWN, true },
};
#define N_MOVES	((int)(sizeof(moves) / sizeof(moves[0])))

static unsigned int movable;

static void *may_move(void *from, size_t len, int flags, void *to)
{
	uintptr_t page = (uintptr_t)from;
	unsigned int bit = PAGE((page - code.text.start) / SC_PAGE);

	if (page == (uintptr_t)sc_probe_function)
		bit = OWN;
	else
		ck_assert_uint_ge(page, code.text.start);
	return movable & bit ? from : MAP_FAILED;
}

START_TEST(test_text_that_does_not_move_is_not_used)
{
	start();
	code_map(&code, moves[_i].pages, 1);
	sc_system.can_swap = moves[_i].can_swap;
	movable = moves[_i].movable;
	wraps.mremap = may_move;
	register_anew();
	ck_assert(code.text.asked);
	ck_assert_int_eq(code.text.usable, moves[_i].usable);
}
END_TEST

/* ------------------------------------------------------------- is it there */

START_TEST(test_text_is_still_mapped)
{
	struct traces before;

	start();
	code_make(&code, 1, 1);
	traces_look(&before);
	ck_assert(sc_text_is_mapped(&code.text));
	code.text.inode++;
	ck_assert(!sc_text_is_mapped(&code.text));
	code.text.inode--;
	ck_assert_int_eq(munmap((void *)code.text.start, SC_PAGE), 0);
	ck_assert(!sc_text_is_mapped(&code.text));
	/* What cannot be read is taken to be there. */
	sc_text_rest();
	wraps.open = no_open;
	ck_assert(sc_text_is_mapped(&code.text));
	wraps.open = NULL;
	traces_look(&traces);
	ck_assert_uint_eq(traces.fds, before.fds);
}
END_TEST

/* ------------------------------------------------------------ room for ranges */

#define ROOM(pages)	((pages) * SC_PAGE / sizeof(struct sc_range))

/* What is there is enough, and is given back for more. */
START_TEST(test_room_grows)
{
	struct traces before, now;

	start();
	ck_assert_int_eq(sc_text_reserve(ROOM(3)), 0);
	traces_look(&before);
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_text_reserve(ROOM(3)), 0);
	ck_assert_int_eq(sc_text_reserve(1), 0);
	ck_assert_int_eq(sc_text_reserve(ROOM(3) + 1), -ENOMEM);
	ck_assert_uint_eq(sc_tx->max_ranges, ROOM(3));
	ck_assert_int_eq(sc_text_reserve(ROOM(5)), 0);
	ck_assert_uint_eq(sc_tx->max_ranges, ROOM(5));
	traces_look(&now);
	if (memory_is_ours())
		ck_assert_uint_eq(now.bytes, before.bytes + 2 * SC_PAGE);
}
END_TEST

/* ------------------------------------------------------------- the way back */

static uintptr_t discarded;

static int note_discarded(void *p, size_t len, int advice)
{
	if (advice == MADV_DONTNEED)
		discarded = (uintptr_t)p + len;
	return __real_madvise(p, len, advice);
}

/* Pages behind the last place keep what others have written there. */
START_TEST(test_restore_ends_with_the_last_place)
{
	start();
	begin(COMPANY, 4, 1);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	code.text.n_places = 2;
	wraps.madvise = note_discarded;
	sc_text_restore(&code.text);
	ck_assert_uint_eq(discarded, code.text.start + 2 * SC_PAGE);
	ck_assert_int_eq(code_call(&code, 1), CODE_PRISTINE);
	ck_assert_int_eq(code_call(&code, 2), 2);
}
END_TEST

/* Before 5.18 mlocked pages were not given back. */
static int as_before_5_18(void *p, size_t len, int advice)
{
	if (advice != MADV_DONTNEED_LOCKED)
		return __real_madvise(p, len, advice);
	errno = EINVAL;
	return -1;
}

START_TEST(test_mlocked_text_is_restored_and_stays_mlocked)
{
	start();
	begin(COMPANY, 2, 1);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(mlock((void *)code.text.start, 2 * SC_PAGE), 0);
	wraps.madvise = as_before_5_18;
	sc_text_restore(&code.text);
	expect_all(0, 1, CODE_PRISTINE);
	ck_assert(!sc_text_is_patched(&code.text));
	ck_assert_int_eq(sc_maps_has_flag(code.text.start, "lo"), 1);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("register");

	tcase_add_loop_test(tc, test_what_is_learned_of_text, 0, 2);
	tcase_add_test(tc, test_text_that_cannot_be_asked_for);
	tcase_add_loop_test(tc, test_text_that_does_not_move_is_not_used, 0,
			    N_MOVES);
	tcase_add_test(tc, test_text_is_still_mapped);
	tcase_add_test(tc, test_room_grows);
	tcase_add_test(tc, test_restore_ends_with_the_last_place);
	tcase_add_test(tc, test_mlocked_text_is_restored_and_stays_mlocked);
	return unit_end();
}
