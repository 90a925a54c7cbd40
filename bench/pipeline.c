/* SPDX-License-Identifier: MIT */
/*
 * pipeline.c - a workload: packets pass 200 stages, which have 2000 calls of
 * operations that were chosen at the start, and 2000 hooks, 1 of 16 switched on.
 *
 *	pipeline		compares static calls, pointers, and a program that
 *				has nothing to choose
 *	pipeline KIND PACKETS	runs that many packets by one kind: for counting
 *				instructions, see pipeline.sh
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "measure.h"
#include "pipeline.h"

#ifndef BUILD
#define BUILD	"plain"
#endif

/* The code three times: it differs in the calls alone. */
#define NAME(name)	by_static_call_##name
#define OP(n, p)	static_call(op_##n)(p)
#define HOOK(n, p)	static_call_cond(hook_##n)(p)
#include "stages.h"
#undef NAME
#undef OP
#undef HOOK

#define NAME(name)	by_pointer_##name
#define OP(n, p)	op_pointer_##n(p)
#define HOOK(n, p)							\
	do {								\
		if (hook_pointer_##n)					\
			hook_pointer_##n(p);				\
	} while (0)
#include "stages.h"
#undef NAME
#undef OP
#undef HOOK

#define NAME(name)	fixed_##name
#define OP(n, p)	op_fast_##n(p)
#define HOOK(n, p)							\
	do {								\
		if (HOOK_IS_ON(n))					\
			hook_on(p);					\
	} while (0)
#include "stages.h"

#define PACKETS	32

static void fill(struct packet *p, unsigned int n)
{
	unsigned int i;

	memset(p, 0, sizeof(*p));
	p->length = 1500;
	for (i = 0; i < WORDS; i++)
		p->word[i] = (n + 1) * (i + 12345);
}

/* Returns something that depends on all that was done. */
static unsigned int run(packet_fn *stages, unsigned int packets)
{
	unsigned int i, word, sum = 0;
	struct packet p;

	for (i = 0; i < packets; i++) {
		fill(&p, i);
		stages(&p);
		for (word = 0; word < WORDS; word++)
			sum += p.word[word];
		sum += p.seen;
	}
	return sum;
}

#define RUN(kind)							\
	static unsigned int run_##kind(unsigned int packets)		\
	{								\
		return run(kind##_stages, packets);			\
	}								\
	static unsigned int many_##kind(unsigned int unused)		\
	{								\
		(void)unused;						\
		return run_##kind(PACKETS);				\
	}								\
	static unsigned int one_##kind(unsigned int unused)		\
	{								\
		(void)unused;						\
		return run_##kind(1);					\
	}

RUN(by_static_call)
RUN(by_pointer)
RUN(fixed)

#define KINDS(way)							\
	{								\
		{ "static calls", way##_by_static_call },		\
		{ "pointers", way##_by_pointer },			\
		{ "nothing to choose", way##_fixed },			\
	}

static const struct kind kinds[] = KINDS(run), many[] = KINDS(many),
			 one[] = KINDS(one);

#define N	(sizeof(kinds) / sizeof(kinds[0]))

static void run_one_kind(const char *name, unsigned int packets)
{
	size_t i;

	for (i = 0; i < N; i++)
		if (!strcmp(kinds[i].name, name)) {
			kinds[i].run(packets);
			return;
		}
	fail("no kind is called %s", name);
}

static void same_results(void)
{
	size_t i;

	for (i = 1; i < N; i++)
		if (kinds[i].run(PACKETS) != kinds[0].run(PACKETS))
			fail("%s do something else", kinds[i].name);
}

int main(int argc, char **argv)
{
	choose_operations();
	if (argc == 3) {
		run_one_kind(argv[1], (unsigned int)atoi(argv[2]));
		return 0;
	}
	same_results();
	compare("pipeline with 32 packets in a row", BUILD, many, N, PACKETS);
	/* Each evicts what the processor knows of the others. */
	compare("pipeline with 1 packet between others", BUILD, one, N, 1);
	return 0;
}
