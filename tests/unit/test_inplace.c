/* SPDX-License-Identifier: MIT */
/* test_inplace.c - which changes are written in place, alone, and which move. */
#include "sc_config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sample.h"
#include "unit.h"
#include "wrap.h"

/* Changes all places of two pages, which may be the same one. */
static int update_pages(size_t page, size_t other, uint8_t value)
{
	size_t i, n = 0;
	int err;

	for (i = 0; i < code.n; i++) {
		struct sc_change *c = code.changes + n;
		uintptr_t at = sc_page_of((uintptr_t)code.places[i].addr);

		if (at != code.text.start + page * SC_PAGE &&
		    at != code.text.start + other * SC_PAGE)
			continue;
		c->place = code.places + i;
		c->addr = (uintptr_t)c->place->addr;
		c->target = NULL;
		memset(c->wanted, 0, sizeof(c->wanted));
		c->wanted[0] = 0xb8;
		c->wanted[1] = value;
		n++;
	}
	err = sc_text_prepare(code.changes, n);
	if (!err)
		sc_text_commit();
	return err;
}

/*
 * In place are at most 16 writes for each run of pages, and 2 for each page; a
 * run ends where more than seven pages lie between.  Traps part one write from
 * another.
 */
static const struct {
	size_t pages, per_page, other;
	uint8_t padding;
	bool in_place;
} updates[] = {
	{ 1, 18, 0, CODE_TRAPS, true },
	{ 1, 19, 0, CODE_TRAPS, false },
	{ 10, 12, 8, CODE_TRAPS, false },
	{ 10, 12, 9, CODE_TRAPS, true },
	{ 1, 128, 0, 0x90, true },
	{ 10, 128, 8, 0x90, true },
};
#define N_UPDATES	((int)(sizeof(updates) / sizeof(updates[0])))

START_TEST(test_few_writes_are_done_in_place)
{
	start();
	code_padding = updates[_i].padding;
	begin(ALONE, updates[_i].pages, updates[_i].per_page);
	ck_assert_int_eq(update_pages(0, updates[_i].other, 3), 0);
	ck_assert_int_eq(strchr(steps_seen, 'D') == NULL, updates[_i].in_place);
	ck_assert_int_eq(code_call(&code, 0), 3);
	finish();
}
END_TEST

/* ---------------------------------------------- how far a write goes */

static size_t written, n_writes;

static ssize_t count_write(int fd, const void *buf, size_t len, off_t at)
{
	written += len;
	n_writes++;
	return __real_pwrite(fd, buf, len, at);
}

/* From the first place of a page to the last, with what is between. */
START_TEST(test_a_page_is_one_write)
{
	size_t i, len, n = (size_t)1 << _i;

	start();
	begin(ALONE, 3, n);
	len = (size_t)(code.places[n - 1].addr - code.places[0].addr) + 5;
	wraps.pwrite = count_write;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	wraps.pwrite = NULL;
	ck_assert_str_eq(steps_seen, "AAA");
	ck_assert_uint_eq(written, 3 * len);
	for (i = 0; i < code.n; i++)
		ck_assert_int_eq(code_call_neighbour(&code, i), CODE_NEIGHBOUR);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* Offsets from the second of four places; one place takes 32 bytes. */
static const struct {
	int at;
	size_t n_writes;
} traps[] = {
	{ -1, 2 }, { 6, 2 }, { 15, 2 }, { 31, 2 }, { 63, 2 }, { 64 + 6, 1 },
};
#define N_TRAPS	((int)(sizeof(traps) / sizeof(traps[0])))

START_TEST(test_a_write_ends_before_a_trap)
{
	uint8_t *trap;

	start();
	begin(ALONE, 1, 128);
	code.n = 4;
	trap = code.places[1].addr + traps[_i].at;
	code_poke(trap, "\xcc", 1);
	wraps.pwrite = count_write;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	wraps.pwrite = NULL;
	ck_assert_uint_eq(n_writes, traps[_i].n_writes);
	ck_assert_uint_eq(*trap, 0xcc);
	expect_all(0, 1, 3);
}
END_TEST

/* A number that has the byte of a trap in it, in the middle of the places. */
START_TEST(test_a_trap_within_a_place_is_none)
{
	start();
	begin(ALONE, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 0x00cc00cc), 0);
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_str_eq(steps_seen, "A");
	expect_all(0, 1, 3);
	finish();
}
END_TEST

static int n_opened;

static int count_open(const char *path, int flags)
{
	n_opened++;
	return __real_open(path, flags);
}

/* And kept until the lock is let go. */
START_TEST(test_the_mem_file_is_opened_once)
{
	int fd;

	start();
	begin(ALONE, 1, 4);
	sc_text_rest();
	wraps.open = count_open;
	ck_assert_int_eq(code_prepare(&code, 0, 1, 3), 0);
	sc_text_commit();
	fd = sc_tx->mem.fd;
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(code_prepare(&code, 0, 1, 4), 0);
	sc_text_commit();
	ck_assert_int_eq(sc_tx->mem.fd, fd);
	ck_assert_int_eq(n_opened, 1);
	sc_text_rest();
	ck_assert_int_lt(sc_tx->mem.fd, 0);
	finish();
}
END_TEST

/* What lies behind the last change has no say. */
START_TEST(test_only_changes_are_counted)
{
	start();
	begin(ALONE, 33, 2);
	code.n = 64;
	code.changes[65].addr = (uintptr_t)code.places[0].addr;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_null(strchr(steps_seen, 'D'));
	expect_all(0, 1, 3);
}
END_TEST

/* What the last move left in the arena goes, as it would before the next one. */
START_TEST(test_arena_is_empty_after_an_update_in_place)
{
	struct sc_maps maps;
	struct sc_vma vma;

	start();
	begin(ALONE, 1, 4);
	company_start();
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	company_end();
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_null(strchr(steps_seen, 'D'));
	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert_int_eq(sc_maps_find(&maps, code.text.arena, &vma), 0);
	sc_maps_close(&maps);
	ck_assert_uint_eq(vma.inode, 0);
	finish();
}
END_TEST

/* ------------------------------------------------- writes that fail */

static int failing_errno;

static ssize_t fail_in_text(int fd, const void *buf, size_t len, off_t at)
{
	if (!is_move_in((void *)at))
		return __real_pwrite(fd, buf, len, at);
	errno = failing_errno;
	return -1;
}

/* EIO is from a kernel that lets nobody write to text: not tried again. */
START_TEST(test_a_write_that_fails_is_done_by_moving)
{
	start();
	begin(ALONE, 1, 4);
	wraps.pwrite = fail_in_text;
	failing_errno = _i ? EIO : ENOMEM;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_nonnull(strchr(steps_seen, 'D'));
	expect_all(0, 1, 3);
	ck_assert_int_eq(sc_system.can_write, !_i);
	finish();
}
END_TEST

static int n_written;
static void (*after_the_first)(void);

/* The first write succeeds, and no other: it cannot be taken back. */
static ssize_t write_once(int fd, const void *buf, size_t len, off_t at)
{
	if (!is_move_in((void *)at) || n_written++ == 0)
		return __real_pwrite(fd, buf, len, at);
	after_the_first();
	errno = ENOMEM;
	return -1;
}

static void nothing_opens(void)
{
	wraps.open = no_open;
}

/* Where its page cannot be discarded, the new bytes are what the place holds. */
START_TEST(test_a_write_that_stays_is_known)
{
	struct sc_place *p;

	start();
	begin(ALONE, 2, 1);
	p = code.places;
	wraps.pwrite = write_once;
	after_the_first = nothing_opens;
	ck_assert_int_lt(code_update(&code, 0, 1, 3), 0);
	wraps.open = NULL;
	wraps.pwrite = NULL;
	ck_assert_mem_eq(p->addr, "\xb8\3\0\0\0", 5);
	ck_assert_mem_eq(p->live, p->addr, 5);
	finish();
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
}
END_TEST

static void map_another(void)
{
	void *page = (void *)code.text.start;

	if (n_written > 2)
		return;
	ck_assert(mmap(page, SC_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
	memset(page, 0x55, SC_PAGE);
}

/* What the program has mapped there meanwhile is not discarded. */
START_TEST(test_only_text_is_discarded)
{
	start();
	begin(ALONE, 2, 1);
	wraps.pwrite = write_once;
	after_the_first = map_another;
	code_update(&code, 0, 1, 3);
	ck_assert_int_ge(n_written, 3);
	ck_assert_uint_eq(*(uint8_t *)code.text.start, 0x55);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("inplace");

	unit_add_if(tc, test_few_writes_are_done_in_place, 0, N_UPDATES,
		    can_be_alone);
	unit_add_if(tc, test_a_page_is_one_write, 0, 8, can_be_alone);
	unit_add_if(tc, test_a_write_ends_before_a_trap, 0, N_TRAPS,
		    can_be_alone);
	unit_add_if(tc, test_a_trap_within_a_place_is_none, 0, 1, can_be_alone);
	unit_add_if(tc, test_the_mem_file_is_opened_once, 0, 1, can_be_alone);
	unit_add_if(tc, test_only_changes_are_counted, 0, 1, can_be_alone);
	unit_add_if(tc, test_arena_is_empty_after_an_update_in_place, 0, 1,
		    can_be_alone);
	unit_add_if(tc, test_a_write_that_fails_is_done_by_moving, 0, 2,
		    can_be_alone);
	unit_add_if(tc, test_a_write_that_stays_is_known, 0, 1, can_be_alone);
	unit_add_if(tc, test_only_text_is_discarded, 0, 1, can_be_alone);
	return unit_end();
}
