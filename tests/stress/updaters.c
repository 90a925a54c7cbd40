/* SPDX-License-Identifier: MIT */
/* updaters.c - threads that change targets. */
#include <sched.h>

#include "stress.h"

void *updater_single(void *arg)
{
	unsigned int seed = thread_seed();

	(void)arg;
	while (!stopped()) {
		struct key_state *k = keys + next_random(&seed) % (unsigned int)n_keys;
		int i, turns = 1 + (int)(next_random(&seed) % 16);
		long start = now_ns();

		if (!key_take(k)) {
			sched_yield();
			continue;
		}
		for (i = 0; i < turns; i++)
			key_update(k);
		key_release(k);
		count(NS_SINGLE, now_ns() - start);
		count(UPDATES_SINGLE, turns);
	}
	return NULL;
}

/* Keys that another updater has are left out. */
static size_t take_some(unsigned int *seed, struct key_state **taken)
{
	unsigned int wanted = next_random(seed);
	size_t n = 0;
	int i;

	for (i = 0; i < n_keys; i++)
		if ((wanted >> i & 1) && key_take(keys + i))
			taken[n++] = keys + i;
	return n;
}

void *updater_batch(void *arg)
{
	unsigned int seed = thread_seed();
	struct key_state *taken[N_KEYS];

	(void)arg;
	while (!stopped()) {
		size_t i, n = take_some(&seed, taken);
		long start = now_ns();

		if (n) {
			keys_update(taken, n);
			count(NS_BATCH, now_ns() - start);
			count(UPDATES_BATCH, 1);
			count(KEYS_BATCH, (long)n);
		}
		for (i = 0; i < n; i++)
			key_release(taken[i]);
		if (n < 2)
			sched_yield();
	}
	return NULL;
}
