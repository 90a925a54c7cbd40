/* SPDX-License-Identifier: MIT */
/*
 * tracepoint.c - tracepoint [--cost]: a tracepoint is NULL until somebody listens.
 *
 * While it is NULL, a call site is an instruction that does nothing: no load, no test,
 * no branch.  Its arguments are evaluated all the same, so they should be at hand.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <static_call.h>

#define LOOPS	(1 << 14)
#define ROUNDS	101

/* The request's number, and the bytes it asks for. */
DEFINE_STATIC_CALL_NULL(trace_request, void (*)(int id, size_t bytes));

static void print_request(int id, size_t bytes)
{
	printf("  trace: request %d, %zu bytes\n", id, bytes);
}

static size_t handle(int id)
{
	size_t bytes = 100 + (size_t)id;

	static_call_cond(trace_request)(id, bytes);
	return bytes;
}

/* --cost: one kind of loop with the tracepoint, one without; @x keeps both busy. */
#define WORK(x)	((x) * 1664525u + 1013904223u)

__attribute__((noinline))
static unsigned int without(unsigned int x)
{
	int i;

	for (i = 0; i < LOOPS; i++)
		x = WORK(x);
	return x;
}

__attribute__((noinline))
static unsigned int with(unsigned int x)
{
	int i;

	for (i = 0; i < LOOPS; i++) {
		x = WORK(x);
		static_call_cond(trace_request)(i, x);
	}
	return x;
}

/* Nanoseconds a turn of the loop, the least of many rounds. */
static double best_of(unsigned int (*loop)(unsigned int), unsigned int *x)
{
	double best = 1e9;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		struct timespec from, to;
		double ns;

		clock_gettime(CLOCK_MONOTONIC, &from);
		*x = loop(*x);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns = 1e9 * (double)(to.tv_sec - from.tv_sec) +
		     (double)(to.tv_nsec - from.tv_nsec);
		if (ns < best)
			best = ns;
	}
	return best / LOOPS;
}

static int cost(void)
{
	unsigned int x = 1;
	double bare = best_of(without, &x), off = best_of(with, &x);

	printf("work alone: %.2f ns\n", bare);
	printf("with a tracepoint that is off: %.2f ns\n", off);
	return x == 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return strcmp(argv[1], "--cost") ? 2 : cost();
	printf("Nobody listens.\n");
	handle(1);
	if (static_call_update(trace_request, print_request))
		return 1;
	printf("Somebody listens.\n");
	handle(2);
	if (static_call_update(trace_request, NULL))
		return 1;
	printf("Nobody listens.\n");
	handle(3);
	return 0;
}
