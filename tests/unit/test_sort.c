/* SPDX-License-Identifier: MIT */
/* test_sort.c - sorting places by address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sort.h"
#include "text.h"
#include "unit.h"

#define MAX	5000

static struct sc_patch patches[MAX];
static struct sc_patch *order[MAX + 1], *scratch[MAX + 1];

/* Fills order[] with @n places; their addresses are @addr(i). */
static void fill(size_t n, uintptr_t (*addr)(size_t i, size_t n))
{
	size_t i;

	for (i = 0; i < n; i++) {
		patches[i].addr = (uint8_t *)addr(i, n);
		order[i] = patches + i;
	}
	order[n] = scratch[n] = (struct sc_patch *)&order;
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
		want[i] = (uintptr_t)patches[i].addr;
	qsort(want, n, sizeof(want[0]), by_addr);
	memset(seen, 0, sizeof(seen));
	sc_sort(order, scratch, n);
	for (i = 0; i < n; i++) {
		size_t which = (size_t)(order[i] - patches);

		ck_assert_uint_eq((uintptr_t)order[i]->addr, want[i]);
		ck_assert_uint_lt(which, n);
		ck_assert(!seen[which]);
		seen[which] = 1;
	}
	/* neither array was left */
	ck_assert_ptr_eq(order[n], (struct sc_patch *)&order);
	ck_assert_ptr_eq(scratch[n], (struct sc_patch *)&order);
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

/* What is usual: sorted runs, one for each key. */
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
	/* and once more what is sorted */
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
			patches[i].addr = (uint8_t *)left[pick];
			order[i] = patches + i;
			left[pick] = left[n - i - 1];
		}
		order[n] = scratch[n] = (struct sc_patch *)&order;
		expect_sorted(n);
	}
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("sort");

	tcase_add_loop_test(tc, test_sort_small, 0, N_SHAPES);
	tcase_add_loop_test(tc, test_sort_large, 0, N_SHAPES);
	tcase_add_loop_test(tc, test_sort_all_permutations, 0,
			    getenv("SC_TEST_SHORT") ? 6 : 8);
	return unit_end();
}
