/* SPDX-License-Identifier: MIT */
/*
 * popcount.c - CPU dispatch: the best function for this processor, chosen once at the
 * start and called directly from then on.
 *
 * The first target runs on every processor, so calls are right before the choice, too.
 */
#include <stdint.h>
#include <stdio.h>

#include <static_call.h>

typedef unsigned int popcount_fn(uint64_t word);

static unsigned int popcount_plain(uint64_t word)
{
	unsigned int n;

	for (n = 0; word; n++)
		word &= word - 1;
	return n;
}

DEFINE_STATIC_CALL(popcount, popcount_plain);

#ifdef __x86_64__
__attribute__((target("popcnt")))
static unsigned int popcount_instruction(uint64_t word)
{
	return (unsigned int)__builtin_popcountll(word);
}

static popcount_fn *best(void)
{
	return __builtin_cpu_supports("popcnt") ? popcount_instruction : NULL;
}
#else
static popcount_fn *best(void)
{
	return NULL;
}
#endif

/* An error leaves the plain function, which is right as well. */
static void choose(void)
{
	popcount_fn *fn = best();

	if (fn && static_call_update(popcount, fn))
		fprintf(stderr, "popcount: the plain function is used\n");
}

static unsigned int bits(const uint64_t *words, size_t n)
{
	unsigned int sum = 0;

	while (n--)
		sum += static_call(popcount)(*words++);
	return sum;
}

int main(void)
{
	static const uint64_t words[] = { 1, 3, 0xff, ~(uint64_t)0 };

	printf("before the choice: %u\n", bits(words, 4));
	choose();
	printf("after the choice: %u\n", bits(words, 4));
	return 0;
}
