/* SPDX-License-Identifier: MIT */
/* retire.c - replaces the target of a static call, and frees what the old one used. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <static_call.h>

#include "retire.h"

#define FRESH	4711

struct rules {
	int fresh;		/* FRESH until the memory is freed */
};

/* Two targets take turns, each with memory of its own. */
static struct rules *rules[2];

static void check(const struct rules *r)
{
	if (r->fresh == FRESH)
		return;
	fprintf(stderr, "a target ran after its memory was freed\n");
	_Exit(1);
}

static void use_first(void) { check(rules[0]); }
static void use_second(void) { check(rules[1]); }
static void (*const targets[2])(void) = { use_first, use_second };

DEFINE_STATIC_CALL(use_rules, use_first);

atomic_int stop;

void call(void)
{
	static_call(use_rules)();
}

static struct rules *new_rules(void)
{
	struct rules *r = malloc(sizeof(*r));

	if (!r)
		_Exit(2);
	r->fresh = FRESH;
	return r;
}

/* The order is the point: publish, update, wait, free. */
static int replace(int i)
{
	struct rules *old = rules[!(i & 1)];

	rules[i & 1] = new_rules();
	if (static_call_update(use_rules, targets[i & 1]))
		return -1;
	wait_for_callers();
	old->fresh = 0;
	free(old);
	return 0;
}

static void *thread(void *arg)
{
	caller((int)(long)arg);
	return NULL;
}

int main(void)
{
	pthread_t threads[CALLERS];
	long i;
	int err = 0;

	rules[0] = new_rules();
	for (i = 0; i < CALLERS; i++)
		if (pthread_create(threads + i, NULL, thread, (void *)i))
			return 2;
	for (i = 1; i <= 100 && !err; i++)
		err = replace((int)i);
	atomic_store(&stop, 1);
	for (i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
	printf("%s\n", err ? "an update failed" : "100 targets replaced");
	return err != 0;
}
