/* SPDX-License-Identifier: MIT */
/* sort.c - a natural merge sort. */
#include "sc_config.h"

#include <string.h>

#include "sort.h"
#include "text.h"

/* The end of the sorted run that begins at @from. */
static size_t run_end(struct sc_patch *const *a, size_t from, size_t n)
{
	while (++from < n)
		if (a[from]->addr < a[from - 1]->addr)
			break;
	return from;
}

static void merge(struct sc_patch *const *a, size_t from, size_t mid, size_t to,
		  struct sc_patch **out)
{
	size_t i = from, j = mid, k;

	for (k = from; k < to; k++)
		out[k] = j == to || (i < mid && a[i]->addr <= a[j]->addr) ?
				 a[i++] : a[j++];
}

/* Merges runs in pairs from @a to @out; returns how many there were. */
static size_t merge_runs(struct sc_patch *const *a, struct sc_patch **out,
			 size_t n)
{
	size_t from = 0, runs = 0;

	while (from < n) {
		size_t mid = run_end(a, from, n), to = mid;

		runs++;
		if (mid < n) {
			to = run_end(a, mid, n);
			runs++;
		}
		merge(a, from, mid, to, out);
		from = to;
	}
	return runs;
}

void sc_sort(struct sc_patch **a, struct sc_patch **scratch, size_t n)
{
	if (run_end(a, 0, n) >= n)
		return;
	for (;;) {
		if (merge_runs(a, scratch, n) <= 2)
			break;
		if (merge_runs(scratch, a, n) <= 2)
			return;
	}
	memcpy(a, scratch, n * sizeof(*a));
}
