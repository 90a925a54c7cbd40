/* SPDX-License-Identifier: MIT */
/*
 * plan.c - the memory of a plan, and its order.
 *
 * A thread that forks copies the plan while another thread may be at work on
 * it.  So the room is announced by its size, which is stored last; and the old
 * room is let go before the new one is there.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "mem.h"
#include "plan.h"
#include "valgrind.h"

static void store_size(size_t *max, size_t n)
{
	__atomic_store_n(max, n, __ATOMIC_RELEASE);
}

/*
 * A child that sees a size has the room that belongs to it.  If it sees 0 it
 * makes room of its own, and one of the two stays mapped there.
 */
int sc_plan_reserve_keys(struct sc_plan *plan, size_t n)
{
	size_t old = plan->max_keys;
	struct sc_plan_key *keys, *old_keys = plan->keys;

	if (n <= old)
		return 0;
	/* An update of few keys never fails for want of memory. */
	keys = plan->few;
	if (n > SC_PLAN_FEW)
		keys = sc_alloc(n * sizeof(*keys));
	else
		n = SC_PLAN_FEW;
	if (!keys)
		return -ENOMEM;
	store_size(&plan->max_keys, 0);
	plan->keys = keys;
	store_size(&plan->max_keys, n);
	if (old_keys != plan->few)
		sc_free(old_keys, old * sizeof(*keys));
	return 0;
}

int sc_plan_reserve_changes(struct sc_plan *plan, size_t n)
{
	struct sc_change *both, *old_both = plan->changes;
	size_t old = plan->max_changes;

	if (n <= old)
		return 0;
	both = sc_alloc(2 * n * sizeof(*both));
	if (!both)
		return -ENOMEM;
	store_size(&plan->max_changes, 0);
	plan->changes = both;
	plan->scratch = both + n;
	plan->n_touched = 0;
	store_size(&plan->max_changes, n);
	sc_free(old_both, 2 * old * sizeof(*both));
	return 0;
}

void sc_plan_expect(struct sc_plan *plan, size_t n)
{
	size_t end = plan->n_changes + n;

	if (end <= plan->n_touched)
		return;
	sc_will_write(plan->changes + plan->n_touched,
		      (end - plan->n_touched) * sizeof(*plan->changes));
	plan->n_touched = end;
}

void sc_plan_clear(struct sc_plan *plan)
{
	plan->n_keys = 0;
	plan->n_changes = 0;
}

void sc_plan_inherit(struct sc_plan *plan)
{
	sc_valgrind_inherit(plan->keys, plan->max_keys * sizeof(*plan->keys));
	sc_valgrind_inherit(plan->changes,
			    2 * plan->max_changes * sizeof(*plan->changes));
}

void sc_plan_free(struct sc_plan *plan)
{
	if (plan->keys != plan->few)
		sc_free(plan->keys, plan->max_keys * sizeof(*plan->keys));
	sc_free(plan->changes, 2 * plan->max_changes * sizeof(*plan->changes));
	*plan = (struct sc_plan){ .n_keys = 0 };
}

/* ---------------------------------------------------------------- keys */

/* As in any book: the keys below @root are a heap, and @root joins it. */
static void sift_down(struct sc_plan_key *keys, size_t root, size_t n)
{
	size_t child;

	while ((child = 2 * root + 1) < n) {
		struct sc_plan_key swap = keys[root];

		if (child + 1 < n &&
		    (uintptr_t)keys[child].key < (uintptr_t)keys[child + 1].key)
			child++;
		if ((uintptr_t)swap.key >= (uintptr_t)keys[child].key)
			return;
		keys[root] = keys[child];
		keys[child] = swap;
		root = child;
	}
}

/* In place, for few: heap sort.  qsort() may call malloc(). */
bool sc_plan_sort_keys(struct sc_plan *plan)
{
	struct sc_plan_key *keys = plan->keys;
	size_t i;

	for (i = plan->n_keys / 2; i-- > 0;)
		sift_down(keys, i, plan->n_keys);
	for (i = plan->n_keys; i > 1; i--) {
		struct sc_plan_key last = keys[i - 1];

		keys[i - 1] = keys[0];
		keys[0] = last;
		sift_down(keys, 0, i - 1);
	}
	for (i = 1; i < plan->n_keys; i++)
		if (keys[i].key == keys[i - 1].key)
			return false;
	return true;
}

/* ------------------------------------- changes: a natural merge sort */

/*
 * The places of one key in one module are in order already, and most updates
 * have a handful of such runs.  Stable, without recursion and without memory of
 * its own: it runs with the lock held.
 */

/* The end of the sorted run that begins at @from. */
static size_t run_end(const struct sc_change *a, size_t from, size_t n)
{
	while (++from < n)
		if (a[from].addr < a[from - 1].addr)
			break;
	return from;
}

static void merge(const struct sc_change *a, size_t from, size_t mid, size_t to,
		  struct sc_change *out)
{
	size_t i = from, j = mid, k;

	for (k = from; k < to; k++)
		out[k] = j == to || (i < mid && a[i].addr <= a[j].addr) ?
				 a[i++] : a[j++];
}

/* Merges runs in pairs from @a to @out; returns how many there were. */
static size_t merge_runs(const struct sc_change *a, struct sc_change *out,
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

void sc_plan_sort_changes(struct sc_plan *plan)
{
	struct sc_change *a = plan->changes, *scratch = plan->scratch;
	size_t n = plan->n_changes;

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
