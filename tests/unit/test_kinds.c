/* SPDX-License-Identifier: MIT */
/*
 * test_kinds.c - text of every kind: execute-only, split, large, locked, gone.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sample.h"
#include "maps.h"
#include "unit.h"
#include "wrap.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

/* ------------------------------------------------------ kinds of text */

static void only_execute(size_t page, size_t pages)
{
	ck_assert_int_eq(mprotect((void *)(code.text.start + page * SC_PAGE),
				  pages * SC_PAGE, PROT_EXEC), 0);
}

static void update_twice(size_t first, size_t step)
{
	ck_assert_int_eq(code_update(&code, first, step, 2), 0);
	expect_all(first, step, 2);
	ck_assert_int_eq(code_update(&code, first, step, 3), 0);
	expect_all(first, step, 3);
	ck_assert_ptr_null(strchr(steps_seen, 'R'));
}

START_TEST(test_execute_only)
{
	int late = _i & 1, by_mprotect = _i & 2;
	size_t i;

	start();
	code_map(&code, 4, 3);
	if (!late)
		only_execute(0, 4);
	code_register(&code);
	if (late)
		only_execute(0, 4);
	company_start();
	if (by_mprotect) {
		wraps.open = no_mem;
		/* it cannot be read, so it is left as it is */
		ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
		expect_all(0, 1, CODE_PRISTINE);
		return;
	}
	/* The first swap maps the file once more, for good. */
	ck_assert_int_eq(code_update(&code, 0, 1, 9), 0);
	code_look();
	update_twice(0, 1);
	for (i = 0; i < code.n; i++)
		ck_assert_int_eq(code_call(&code, i), 3);
	code_same();
	ck_assert_int_eq(sc_maps_has_flag(code.text.start, "rd"), 0);
	sc_text_restore(&code.text);
	expect_all(0, 1, CODE_PRISTINE);
}
END_TEST

/* Text in several mappings: one kind of split each. */
START_TEST(test_split_mappings)
{
	void *middle;

	start();
	begin(_i % 2 ? COMPANY : ALONE, 12, 3);
	middle = (void *)(code.text.start + 4 * SC_PAGE);
	if (_i / 2 == 0)
		only_execute(4, 3);
	else if (_i / 2 == 1)
		ck_assert_int_eq(madvise(middle, 3 * SC_PAGE, MADV_DONTFORK),
				 0);
	else
		ck_assert_int_eq(mlock(middle, 3 * SC_PAGE), 0);
	code_look();
	update_twice(0, 1);
	code_expect_consistent(&code);
	code_same();
	sc_text_restore(&code.text);
	expect_all(0, 1, CODE_PRISTINE);
	code_same();
}
END_TEST

/* ------------------------------------------------ text that is another's */

/* Something else with the same bytes lies where a page of text was. */
static void replace_page(void *page, size_t at, int kind)
{
	const int rx = PROT_READ | PROT_EXEC;
	int fd = open(code.path, O_RDONLY | O_CLOEXEC), prot = rx;
	int flags = MAP_FIXED | (kind == 2 ? MAP_SHARED : MAP_PRIVATE);
	char name[] = "unit-other-XXXXXX";

	ck_assert_int_ge(fd, 0);
	switch (kind) {
	case 0:	/* of another file */
		close(fd);
		fd = mkstemp(name);
		unlink(name);
		ck_assert_int_eq(write(fd, (void *)code.text.start,
				       code.pages * SC_PAGE),
				 (long)(code.pages * SC_PAGE));
		break;
	case 1:	/* from elsewhere in the file */
		at += SC_PAGE;
		break;
	case 3:
		prot = rx | PROT_WRITE;
		break;
	}
	ck_assert(mmap(page, SC_PAGE, prot, flags, fd, (off_t)at) == page);
	close(fd);
}

START_TEST(test_replaced_text)
{
	size_t at = 2 * SC_PAGE;
	uint8_t bytes[SC_PAGE];
	void *page;

	start();
	begin(COMPANY, 5, 2);
	page = (void *)(code.text.start + at);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	replace_page(page, at, _i);
	/* with work of its own, which nobody may give back */
	if (_i != 2)
		code_poke((uint8_t *)page + 100, "\x0f\x0b", 2);
	memcpy(bytes, page, SC_PAGE);
	/* patched as far as is known: it cannot be changed nor left */
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EBUSY);
	ck_assert_mem_eq(page, bytes, SC_PAGE);
	ck_assert_int_eq(code_call(&code, 0), 2);
	/* its neighbours can */
	ck_assert_int_eq(code_update(&code, 0, 9, 4), 0);
	ck_assert_int_eq(code_call(&code, 0), 4);
	ck_assert_int_eq(code_call(&code, 9), 4);
	/* nor is it given back to a file that is not its own */
	sc_text_restore(&code.text);
	ck_assert_mem_eq(page, bytes, SC_PAGE);
	ck_assert_int_eq(code_call(&code, 0), CODE_PRISTINE);
}
END_TEST

/* Text of that kind from the start is never patched. */
START_TEST(test_unusable_text)
{
	start();
	code_map(&code, 1, 2);
	if (_i < 4 && _i > 1)
		replace_page((void *)code.text.start, 0, _i);
	else
		ck_assert(mmap((void *)code.text.start, SC_PAGE,
			       PROT_READ | PROT_EXEC, MAP_PRIVATE |
			       MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
			  (void *)code.text.start);
	sc_text_register(&code.text);
	ck_assert(!code.text.usable);
}
END_TEST

static size_t longest;
static int blocks;

static void *measure(void *from, size_t len, int flags, void *to)
{
	uintptr_t block = ((uintptr_t)from + (2ul << 20) - 1) &
			  ~((2ul << 20) - 1);

	if (len > longest)
		longest = len;
	if (block + (2ul << 20) <= (uintptr_t)from + len)
		blocks++;
	return __real_mremap(from, len, len, flags, to);
}

/* 5 MB in one update, in ranges that never cover a whole 2 MB block. */
START_TEST(test_large_text)
{
	start();
	begin(COMPANY, 1280, 2);
	wraps.mremap = measure;
	update_twice(0, 1);
	finish();
	ck_assert_uint_gt(longest, 512 * 1024);
	ck_assert_int_eq(blocks, 0);
}
END_TEST

/* A page that is not there, or is something else now, is not touched. */
START_TEST(test_hole)
{
	void *page;
	int patched = _i & 1;

	start();
	begin(COMPANY, 5, 2);
	page = (void *)(code.text.start + 2 * SC_PAGE);
	if (patched)
		ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	if (_i & 2)
		ck_assert_int_eq(munmap(page, SC_PAGE), 0);
	else
		ck_assert(mmap(page, SC_PAGE, PROT_READ | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
			  == page);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), patched ? -EBUSY : 0);
	ck_assert_int_eq(code_call(&code, 0), patched ? 2 : 3);
	ck_assert_int_eq(code_call(&code, 3), patched ? 2 : 3);
	ck_assert_int_eq(code_call(&code, 6), patched ? 2 : 3);
	/* the rest alone can still be changed */
	ck_assert_int_eq(code_update(&code, 0, 9, 4), 0);
	ck_assert_int_eq(code_call(&code, 0), 4);
	ck_assert_int_eq(code_call(&code, 9), 4);
}
END_TEST

/* ---------------------------------------------------------------- locked */

static size_t locked_kb(void)
{
	struct traces now;

	traces_look(&now);
	return now.locked_kb;
}

static void lock_text(int kind)
{
	void *p = (void *)code.text.start;
	size_t len = code.pages * SC_PAGE;

	switch (kind) {
	case 0:
		ck_assert_int_eq(mlock(p, len), 0);
		break;
	case 1:
		ck_assert_int_eq(syscall(SYS_mlock2, p, len, MLOCK_ONFAULT), 0);
		break;
	default:
		ck_assert_int_eq(mlockall(MCL_CURRENT), 0);
		/*
		 * The reserved address space has no memory.  The kernel counts
		 * it all the same, until something moves there.
		 */
		if (code.text.arena)
			munlock((void *)code.text.arena, len);
	}
}

/*
 * More than an ordinary user may: the stack of a thread is part of it.  Under a
 * sanitizer nothing is locked: its shadow has no place in memory.
 */
static bool can_lock_all(void)
{
	return mmap(NULL, 32ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0) != MAP_FAILED && mlockall(MCL_CURRENT) == 0 &&
	       locked_kb() > 0;
}

START_TEST(test_locked_text)
{
	size_t locked;
	int i, kind = _i / 2;

	start();
	begin(_i % 2 ? COMPANY : ALONE, 4, 3);
	lock_text(kind);
	code_look();
	locked = locked_kb();
	ck_assert_uint_gt(locked, 0);
	for (i = 2; i < 20; i++) {
		ck_assert_int_eq(code_update(&code, 0, 3, i), 0);
		expect_all(0, 3, i);
	}
	sc_text_restore(&code.text);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
	ck_assert_uint_eq(locked_kb(), locked);
	ck_assert_int_eq(sc_maps_has_flag(code.text.start, "lo"), 1);
	ck_assert_int_eq(sc_maps_has_flag(code.text.end - 1, "lo"), 1);
	ck_assert_int_eq(sc_maps_has_flag(code.text.start, "lf"), kind == 1);
}
END_TEST

/* The way back locks again too. */
START_TEST(test_locked_text_after_a_failure)
{
	const struct {
		const char *letters;
		int skip, times;
	} faults[] = {
		{ "DR", 0, 2 }, { "DR", 1, 2 }, { "D", 0, 1 }, { "E", 0, 1 },
		{ "F", 1, 1 },
	};
	size_t locked;

	start();
	begin(COMPANY, 20, 4);
	lock_text(0);
	locked = locked_kb();
	code_look();
	steps_fail(faults[_i].letters, faults[_i].skip, faults[_i].times,
		   -EIO);
	code_update(&code, 0, 76, 3);
	steps_clear();
	finish();
	ck_assert_uint_eq(locked_kb(), locked);
	ck_assert_int_eq(sc_maps_has_flag(code.text.start, "lo"), 1);
	ck_assert_int_eq(sc_maps_has_flag(code.text.end - 1, "lo"), 1);
}
END_TEST

static int refuse_lock(const void *p, size_t len)
{
	errno = ENOMEM;
	return -1;
}

/*
 * Whoever locked memory as root and then became somebody else could not lock it
 * again: it stays where it is, locked, and pristine.
 */
START_TEST(test_locked_text_that_could_not_be_locked_again)
{
	size_t locked;

	start();
	begin(COMPANY, 4, 3);
	ck_assert_int_eq(code_update(&code, 0, 3, 2), 0);
	lock_text(0);
	code_look();
	locked = locked_kb();
	wraps.mlock = refuse_lock;
	ck_assert_int_eq(code_update(&code, 0, 3, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	ck_assert_ptr_nonnull(sc_text_trouble());
	ck_assert_ptr_nonnull(strstr(sc_text_trouble(), "mlock: "));
	sc_text_restore(&code.text);
	finish();
	ck_assert_uint_eq(locked_kb(), locked);
	ck_assert_int_eq(sc_maps_has_flag(code.text.start, "lo"), 1);
	wraps.mlock = NULL;
	ck_assert_int_eq(code_update(&code, 0, 3, 4), 0);
	expect_all(0, 3, 4);
	ck_assert_uint_eq(locked_kb(), locked);
}
END_TEST

/* ------------------------------------------------------------- restore */

START_TEST(test_restore)
{
	start();
	begin(_i & 1 ? COMPANY : ALONE, 9, 3);
	ck_assert_int_eq(code_update(&code, _i & 2 ? 14 : 0, 1, 2), 0);
	sc_text_restore(&code.text);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
	/* nothing patched: nothing done */
	steps_clear();
	sc_text_restore(&code.text);
	ck_assert_str_eq(steps_seen, "");
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

START_TEST(test_restore_without_a_view)
{
	start();
	begin(COMPANY, 2, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.open = no_open;
	sc_text_restore(&code.text);
	wraps.open = NULL;
	finish();
}
END_TEST

START_TEST(test_reserve_without_memory)
{
	extern int sc_alloc_fail_after;

	start();
	begin(COMPANY, 2, 3);
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_text_reserve(100000), -ENOMEM);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	finish();
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("kinds");

	tcase_add_loop_test(tc, test_execute_only, 0, 4);
	tcase_add_loop_test(tc, test_split_mappings, 0, 6);
	tcase_add_test(tc, test_large_text);
	tcase_add_loop_test(tc, test_hole, 0, 4);
	tcase_add_loop_test(tc, test_replaced_text, 0, 4);
	tcase_add_loop_test(tc, test_unusable_text, 2, 5);
	tcase_add_loop_test(tc, test_locked_text, 0, 4);
	unit_add_if(tc, test_locked_text, 4, 6, can_lock_all);
	tcase_add_loop_test(tc, test_locked_text_after_a_failure, 0, 5);
	tcase_add_test(tc, test_locked_text_that_could_not_be_locked_again);
	tcase_add_loop_test(tc, test_restore, 0, 4);
	tcase_add_test(tc, test_restore_without_a_view);
	tcase_add_test(tc, test_reserve_without_memory);
	return unit_end();
}
