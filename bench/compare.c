/* SPDX-License-Identifier: MIT */
/* compare.c - lets functions take turns, and compares them with the first. */
#include <stdio.h>

#include "compare.h"
#include "measure.h"

#define KINDS_MAX	10
#define ROUNDS		601

static double ns[KINDS_MAX][ROUNDS], ratio[KINDS_MAX][ROUNDS];

static void one_round(const struct kind *kinds, size_t n, int calls,
		      size_t round)
{
	size_t i, k;

	/* Each round begins with another, so that the order varies. */
	for (i = 0; i < n; i++) {
		double start;

		k = (i + round) % n;
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
