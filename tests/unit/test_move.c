/* SPDX-License-Identifier: MIT */
/*
 * test_move.c - moving pages: what is asked of the kernel, what is held while they
 * move, and what is left of a move that failed.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps.h"
#include "sample.h"
#include "unit.h"
#include "wrap.h"

static struct sc_range range = { .text = &code.text, .len = SC_PAGE };

/* One page of text, and nothing that was done to it. */
static void start_with_a_page(void)
{
	start();
	code_make(&code, 1, 1);
	range.start = code.text.start;
	ck_assert_int_eq(sc_maps_open(&sc_tx->maps, false), 0);
}

static void find(uintptr_t page, struct sc_vma *vma)
{
	struct sc_maps maps;

	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert_int_eq(sc_maps_find(&maps, page, vma), 0);
	sc_maps_close(&maps);
}

static int refused_errno;

static int refuse_msync(void *p, size_t len, int flags)
{
	errno = refused_errno;
	return -1;
}

/* Whatever the last error was; and only ENOMEM says that there is nothing. */
START_TEST(test_what_is_mapped)
{
	start_with_a_page();
	errno = ENOMEM;
	ck_assert(sc_is_mapped(range.start));
	wraps.msync = refuse_msync;
	refused_errno = EPERM;
	ck_assert(sc_is_mapped(range.start));
	wraps.msync = NULL;
	munmap((void *)range.start, SC_PAGE);
	ck_assert(!sc_is_mapped(range.start));
}
END_TEST

/* ------------------------------------------------------ mlocked memory */

static int lock_calls;

static int count_lock_calls(const void *p, size_t len)
{
	lock_calls++;
	return 0;
}

/* The cheap question is enough; and where it is refused the other one is asked. */
START_TEST(test_text_that_is_not_mlocked)
{
	start_with_a_page();
	if (_i)
		wraps.msync = refuse_msync;
	else
		wraps.open = no_open;
	wraps.mlock = wraps.munlock = count_lock_calls;
	ck_assert(sc_range_unlock(&range));
	ck_assert_int_eq(range.mlocked, SC_UNLOCKED);
	ck_assert_int_eq(sc_range_relock(&range), 0);
	ck_assert_int_eq(lock_calls, 0);
}
END_TEST

/* ----------------------------------------------------------- the arena */

static int refused_flag, refused_prot, n_mapped;

static void *count_and_refuse(void *p, size_t len, int prot, int flags)
{
	n_mapped++;
	if (!(flags & refused_flag) || prot != refused_prot)
		return __real_mmap(p, len, prot, flags, -1, 0);
	errno = refused_errno;
	return MAP_FAILED;
}

/* Then text becomes pristine, and the next update tries again. */
START_TEST(test_no_room_for_an_arena)
{
	start();
	code_make(&code, 2, 1);
	company_start();
	wraps.mmap = count_and_refuse;
	refused_flag = MAP_NORESERVE;
	refused_errno = ENOMEM;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(sc_tx->why_not_moved, -ENOMEM);
	ck_assert_uint_eq(code.text.arena, 0);
	expect_all(0, 1, CODE_PRISTINE);
	wraps.mmap = NULL;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	ck_assert_uint_ne(code.text.arena, 0);
}
END_TEST

START_TEST(test_arena_is_reserved_where_text_moves)
{
	start();
	code_make(&code, 1, 1);
	code.text.usable = _i & 1;
	sc_system.can_swap = _i & 2;
	sc_text_reserve_arena(&code.text);
	ck_assert_int_eq(code.text.arena != 0, _i == 3);
}
END_TEST

/* What is clean is not cleared, least of all where there is no arena. */
START_TEST(test_arena_is_cleared_once)
{
	start();
	code_make(&code, 1, 1);
	company_start();
	wraps.mmap = count_and_refuse;
	sc_arena_clear(&code.text);
	ck_assert_int_eq(n_mapped, 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	n_mapped = 0;
	sc_arena_clear(&code.text);
	ck_assert_int_eq(n_mapped, 1);
	sc_arena_clear(&code.text);
	ck_assert_int_eq(n_mapped, 1);
}
END_TEST

START_TEST(test_a_copy_that_stays_out_is_dropped)
{
	struct sc_vma vma;

	start();
	begin(COMPANY, 2, 1);
	steps_fail("F", 0, 1, -EIO);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	find(code.text.arena, &vma);
	ck_assert_uint_eq(vma.inode, 0);
	ck_assert_uint_eq(vma.flags, 0);
}
END_TEST

/* A child must not unmap what is another mapping by then. */
START_TEST(test_text_that_is_forgotten_has_no_arena)
{
	uintptr_t arena;

	start();
	begin(COMPANY, 2, 1);
	arena = code.text.arena;
	ck_assert(sc_is_mapped(arena));
	sc_text_forget(&code.text);
	ck_assert_uint_eq(code.text.arena, 0);
	ck_assert(!sc_is_mapped(arena));
}
END_TEST

/* A move out that fails: the arena is as it was, or has a hole. */
static bool makes_a_hole;

static void *fail_move_out(void *from, size_t len, int flags, void *to)
{
	if (is_move_in(to) || !(flags & MREMAP_FIXED))
		return __real_mremap(from, len, len, flags, to);
	if (makes_a_hole)
		munmap(to, len);
	errno = ENOMEM;
	return MAP_FAILED;
}

START_TEST(test_arena_after_a_move_that_failed)
{
	uintptr_t arena;

	start();
	begin(COMPANY, 2, 1);
	arena = code.text.arena;
	makes_a_hole = _i;
	wraps.mremap = fail_move_out;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	ck_assert(!code.text.torn);
	ck_assert(sc_is_mapped(arena));
	ck_assert(sc_is_mapped(arena + SC_PAGE));
	wraps.mremap = NULL;
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
	ck_assert_uint_eq(code.text.arena, arena);
	finish();
}
END_TEST

/*
 * Before 4.17 the kernel took MAP_FIXED_NOREPLACE for a hint.  Here another thread
 * has just been faster.
 */
static void *hole;
static int *taken;

static void *map_elsewhere(void *p, size_t len, int prot, int flags)
{
	if (p != hole || !(flags & MAP_FIXED_NOREPLACE))
		return __real_mmap(p, len, prot, flags, -1, 0);
	taken = __real_mmap(p, SC_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0);
	ck_assert(taken == p);
	*taken = 4711;
	return __real_mmap(p, len, prot, flags & ~MAP_FIXED_NOREPLACE, -1, 0);
}

static void *lose_all(void *from, size_t len, int flags, void *to)
{
	if (is_move_in(to)) {
		munmap(to, len);
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return __real_mremap(from, len, len, flags, to);
}

/* What the kernel has mapped elsewhere does not stay. */
START_TEST(test_a_hint_is_no_place)
{
	struct traces before, now;

	start();
	begin(COMPANY, 1, 1);
	/* one page goes, and the other thread's comes */
	traces_look(&before);
	makes_a_hole = true;
	hole = (void *)(_i ? code.text.start : code.text.arena);
	wraps.mremap = _i ? lose_all : fail_move_out;
	wraps.mmap = map_elsewhere;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_nonnull(taken);
	ck_assert_int_eq(*taken, 4711);
	ck_assert_int_eq(code.text.torn, !_i);
	traces_look(&now);
	if (memory_is_ours())
		ck_assert_uint_eq(now.bytes, before.bytes);
}
END_TEST

/* ------------------------------------------------- refused by the system */

static bool strict;
static int asked;

static bool is_strict(void)
{
	asked++;
	return strict;
}

/* How memory is counted is asked once in each update that moves anything. */
START_TEST(test_accounting_is_asked_for_in_each_update)
{
	start();
	begin(COMPANY, 20, 1);
	wraps.strict_overcommit = is_strict;
	ck_assert_int_eq(code_update(&code, 0, 19, 3), 0);
	expect_all(0, 19, 3);
	ck_assert_int_eq(asked, 1);
	strict = true;
	wraps.open = no_mem;
	ck_assert_int_eq(code_update(&code, 0, 19, 4), 0);
	expect_all(0, 19, CODE_PRISTINE);
	ck_assert_int_eq(asked, 2);
}
END_TEST

static int refuse_discard(void *p, size_t len, int advice)
{
	if (advice == MADV_POPULATE_READ)
		return __real_madvise(p, len, advice);
	errno = refused_errno;
	return -1;
}

/* EINVAL is mlocked text, on a kernel that does not give it back. */
START_TEST(test_why_text_is_not_given_back)
{
	start_with_a_page();
	wraps.madvise = refuse_discard;
	refused_errno = ENOMEM;
	ck_assert_int_eq(sc_give_back(&range), -ENOMEM);
	refused_errno = EINVAL;
	ck_assert_int_eq(sc_give_back(&range), -EPERM);
	wraps.madvise = NULL;
	ck_assert_int_eq(sc_give_back(&range), 0);
}
END_TEST

/* ---------------------------------------------------------- what is lost */

static void map_there(int prot)
{
	ck_assert(mmap((void *)range.start, SC_PAGE, prot, MAP_PRIVATE |
		       MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		  (void *)range.start);
}

static int cannot_find(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma)
{
	*vma = (struct sc_vma){ .flags = 0 };
	return -EIO;
}

/* What is there, or may be, is not lost; but what only keeps the place is. */
START_TEST(test_what_is_lost)
{
	start_with_a_page();
	ck_assert(!sc_range_is_lost(&range));
	map_there(PROT_READ | PROT_WRITE);
	ck_assert(!sc_range_is_lost(&range));
	map_there(PROT_NONE);
	ck_assert(sc_range_is_lost(&range));
	wraps.find = cannot_find;
	ck_assert(!sc_range_is_lost(&range));
	munmap((void *)range.start, SC_PAGE);
	ck_assert(sc_range_is_lost(&range));
}
END_TEST

static int n_lost;

static void *lose_once(void *from, size_t len, int flags, void *to)
{
	return n_lost++ == 0 ? lose_all(from, len, flags, to) :
			       __real_mremap(from, len, len, flags, to);
}

/* What keeps the place is no other mapping: the next try goes on from there. */
START_TEST(test_lost_text_is_held_until_it_moves)
{
	start();
	begin(COMPANY, 1, 1);
	ck_assert_int_eq(code_prepare(&code, 0, 1, 3), 0);
	wraps.mremap = lose_once;
	steps_fail("L", 0, 3, -EIO);
	sc_text_commit();
	ck_assert_str_eq(steps_seen, "EFLLLL");
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* ----------------------------------------------------------- whole blocks */

/* Far from all else, where blocks begin. */
#define FAR	(1ul << 40)

/* Pages from there on: the text, and what is held while it moves in; 0: nothing. */
static const struct {
	int first, last, held[2];
} holds[] = {
	{ 100, 103, { 99, 0 } },
	{ 512, 515, { 516, 0 } },
	{ 510, 513, { 509, 514 } },
	{ 508, 511, { 507, 0 } },
};
#define N_HOLDS	((int)(sizeof(holds) / sizeof(holds[0])))

static uintptr_t held[3];
static size_t n_held;

static void *note_held(void *p, size_t len, int prot, int flags)
{
	if (flags & MAP_FIXED_NOREPLACE) {
		ck_assert_uint_lt(n_held, 3);
		held[n_held++] = (uintptr_t)p;
	}
	if (!(flags & refused_flag))
		return __real_mmap(p, len, prot, flags, -1, 0);
	errno = refused_errno;
	return MAP_FAILED;
}

static void start_far(int first, int last)
{
	size_t len = (size_t)(last + 1 - first) * SC_PAGE;
	void *far = (void *)(FAR + (uintptr_t)first * SC_PAGE);

	start();
	code_map(&code, len / SC_PAGE, 1);
	ck_assert(__real_mremap((void *)code.text.start, len, len,
				MREMAP_MAYMOVE | MREMAP_FIXED, far) == far);
	code.text.start = (uintptr_t)far;
	code.text.end = (uintptr_t)far + len;
	code_register(&code);
	company_start();
	wraps.mmap = note_held;
}

START_TEST(test_what_is_held_while_text_moves_in)
{
	size_t i;

	start_far(holds[_i].first, holds[_i].last);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	for (i = 0; i < n_held; i++) {
		ck_assert_uint_eq(held[i], FAR + (uintptr_t)holds[_i].held[i] *
						     SC_PAGE);
		ck_assert(!sc_is_mapped(held[i]));
	}
	ck_assert_uint_eq(n_held, holds[_i].held[1] ? 2 : 1);
}
END_TEST

/* Somebody who maps just that page will do as well; no memory for one will not. */
START_TEST(test_what_cannot_be_held)
{
	start_far(holds[2].first, holds[2].last);
	refused_flag = MAP_FIXED_NOREPLACE;
	refused_errno = _i ? EEXIST : ENOMEM;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, _i ? 2 : CODE_PRISTINE);
	ck_assert_uint_eq(n_held, _i ? 2 : 1);
}
END_TEST

/* ------------------------------------------------ mappings that merge */

static int touches;

static ssize_t count_touches(int fd, const void *buf, size_t len, off_t at)
{
	if (is_move_in((void *)at)) {
		touches++;
		ck_assert_mem_eq((void *)at, buf, len);
		ck_assert_uint_eq(len, 1);
	}
	return __real_pwrite(fd, buf, len, at);
}

static void start_without_mprotect(size_t pages, size_t per_page)
{
	start();
	sc_system.can_flip = false;
	code_make(&code, pages, per_page);
	company_start();
	wraps.pwrite = count_touches;
}

/* Once in the life of a text, and where there is more than one range. */
START_TEST(test_ranges_are_joined_once)
{
	int i;

	start_without_mprotect(20, 1);
	ck_assert_int_eq(code_update(&code, 19, 1, 2), 0);
	ck_assert_int_eq(touches, 0);
	ck_assert(!code.text.joined);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(code_update(&code, 0, 19, 3 + i), 0);
		expect_all(0, 19, 3 + i);
		ck_assert_int_eq(touches, 2);
		ck_assert(code.text.joined);
	}
}
END_TEST

/* An error that comes before the first move. */
START_TEST(test_nothing_is_touched_where_a_check_fails)
{
	start_without_mprotect(30, 1);
	/* else all are pristine, which is right for any target */
	ck_assert_int_eq(code_update(&code, 10, 20, 2), 0);
	steps_fail("C", 2, 1, -EIO);
	ck_assert_int_eq(code_update(&code, 0, 10, 3), -EIO);
	ck_assert_str_eq(steps_seen, "BCCC");
	ck_assert_int_eq(touches, 0);
	ck_assert(!code.text.joined);
}
END_TEST

static ssize_t as_it_may_be_read(int fd, const void *buf, size_t len, off_t at)
{
	if (is_move_in((void *)at))
		ck_assert_int_eq(code.text.readable,
				 (uintptr_t)at >= code.text.start + SC_PAGE);
	return count_touches(fd, buf, len, at);
}

/* One range is execute-only, and the other is not. */
START_TEST(test_each_range_is_read_as_it_may_be)
{
	start_without_mprotect(20, 1);
	ck_assert_int_eq(mprotect((void *)code.text.start, SC_PAGE, PROT_EXEC),
			 0);
	wraps.pwrite = as_it_may_be_read;
	ck_assert_int_eq(code_update(&code, 0, 19, 3), 0);
	ck_assert_int_eq(touches, 2);
	expect_all(0, 19, 3);
}
END_TEST

/* Never in what somebody else has written there, nor where all bytes differ. */
START_TEST(test_only_common_bytes_of_ours_are_touched)
{
	static const uint8_t ud2[2] = { 0x0f, 0x0b };
	size_t i;

	start_without_mprotect(20, 2);
	code_poke(code.places[0].addr, ud2, 2);
	for (i = 1; i < SC_INSN_MAX; i++)
		code.places[39].live[i] = (uint8_t)~code.places[39].pristine[i];
	code_poke(code.places[39].addr, code.places[39].live, 5);
	ck_assert_int_eq(code_update(&code, 0, 19, 3), 0);
	ck_assert_int_eq(touches, 2);
	ck_assert_mem_eq(code.places[0].addr, ud2, 2);
	ck_assert_int_eq(code_call(&code, 38), 3);
}
END_TEST

/* Then the next update tries again. */
START_TEST(test_a_range_that_cannot_be_touched_is_not_joined)
{
	struct sc_place *p;
	size_t i;

	start_without_mprotect(20, 1);
	p = code.places + 19;
	for (i = 1; i < p->len; i++)
		p->live[i] = (uint8_t)~p->pristine[i];
	code_poke(p->addr, p->live, p->len);
	ck_assert_int_eq(code_update(&code, 0, 19, 3), 0);
	ck_assert_int_eq(touches, 1);
	ck_assert(!code.text.joined);
	expect_all(0, 19, 3);
	ck_assert_int_eq(code_update(&code, 0, 19, 4), 0);
	ck_assert_int_eq(touches, 3);
	ck_assert(code.text.joined);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("move");

	tcase_add_test(tc, test_what_is_mapped);
	tcase_add_loop_test(tc, test_text_that_is_not_mlocked, 0, 2);
	tcase_add_test(tc, test_no_room_for_an_arena);
	tcase_add_loop_test(tc, test_arena_is_reserved_where_text_moves, 0, 4);
	tcase_add_test(tc, test_arena_is_cleared_once);
	tcase_add_test(tc, test_a_copy_that_stays_out_is_dropped);
	tcase_add_test(tc, test_text_that_is_forgotten_has_no_arena);
	tcase_add_loop_test(tc, test_arena_after_a_move_that_failed, 0, 2);
	tcase_add_loop_test(tc, test_a_hint_is_no_place, 0, 2);
	tcase_add_test(tc, test_accounting_is_asked_for_in_each_update);
	tcase_add_test(tc, test_why_text_is_not_given_back);
	tcase_add_test(tc, test_what_is_lost);
	tcase_add_test(tc, test_lost_text_is_held_until_it_moves);
	tcase_add_loop_test(tc, test_what_is_held_while_text_moves_in, 0,
			    N_HOLDS);
	tcase_add_loop_test(tc, test_what_cannot_be_held, 0, 2);
	tcase_add_test(tc, test_ranges_are_joined_once);
	tcase_add_test(tc, test_nothing_is_touched_where_a_check_fails);
	tcase_add_test(tc, test_each_range_is_read_as_it_may_be);
	tcase_add_test(tc, test_a_range_that_cannot_be_touched_is_not_joined);
	tcase_add_test(tc, test_only_common_bytes_of_ours_are_touched);
	return unit_end();
}
