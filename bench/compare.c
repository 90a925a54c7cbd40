/* SPDX-License-Identifier: MIT */
/* compare.c - lets functions take turns, and compares them with the first. */
#include <stdio.h>

#include "compare.h"
#include "measure.h"

#define KINDS_MAX	10
#define ROUNDS		601

static double ns[KINDS_MAX][ROUNDS], ratio[KINDS_MAX][ROUNDS];

/*
 * Any order, and the same in each run.  What runs once finds the caches as the one
 * before has left them, so each must come behind each other as often.
 */
static void shuffle(size_t *order, size_t n)
{
	static unsigned int number = 1;
	size_t i;

	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n; i > 1; i--) {
		size_t j, swap = order[i - 1];

		number = number * 1103515245u + 12345u;
		j = (number >> 16) % i;
		order[i - 1] = order[j];
		order[j] = swap;
	}
}

static void one_round(const struct kind *kinds, size_t n, int calls,
		      size_t round)
{
	size_t i, k, order[KINDS_MAX];

	shuffle(order, n);
	for (i = 0; i < n; i++) {
		double start;

		k = order[i];
		start = now_ns();
		kinds[k].run(0);
		ns[k][round] = (now_ns() - start) / calls;
	}
	for (k = 0; k < n; k++)
		ratio[k][round] = ns[k][round] / ns[0][round];
}

void compare(const char *group, const char *method, const struct kind *kinds,
	     size_t n, int calls)
{
	size_t k, round, n_rounds = (size_t)rounds(ROUNDS);

	if (n > KINDS_MAX)
		fail("more than %d kinds", KINDS_MAX);
	for (round = 0; round < n_rounds; round++)
		one_round(kinds, n, calls, round);
	printf("%s, %s\n", group, method);
	for (k = 0; k < n; k++) {
		double time = median(ns[k], n_rounds);
		double times = median(ratio[k], n_rounds);

		printf("  %-34s %6.2f ns  %6.2f x\n", kinds[k].name, time,
		       times);
		record(group, kinds[k].name, method, "ns", time, times);
	}
}
