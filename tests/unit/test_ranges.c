/* SPDX-License-Identifier: MIT */
/* test_ranges.c - what becomes a range, and how places are found and read. */
#include "sc_config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sample.h"
#include "unit.h"
#include "wrap.h"

static int find_fails(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma)
{
	return -EIO;
}

/* Not known is not the same as not there. */
START_TEST(test_mappings_that_cannot_be_read_are_an_error)
{
	start();
	begin(COMPANY, 2, 1);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.find = find_fails;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EIO);
	wraps.find = NULL;
	expect_all(0, 1, 2);
	finish();
}
END_TEST

static size_t count_steps(char step)
{
	const char *s = steps_seen;
	size_t n = 0;

	while ((s = strchr(s, step))) {
		s++;
		n++;
	}
	return n;
}

/* A run whose places are all left alone moves nowhere. */
START_TEST(test_no_range_without_a_change)
{
	static const uint8_t ud2[2] = { 0x0f, 0x0b };

	start();
	begin(COMPANY, 20, 1);
	code_poke(code.places[0].addr, ud2, 2);
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 19, 3), 0);
	ck_assert_uint_eq(count_steps('D'), 1);
	ck_assert_uint_eq(count_steps('R'), 0);
	ck_assert_int_eq(code_call(&code, 19), 3);
	/* nor does one of which no place is left */
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 20, 4), 0);
	ck_assert_uint_eq(count_steps('D'), 0);
}
END_TEST

/* -------------------------------------------------------------- places */

#define N_CHANGES	21

/* The same as one that looks at each; behind the end lies what is not looked at. */
START_TEST(test_changes_are_searched_as_one_by_one)
{
	struct sc_change changes[N_CHANGES + 1] = { 0 };
	size_t n = (size_t)_i, i, want;
	uintptr_t addr;

	start();
	for (i = 0; i < n; i++)
		changes[i].addr = 10 + 2 * i;
	sc_tx->changes = changes;
	sc_tx->n_changes = n;
	for (i = 0; i < n; i++) {
		for (addr = 9; addr < 12 + 2 * n; addr++) {
			want = i;
			while (want < n && changes[want].addr < addr)
				want++;
			ck_assert_uint_eq(sc_change_behind(i, addr), want);
		}
	}
	ck_assert_uint_eq(sc_change_behind(n, 5), n);
}
END_TEST

static int mem_opened;

static int count_mem(const char *path, int flags)
{
	size_t len = strlen(path);

	mem_opened += len >= 4 && strcmp(path + len - 4, "/mem") == 0;
	return __real_open(path, flags);
}

/* The transaction's descriptor serves all that is read. */
START_TEST(test_execute_only_text_opens_mem_once)
{
	start();
	sc_system.can_flip = false;
	begin(COMPANY, 3, 2);
	ck_assert_int_eq(mprotect((void *)code.text.start, 3 * SC_PAGE,
				  PROT_EXEC), 0);
	wraps.open = count_mem;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_int_eq(mem_opened, 1);
	expect_all(0, 1, 3);
}
END_TEST

/* The update says why it could not look at the places. */
START_TEST(test_places_that_cannot_be_read_are_an_error)
{
	start();
	begin(COMPANY, 1, 2);
	ck_assert_int_eq(mprotect((void *)code.text.start, SC_PAGE, PROT_EXEC),
			 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.open = no_mem;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EACCES);
	wraps.open = NULL;
	expect_all(0, 1, 2);
}
END_TEST

/* An older kernel does not say which pages can be read. */
static int as_before_5_14(void *p, size_t len, int advice)
{
	if (advice != MADV_POPULATE_READ)
		return __real_madvise(p, len, advice);
	errno = EINVAL;
	return -1;
}

START_TEST(test_what_can_be_read_is_read_without_mem)
{
	start();
	begin(COMPANY, 2, 2);
	wraps.madvise = as_before_5_14;
	wraps.open = no_mem;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
}
END_TEST

START_TEST(test_why_text_cannot_be_read)
{
	uint8_t byte;

	start();
	code_make(&code, 1, 1);
	code.text.readable = false;
	wraps.open = no_mem;
	ck_assert_int_eq(sc_text_read(&code.text, &byte, code.text.start, 1),
			 -EACCES);
	wraps.open = NULL;
	/* where nothing is mapped */
	ck_assert_int_eq(sc_text_read(&code.text, &byte, 1, 1), -EIO);
	ck_assert_int_eq(sc_text_read(&code.text, &byte, code.text.start, 1), 0);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("ranges");

	tcase_add_test(tc, test_mappings_that_cannot_be_read_are_an_error);
	tcase_add_test(tc, test_no_range_without_a_change);
	tcase_add_loop_test(tc, test_changes_are_searched_as_one_by_one, 0,
			    N_CHANGES);
	tcase_add_test(tc, test_execute_only_text_opens_mem_once);
	tcase_add_test(tc, test_places_that_cannot_be_read_are_an_error);
	tcase_add_test(tc, test_what_can_be_read_is_read_without_mem);
	tcase_add_test(tc, test_why_text_cannot_be_read);
	return unit_end();
}
