/* SPDX-License-Identifier: MIT */
/*
 * allocators.c - an allocator that is switched while threads allocate: from a plain one
 * to one that counts, and back.
 *
 * A block must go back to the allocator it came from.  That is a property of the block,
 * so the block holds a pointer: a static call is for what is one thing in the whole
 * program, not for what differs from object to object.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <static_call.h>

#define THREADS		3
#define SWITCHES	100

union block {
	void (*release)(union block *block);
	max_align_t align;
};

static void release_plain(union block *block)
{
	free(block);
}

static void *allocate_plain(size_t size)
{
	union block *block = malloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	block->release = release_plain;
	return block + 1;
}

static atomic_long allocated, released;

static void release_counted(union block *block)
{
	atomic_fetch_add(&released, 1);
	free(block);
}

static void *allocate_counted(size_t size)
{
	union block *block = malloc(sizeof(*block) + size);

	if (!block)
		return NULL;
	block->release = release_counted;
	atomic_fetch_add(&allocated, 1);
	return block + 1;
}

DEFINE_STATIC_CALL(allocate, allocate_plain);

static void release(void *memory)
{
	union block *block = (union block *)memory - 1;

	block->release(block);
}

static atomic_int stop;
static atomic_long damaged;

/* Some blocks live longer than a switch. */
static void *work(void *arg)
{
	char *held[16] = { NULL }, fill = *(char *)arg;
	size_t i, n;

	for (n = 0; !atomic_load(&stop); n++) {
		i = n % 16;
		if (held[i]) {
			atomic_fetch_add(&damaged, held[i][i] != fill);
			release(held[i]);
		}
		held[i] = static_call(allocate)(16 + i);
		if (held[i])
			memset(held[i], fill, 16 + i);
	}
	for (i = 0; i < 16; i++)
		if (held[i])
			release(held[i]);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	char names[THREADS];
	int i, switches, err = 0;

	for (i = 0; i < THREADS; i++) {
		names[i] = (char)('a' + i);
		if (pthread_create(threads + i, NULL, work, names + i))
			return 1;
	}
	for (switches = 0; switches < SWITCHES && !err; switches++) {
		int counting = switches % 2 == 0;
		long before = atomic_load(&allocated);

		err = static_call_update(allocate, counting ? allocate_counted :
					 allocate_plain);
		/* Let the counting allocator be used before it is switched off. */
		while (!err && counting && atomic_load(&allocated) == before)
			sched_yield();
	}
	atomic_store(&stop, 1);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d switches, %ld damaged blocks, %ld counted blocks left\n", switches,
	       damaged, allocated - released);
	return err != 0;
}
