/* SPDX-License-Identifier: MIT */
/* test_plan.c - the order of a plan: changes by address, keys each once. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mem.h"
#include "plan.h"
#include "unit.h"

#define MAX	5000

static struct sc_change changes[MAX + 1], scratch[MAX + 1];
static struct sc_plan plan = { .changes = changes, .scratch = scratch };
static uintptr_t addrs[MAX];

/* The change of the place number @i, a pointer that nobody follows. */
static struct sc_change change(size_t i)
{
	return (struct sc_change){
		.addr = addrs[i], .place = (void *)(uintptr_t)i,
	};
}

static void put_ends(size_t n)
{
	plan.n_changes = n;
	changes[n].place = (void *)&plan;
	scratch[n].place = (void *)addrs;
}

/* Fills the plan with @n changes; their addresses are @addr(i). */
static void fill(size_t n, uintptr_t (*addr)(size_t i, size_t n))
{
	size_t i;

	for (i = 0; i < n; i++) {
		addrs[i] = addr(i, n);
		changes[i] = change(i);
	}
	put_ends(n);
}

static int by_addr(const void *a, const void *b)
{
	const uintptr_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The same addresses as the C library's sort has, and each place once. */
static void expect_sorted(size_t n)
{
	static uintptr_t want[MAX];
	static char seen[MAX];
	size_t i;

	for (i = 0; i < n; i++)
		want[i] = addrs[i];
	qsort(want, n, sizeof(want[0]), by_addr);
	memset(seen, 0, sizeof(seen));
	sc_plan_sort_changes(&plan);
	for (i = 0; i < n; i++) {
		size_t which = (size_t)(uintptr_t)changes[i].place;

		ck_assert_uint_eq(changes[i].addr, want[i]);
		ck_assert_uint_lt(which, n);
		ck_assert_uint_eq(addrs[which], want[i]);
		ck_assert(!seen[which]);
		seen[which] = 1;
		/* the order of equal ones stays */
		if (i && changes[i - 1].addr == changes[i].addr)
			ck_assert(changes[i - 1].place < changes[i].place);
	}
	/* neither array was left */
	ck_assert_ptr_eq(changes[n].place, (void *)&plan);
	ck_assert_ptr_eq(scratch[n].place, (void *)addrs);
}

static uintptr_t up(size_t i, size_t n)
{
	return i;
}

static uintptr_t down(size_t i, size_t n)
{
	return n - i;
}

static uintptr_t same(size_t i, size_t n)
{
	return 7;
}

static uintptr_t random_addr(size_t i, size_t n)
{
	return (uintptr_t)random() << 20 ^ (uintptr_t)random();
}

static uintptr_t few(size_t i, size_t n)
{
	return (uintptr_t)random() % 5;
}

/* The usual order: sorted runs, one for each key. */
static uintptr_t runs(size_t i, size_t n)
{
	return i % 17 * 1000 + (i / 17) * 3;
}

static uintptr_t (*const shapes[])(size_t, size_t) = {
	up, down, same, random_addr, few, runs,
};
#define N_SHAPES	(sizeof(shapes) / sizeof(shapes[0]))

START_TEST(test_sort_small)
{
	size_t n;

	for (n = 0; n <= 70; n++) {
		fill(n, shapes[_i]);
		expect_sorted(n);
	}
}
END_TEST

START_TEST(test_sort_large)
{
	size_t n = getenv("SC_TEST_SHORT") ? MAX / 10 : MAX;

	fill(n, shapes[_i]);
	expect_sorted(n);
	/* again, on sorted changes */
	expect_sorted(n);
}
END_TEST

/* All orders of up to seven, so no case of the merge is left out. */
START_TEST(test_sort_all_permutations)
{
	size_t n = (size_t)_i, i, total = 1, code;

	for (i = 2; i <= n; i++)
		total *= i;
	for (code = 0; code < total; code++) {
		uintptr_t left[8];
		size_t c = code;

		for (i = 0; i < n; i++)
			left[i] = i;
		for (i = 0; i < n; i++) {
			size_t pick = c % (n - i);

			c /= n - i;
			addrs[i] = left[pick];
			changes[i] = change(i);
			left[pick] = left[n - i - 1];
		}
		put_ends(n);
		expect_sorted(n);
	}
}
END_TEST

/* ---------------------------------------------------------------- keys */

/* Keys at @n addresses in the order of @addr(i); the last is there @times. */
static void fill_keys(size_t n, size_t times, uintptr_t (*addr)(size_t, size_t))
{
	size_t i;

	ck_assert_int_eq(sc_plan_reserve_keys(&plan, n + times), 0);
	sc_plan_clear(&plan);
	for (i = 0; i < n + times; i++)
		plan.keys[plan.n_keys++].key = (struct static_call_key *)
			(addr(i < n ? i : n, n) * 32);
}

START_TEST(test_keys_are_sorted)
{
	size_t n, i;

	for (n = 0; n < 200; n++) {
		fill_keys(n, 1, _i ? down : up);
		ck_assert(sc_plan_sort_keys(&plan));
		ck_assert_uint_eq(plan.n_keys, n + 1);
		for (i = 1; i < plan.n_keys; i++)
			ck_assert(plan.keys[i - 1].key < plan.keys[i].key);
	}
}
END_TEST

START_TEST(test_a_key_twice_is_seen)
{
	size_t n;

	for (n = 0; n < 200; n++) {
		fill_keys(n, 2, _i ? down : up);
		ck_assert(!sc_plan_sort_keys(&plan));
	}
}
END_TEST

START_TEST(test_room_grows_and_is_returned)
{
	struct sc_plan p = { .n_keys = 0 };
	struct traces traces;

	traces_look(&traces);
	ck_assert_int_eq(sc_plan_reserve_changes(&p, 3000), 0);
	ck_assert_int_eq(sc_plan_reserve_keys(&p, 3000), 0);
	memset(p.changes, 1, 3000 * sizeof(*p.changes));
	memset(p.scratch, 1, 3000 * sizeof(*p.scratch));
	memset(p.keys, 1, 3000 * sizeof(*p.keys));
	ck_assert_int_eq(sc_plan_reserve_changes(&p, 9000), 0);
	ck_assert_int_eq(sc_plan_reserve_keys(&p, 9000), 0);
	memset(p.changes, 1, 9000 * sizeof(*p.changes));
	memset(p.keys, 1, 9000 * sizeof(*p.keys));
	/* no memory: what there was stays */
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_plan_reserve_changes(&p, 90000), -ENOMEM);
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_plan_reserve_keys(&p, 90000), -ENOMEM);
	ck_assert_uint_eq(p.max_changes, 9000);
	ck_assert_uint_eq(p.max_keys, 9000);
	memset(p.changes, 1, 9000 * sizeof(*p.changes));
	sc_plan_free(&p);
	traces_same(&traces);
}
END_TEST

/* So an update that is no larger than the last one never fails for it. */
START_TEST(test_room_that_is_there_needs_no_memory)
{
	struct sc_plan p = { .n_keys = 0 };
	size_t n;

	ck_assert_int_eq(sc_plan_reserve_changes(&p, 100), 0);
	ck_assert_int_eq(sc_plan_reserve_keys(&p, 100), 0);
	for (n = 0; n <= 100; n += 50) {
		sc_alloc_fail_after = 0;
		ck_assert_int_eq(sc_plan_reserve_changes(&p, n), 0);
		ck_assert_int_eq(sc_plan_reserve_keys(&p, n), 0);
		ck_assert_uint_eq(p.max_changes, 100);
		ck_assert_uint_eq(p.max_keys, 100);
	}
	sc_alloc_fail_after = -1;
	sc_plan_free(&p);
	ck_assert_ptr_null(p.keys);
	ck_assert_ptr_null(p.changes);
	ck_assert_uint_eq(p.max_keys + p.max_changes, 0);
}
END_TEST

/* The kernel is asked for the pages of the room once, and again for new room. */
START_TEST(test_pages_of_the_room_come_once)
{
	struct sc_plan p = { .n_keys = 0 };

	ck_assert_int_eq(sc_plan_reserve_changes(&p, 9000), 0);
	sc_plan_expect(&p, 4000);
	ck_assert_uint_eq(p.n_touched, 4000);
	p.n_changes = 3000;
	sc_plan_expect(&p, 1000);
	ck_assert_uint_eq(p.n_touched, 4000);
	sc_plan_expect(&p, 6000);
	ck_assert_uint_eq(p.n_touched, 9000);
	sc_plan_clear(&p);
	sc_plan_expect(&p, 9000);
	ck_assert_uint_eq(p.n_touched, 9000);
	ck_assert_int_eq(sc_plan_reserve_changes(&p, 10000), 0);
	ck_assert_uint_eq(p.n_touched, 0);
	sc_plan_free(&p);
}
END_TEST

/* Room for few keys is in the plan, and is not given back with the other. */
START_TEST(test_few_keys_need_no_memory)
{
	size_t page = 4096;
	uint8_t *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* It begins a page, as what can be given back does. */
	struct sc_plan *p = (void *)(memory + page -
				     offsetof(struct sc_plan, few));

	ck_assert((void *)memory != MAP_FAILED);
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_plan_reserve_keys(p, SC_PLAN_FEW), 0);
	ck_assert_ptr_eq(p->keys, p->few);
	ck_assert_uint_eq(p->max_keys, SC_PLAN_FEW);
	ck_assert_int_eq(sc_plan_reserve_keys(p, SC_PLAN_FEW + 1), -ENOMEM);
	if (_i)
		ck_assert_int_eq(sc_plan_reserve_keys(p, SC_PLAN_FEW + 1), 0);
	memset(p->few, 0, sizeof(p->few));
	sc_alloc_fail_after = -1;
	sc_plan_free(p);
	memset(p->few, 0, sizeof(p->few));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("plan");

	tcase_add_loop_test(tc, test_sort_small, 0, N_SHAPES);
	tcase_add_loop_test(tc, test_sort_large, 0, N_SHAPES);
	tcase_add_loop_test(tc, test_sort_all_permutations, 0,
			    getenv("SC_TEST_SHORT") ? 6 : 8);
	tcase_add_loop_test(tc, test_keys_are_sorted, 0, 2);
	tcase_add_loop_test(tc, test_a_key_twice_is_seen, 0, 2);
	tcase_add_test(tc, test_room_grows_and_is_returned);
	tcase_add_test(tc, test_room_that_is_there_needs_no_memory);
	tcase_add_test(tc, test_pages_of_the_room_come_once);
	tcase_add_loop_test(tc, test_few_keys_need_no_memory, 0, 2);
	return unit_end();
}
