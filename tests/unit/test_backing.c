/* SPDX-License-Identifier: MIT */
/*
 * test_backing.c - the file behind text, where its path leads to another file by
 * now: that one is no view of the text, and is never mapped in its place.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps.h"
#include "sample.h"
#include "unit.h"
#include "wrap.h"

/* Another file of this many bytes has taken the name. */
static int other_file(off_t size)
{
	char name[] = "unit-other-XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	return fd;
}

static int other = -1;
static int asked;

static int open_other(const char *path, int flags)
{
	if (strcmp(path, code.path) != 0)
		return __real_open(path, flags);
	asked++;
	return dup(other);
}

/*
 * The other one is shorter, so that its pages cannot be had.  This says nothing
 * of the text.
 */
START_TEST(test_another_file_is_no_view)
{
	other = other_file(0);
	start();
	/* before the first swap, for a view is for good */
	wraps.open = open_other;
	begin(COMPANY, 4, 3);
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	ck_assert_ptr_null(strchr(steps_seen, 'R'));
	ck_assert_int_gt(asked, 0);
	finish();
}
END_TEST

/* As the kernel does when it has no memory half way: the place is gone. */
static void *lose(void *from, size_t len, int flags, void *to)
{
	if (!is_move_in(to))
		return __real_mremap(from, len, len, flags, to);
	munmap(to, len);
	errno = ENOMEM;
	return MAP_FAILED;
}

/* Lost text stays lost rather than become another file's. */
START_TEST(test_another_file_is_never_mapped_as_text)
{
	struct sc_maps maps;
	struct sc_vma vma;

	other = other_file(4 * SC_PAGE);
	start();
	begin(COMPANY, 4, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.open = open_other;
	wraps.mremap = lose;
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_nonnull(strchr(steps_seen, 'L'));
	ck_assert_int_gt(asked, 0);
	wraps.open = NULL;
	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert_int_eq(sc_maps_find(&maps, code.text.start, &vma), 0);
	sc_maps_close(&maps);
	/* held, and nobody's */
	ck_assert_uint_eq(vma.inode, 0);
	ck_assert_uint_eq(vma.flags & SC_VMA_EXEC, 0);
}
END_TEST

/* ------------------------------------------------- asked for in advance */

struct asked_for {
	uintptr_t start;
	size_t len;
};

static struct asked_for ranges[8];
static size_t n_ranges;
static uintptr_t bad_page;
static int bad_errno;

/* Notes what is asked for; @bad_page cannot be had. */
static int note_populate(void *p, size_t len, int advice)
{
	uintptr_t start = (uintptr_t)p;

	if (advice != MADV_POPULATE_READ)
		return __real_madvise(p, len, advice);
	ck_assert_uint_lt(n_ranges, 8);
	ranges[n_ranges++] = (struct asked_for){ start, len };
	errno = bad_errno;
	return bad_page >= start && bad_page - start < len ? -1 : 0;
}

/* Asks for the places on these pages; the result. */
static int ask_for(const size_t *pages, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		code.changes[i].place = code.places + pages[i];
		code.changes[i].addr = (uintptr_t)code.places[pages[i]].addr;
	}
	sc_tx->changes = code.changes;
	sc_tx->n_changes = n;
	n_ranges = 0;
	return sc_fault_in_changes();
}

static void expect_asked(size_t i, size_t page, size_t n_pages)
{
	ck_assert_uint_lt(i, n_ranges);
	ck_assert_uint_eq(ranges[i].start, code.text.start + page * SC_PAGE);
	ck_assert_uint_eq(ranges[i].len, n_pages * SC_PAGE);
}

/* A gap of eight pages is asked for too, one of nine is not. */
START_TEST(test_pages_of_changes_are_asked_for_in_runs)
{
	const size_t pages[] = { 0, 9, 19, 20, 30 };

	start();
	code_make(&code, 31, 1);
	wraps.madvise = note_populate;
	ck_assert_int_eq(ask_for(pages, 5), 0);
	ck_assert_uint_eq(n_ranges, 3);
	expect_asked(0, 0, 10);
	expect_asked(1, 19, 2);
	expect_asked(2, 30, 1);
	ck_assert(code.text.readable);
}
END_TEST

START_TEST(test_a_page_that_cannot_be_had_is_an_error)
{
	const size_t pages[] = { 0, 19, 30 };
	const int errors[] = { EFAULT, EHWPOISON };

	start();
	code_make(&code, 31, 1);
	wraps.madvise = note_populate;
	bad_errno = errors[_i / 3];
	bad_page = code.text.start + pages[_i % 3] * SC_PAGE;
	ck_assert_int_eq(ask_for(pages, 3), -EIO);
	/* what this kernel does not know says nothing, not even of reading */
	bad_errno = EINVAL;
	ck_assert_int_eq(ask_for(pages, 3), 0);
	ck_assert(!code.text.readable);
	/* and the next time it may */
	bad_page = 0;
	ck_assert_int_eq(ask_for(pages, 3), 0);
	ck_assert(code.text.readable);
}
END_TEST

/* Two texts, however near, are two runs: between them nothing may be mapped. */
START_TEST(test_pages_of_two_texts_are_asked_for_apart)
{
	const size_t pages[] = { 0, 1 };
	struct sc_text second;

	start();
	code_make(&code, 4, 1);
	second = code.text;
	code.places[1].text = &second;
	wraps.madvise = note_populate;
	ck_assert_int_eq(ask_for(pages, 2), 0);
	ck_assert_uint_eq(n_ranges, 2);
	expect_asked(0, 0, 1);
	expect_asked(1, 1, 1);
}
END_TEST

START_TEST(test_a_lost_page_of_the_place_is_an_error)
{
	const int errors[] = { EFAULT, ENOMEM, EHWPOISON };
	struct sc_range r = { .text = &code.text, .len = SC_PAGE };

	start();
	code_make(&code, 1, 1);
	r.start = bad_page = code.text.start;
	wraps.madvise = note_populate;
	bad_errno = errors[_i];
	ck_assert_int_eq(sc_fault_in_place(&r), -EIO);
	bad_errno = EINVAL;
	ck_assert_int_eq(sc_fault_in_place(&r), 0);
}
END_TEST

/* ----------------------------------------------------- view, last resort */

static void expect_mappings(const struct traces *before, size_t bytes)
{
	struct traces now;

	traces_look(&now);
	ck_assert_uint_eq(now.fds, before->fds);
	if (memory_is_ours())
		ck_assert_uint_eq(now.bytes, before->bytes + bytes);
}

/* The view is there once, without a descriptor, until the text is forgotten. */
START_TEST(test_view_comes_once_and_goes)
{
	struct sc_range r = { .text = &code.text, .len = SC_PAGE };
	struct traces before;

	start();
	code_make(&code, 4, 1);
	r.start = code.text.start;
	traces_look(&before);
	ck_assert_int_eq(sc_fault_in_range(&r), 0);
	expect_mappings(&before, 4 * SC_PAGE);
	ck_assert_int_eq(sc_fault_in_range(&r), 0);
	expect_mappings(&before, 4 * SC_PAGE);
	sc_view_close(&code.text);
	expect_mappings(&before, 0);
	/* Another file: no view, and nothing is left of the attempt. */
	other = other_file(4 * SC_PAGE);
	before.fds++;
	wraps.open = open_other;
	ck_assert_int_eq(sc_fault_in_range(&r), 0);
	expect_mappings(&before, 0);
	sc_view_close(&code.text);
	expect_mappings(&before, 0);
}
END_TEST

static int opening_errno;

static int cannot_open(const char *path, int flags)
{
	if (strcmp(path, code.path) != 0)
		return __real_open(path, flags);
	asked++;
	errno = opening_errno;
	return -1;
}

/* What was short may be there at the next update. */
START_TEST(test_view_is_tried_again)
{
	static const int errors[] = { EMFILE, ENFILE, ENOMEM, EACCES };
	struct sc_range r = { .text = &code.text, .len = SC_PAGE };

	start();
	code_make(&code, 4, 1);
	r.start = code.text.start;
	wraps.open = cannot_open;
	opening_errno = errors[_i];
	ck_assert_int_eq(sc_fault_in_range(&r), 0);
	ck_assert_int_eq(sc_fault_in_range(&r), 0);
	ck_assert_int_eq(asked, _i == 3 ? 1 : 2);
	wraps.open = NULL;
	ck_assert_int_eq(sc_fault_in_range(&r), 0);
	ck_assert_int_eq(code.text.view == (uintptr_t)MAP_FAILED, _i == 3);
}
END_TEST

/* The lowest address that can be mapped, where the kernel lets root map it. */
#define LOW	((uint8_t *)0x10000)

/* Text without view and arena gives back nothing, not even at address 0. */
START_TEST(test_nothing_is_not_given_back)
{
	start();
	code_make(&code, 40, 1);
	ck_assert_uint_eq(code.text.view, 0);
	ck_assert_uint_eq(code.text.arena, 0);
	ck_assert(mmap(LOW, SC_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		       0) == LOW);
	sc_text_forget(&code.text);
	ck_assert_int_eq(msync(LOW, SC_PAGE, MS_ASYNC), 0);
}
END_TEST

static bool low_can_be_mapped(void)
{
	return mmap(LOW, SC_PAGE, PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
	       LOW;
}

START_TEST(test_last_resort_maps_the_file_or_says_no)
{
	struct sc_range r = { .text = &code.text, .len = 2 * SC_PAGE };
	struct traces before;

	start();
	code_make(&code, 4, 1);
	r.start = code.text.start + SC_PAGE;
	traces_look(&before);
	munmap((void *)r.start, r.len);
	ck_assert_int_eq(sc_map_file_back(&r), 0);
	expect_all(0, 1, CODE_PRISTINE);
	expect_mappings(&before, 0);
	/* mmap() refuses this address. */
	r.start++;
	ck_assert_int_eq(sc_map_file_back(&r), -EIO);
	expect_mappings(&before, 0);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("backing");

	tcase_add_test(tc, test_another_file_is_no_view);
	tcase_add_test(tc, test_another_file_is_never_mapped_as_text);
	tcase_add_test(tc, test_pages_of_changes_are_asked_for_in_runs);
	tcase_add_loop_test(tc, test_a_page_that_cannot_be_had_is_an_error, 0,
			    6);
	tcase_add_test(tc, test_pages_of_two_texts_are_asked_for_apart);
	tcase_add_loop_test(tc, test_a_lost_page_of_the_place_is_an_error, 0, 3);
	tcase_add_test(tc, test_view_comes_once_and_goes);
	tcase_add_loop_test(tc, test_view_is_tried_again, 0, 4);
	unit_add_if(tc, test_nothing_is_not_given_back, 0, 1, low_can_be_mapped);
	tcase_add_test(tc, test_last_resort_maps_the_file_or_says_no);
	return unit_end();
}
