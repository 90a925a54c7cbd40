/* SPDX-License-Identifier: MIT */
/* test_edit.c - how a copy is written, and what comes of it where that fails. */
#include "sc_config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sample.h"
#include "unit.h"
#include "wrap.h"

static size_t writes, bytes;
static size_t failing_write;

/* Counts what is written to copies; text itself is written otherwise. */
static ssize_t count_writes(int fd, const void *buf, size_t len, off_t at)
{
	if (is_move_in((void *)at))
		return __real_pwrite(fd, buf, len, at);
	writes++;
	bytes += len;
	if (writes == failing_write) {
		errno = EIO;
		return -1;
	}
	return __real_pwrite(fd, buf, len, at);
}

/* Copies are written through the mem file. */
static void start_without_mprotect(size_t pages)
{
	start();
	sc_system.can_flip = false;
	begin(COMPANY, pages, 1);
	wraps.pwrite = count_writes;
}

/* A page that moves along and does not change costs no memory. */
START_TEST(test_only_pages_that_change_are_written)
{
	start_without_mprotect(10);
	ck_assert_int_eq(code_update(&code, 0, 9, 3), 0);
	ck_assert_uint_eq(bytes, 2 * SC_PAGE);
	expect_all(0, 9, 3);
	finish();
}
END_TEST

/* Pages in a row are written at once, so many as there is room for. */
START_TEST(test_pages_are_written_in_batches)
{
	start_without_mprotect(SC_BATCH + 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_uint_eq(bytes, (SC_BATCH + 4) * SC_PAGE);
	ck_assert_uint_eq(writes, 2);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* A copy of which a part could not be written never moves in. */
START_TEST(test_a_write_that_fails_leaves_text_pristine)
{
	start_without_mprotect(_i ? SC_BATCH + 4 : 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	failing_write = writes + 1;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_uint_ge(writes, failing_write);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}
END_TEST

static void no_mem_before_the_checks(char step)
{
	wraps.open = step == 'B' ? no_mem : NULL;
}

/* The mem file is asked for again when it is needed. */
START_TEST(test_mem_that_opens_late)
{
	start_without_mprotect(3);
	steps_watch = no_mem_before_the_checks;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	steps_watch = NULL;
	ck_assert_uint_eq(writes, 1);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

static int refused_prot, n_refused;

static int refuse_prot(void *p, size_t len, int prot)
{
	if (!(prot & refused_prot))
		return __real_mprotect(p, len, prot);
	n_refused++;
	errno = EACCES;
	return -1;
}

/* Refused once, mprotect() is given up, and this very range is written. */
START_TEST(test_mprotect_is_given_up_when_refused)
{
	start();
	begin(COMPANY, 12, 1);
	wraps.mprotect = refuse_prot;
	refused_prot = _i ? PROT_EXEC : PROT_WRITE;
	ck_assert_int_eq(code_update(&code, 0, 11, 3), 0);
	expect_all(0, 11, 3);
	ck_assert(!sc_system.can_flip);
	ck_assert_int_eq(n_refused, 1);
	finish();
}
END_TEST

static void no_mem_any_more(char step)
{
	if (step == 'E')
		wraps.open = no_mem;
}

/* Execute-only text, which cannot be read in the middle of the update. */
START_TEST(test_a_read_that_fails_leaves_text_pristine)
{
	start();
	begin(COMPANY, 3, 1);
	ck_assert_int_eq(mprotect((void *)code.text.start, 3 * SC_PAGE,
				  PROT_EXEC), 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	steps_watch = no_mem_any_more;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	steps_watch = NULL;
	wraps.open = NULL;
	expect_all(0, 1, CODE_PRISTINE);
	code_expect_consistent(&code);
}
END_TEST

static int n_shown;

static int as_it_may_be_read(void *p, size_t len, int prot)
{
	n_shown++;
	ck_assert_int_eq(code.text.readable, (uintptr_t)p != code.text.arena);
	return __real_mprotect(p, len, prot);
}

/* One range is execute-only, and the other is not. */
START_TEST(test_each_range_is_read_as_it_may_be)
{
	start();
	begin(COMPANY, 20, 1);
	ck_assert_int_eq(mprotect((void *)code.text.start, SC_PAGE, PROT_EXEC),
			 0);
	wraps.mprotect = as_it_may_be_read;
	ck_assert_int_eq(code_update(&code, 0, 19, 3), 0);
	ck_assert_int_eq(n_shown, 4);
	expect_all(0, 19, 3);
}
END_TEST

static bool yes(void)
{
	return true;
}

/* Its page changes, and it is what it was, under the breakpoint. */
START_TEST(test_breakpoint_on_a_place_that_does_not_change)
{
	start();
	begin(COMPANY, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.traced = yes;
	code_poke(code.places[1].addr, "\xcc", 1);
	ck_assert_int_eq(code_update(&code, 0, 4, 3), 0);
	ck_assert_mem_eq(code.places[1].addr, "\xcc\2\0\0\0", 5);
	/* the debugger takes it out */
	code_poke(code.places[1].addr, "\xb8", 1);
	ck_assert_int_eq(code_call(&code, 0), 3);
	ck_assert_int_eq(code_call(&code, 1), 2);
	finish();
}
END_TEST

static int refuse_to_show(void *p, size_t len, int prot)
{
	if (prot != PROT_READ)
		return __real_mprotect(p, len, prot);
	errno = EACCES;
	return -1;
}

/* That says nothing of making memory writable. */
START_TEST(test_a_copy_that_cannot_be_shown_leaves_text_pristine)
{
	start();
	begin(COMPANY, 3, 1);
	ck_assert_int_eq(mprotect((void *)code.text.start, 3 * SC_PAGE,
				  PROT_EXEC), 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.mprotect = refuse_to_show;
	sc_system.can_flip = false;
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	ck_assert_str_eq(steps_seen, "BCDE");
	ck_assert(!sc_tx->no_flip);
	wraps.mprotect = NULL;
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
}
END_TEST

/* Where the probe has found no way to write, nothing is opened for it. */
START_TEST(test_mem_is_not_opened_in_vain)
{
	struct traces before;

	start();
	traces_look(&before);
	sc_system.can_write = false;
	ck_assert_int_eq(sc_open_mem(), -EPERM);
	traces_same(&before);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("edit");

	tcase_add_test(tc, test_only_pages_that_change_are_written);
	tcase_add_test(tc, test_pages_are_written_in_batches);
	tcase_add_loop_test(tc, test_a_write_that_fails_leaves_text_pristine, 0,
			    2);
	tcase_add_test(tc, test_mem_that_opens_late);
	tcase_add_loop_test(tc, test_mprotect_is_given_up_when_refused, 0, 2);
	tcase_add_test(tc, test_a_read_that_fails_leaves_text_pristine);
	tcase_add_test(tc, test_each_range_is_read_as_it_may_be);
	tcase_add_test(tc, test_breakpoint_on_a_place_that_does_not_change);
	tcase_add_test(tc,
		       test_a_copy_that_cannot_be_shown_leaves_text_pristine);
	tcase_add_test(tc, test_mem_is_not_opened_in_vain);
	return unit_end();
}
