/* SPDX-License-Identifier: MIT */
/*
 * callcost.c - what a call costs: direct, static, through a function pointer,
 * and through a function pointer with a retpoline; a call that is NULL; and many
 * call sites instead of one.
 *
 * All kinds take turns, many times, and the median of the ratios counts: so they
 * meet the same clock frequency and the same disturbances.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <static_call.h>

#include "callcost.h"

#define CALLS	8000
#define ROUNDS	1001

/*
 * Of a function that it sees, gcc knows which registers it leaves alone, and saves fewer
 * around a direct call.
 */
#if __has_attribute(noipa)
#define OPAQUE	__attribute__((noipa, aligned(64)))
#else
#define OPAQUE	__attribute__((noinline, aligned(64)))
#endif

/* Small, so that the call shows. */
#define TARGET(n)							\
	OPAQUE								\
	static unsigned int callee##n(unsigned int x)			\
	{								\
		__asm__ volatile("" : "+r"(x));				\
		return x + 1;						\
	}								\
	DEFINE_STATIC_CALL(callee_static##n, callee##n);		\
	static unsigned int (*volatile callee_pointer##n)(unsigned int) = \
		callee##n;

TARGET(0)
TARGET(1)
TARGET(2)
TARGET(3)

/* Loops of one shape: each differs from the others in the call alone. */
#define LOOP(name, call)						\
	OPAQUE static unsigned int name(unsigned int x)			\
	{								\
		int i;							\
									\
		for (i = 0; i < CALLS; i++)				\
			x = call(x);					\
		return x;						\
	}

#define DIRECT(n)	callee##n
#define STATIC(n)	static_call(callee_static##n)
#define POINTER(n)	callee_pointer##n

LOOP(loop_direct, DIRECT(0))
LOOP(loop_static, STATIC(0))
LOOP(loop_pointer, POINTER(0))

/* A hook that is off, and calls nothing. */
DEFINE_STATIC_CALL_NULL(callee_null, void (*)(unsigned int));

OPAQUE
static unsigned int loop_null(unsigned int x)
{
	int i;

	for (i = 0; i < CALLS; i++)
		static_call_cond(callee_null)(x);
	return x + CALLS;
}

/*
 * Each call once, at a call site of its own, of four functions by turns; 1000 in a
 * function, for compilers take long over large ones.
 */
#define TIMES10(x)	x x x x x x x x x x
#define TIMES250(x)	TIMES10(TIMES10(x x)) TIMES10(x x x x x)
#define PART(name, call)						\
	OPAQUE static unsigned int name(unsigned int x)			\
	{								\
		TIMES250(x = call(0)(x); x = call(1)(x);		\
			 x = call(2)(x); x = call(3)(x);)		\
		return x;						\
	}
#define MANY(name, call)						\
	PART(name##_1, call)						\
	PART(name##_2, call)						\
	PART(name##_3, call)						\
	PART(name##_4, call)						\
	PART(name##_5, call)						\
	PART(name##_6, call)						\
	PART(name##_7, call)						\
	PART(name##_8, call)						\
	OPAQUE static unsigned int name(unsigned int x)			\
	{								\
		x = name##_4(name##_3(name##_2(name##_1(x))));		\
		return name##_8(name##_7(name##_6(name##_5(x))));	\
	}

MANY(many_direct, DIRECT)
MANY(many_static, STATIC)
MANY(many_pointer, POINTER)

#ifdef __x86_64__
/*
 * What compilers make of a call through a pointer where processors must not
 * predict it: the return that leads to the target is predicted into a trap.
 */
unsigned int callee_retpoline(unsigned int x);
__asm__(".pushsection .text\n\t"
	".balign 64\n\t"
	".globl callee_retpoline\n\t"
	".hidden callee_retpoline\n\t"
	".type callee_retpoline, @function\n"
	"callee_retpoline:\n\t"
	"call 1f\n"
	"0:\n\t"
	"pause\n\t"
	"lfence\n\t"
	"jmp 0b\n"
	"1:\n\t"
	"lea callee_retpoline_target(%rip), %rax\n\t"
	"mov (%rax), %rax\n\t"
	"mov %rax, (%rsp)\n\t"
	"ret\n\t"
	".size callee_retpoline, . - callee_retpoline\n\t"
	".popsection");
__attribute__((used, visibility("hidden")))
unsigned int (*callee_retpoline_target)(unsigned int) = callee0;

LOOP(loop_retpoline, callee_retpoline)
#endif

/* @base: the place in this table of what it is compared with. */
static const struct {
	const char *name;
	unsigned int (*run)(unsigned int x);
	size_t base;
} kinds[] = {
	{ "direct call", loop_direct, 0 },
	{ "static call", loop_static, 0 },
	{ "static call that is NULL", loop_null, 0 },
	{ "function pointer", loop_pointer, 0 },
	{ "8000 sites: direct call", many_direct, 4 },
	{ "8000 sites: static call", many_static, 4 },
	{ "8000 sites: function pointer", many_pointer, 4 },
#ifdef __x86_64__
	{ "function pointer, retpoline", loop_retpoline, 0 },
#endif
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double ns[KINDS][ROUNDS], ratio[KINDS][ROUNDS];

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

static void measure(void)
{
	unsigned int x = 0;
	size_t i, k, round;

	/* Each round begins with another kind, so that the order varies. */
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < KINDS; i++) {
			double start = now();

			k = (i + round) % KINDS;
			x = kinds[k].run(x);
			ns[k][round] = (now() - start) / CALLS;
		}
		for (k = 0; k < KINDS; k++)
			ratio[k][round] = ns[k][round] /
					  ns[kinds[k].base][round];
	}
	if (x != KINDS * ROUNDS * CALLS)
		abort();
}

void callcost_print(void)
{
	size_t k;

	measure();
	for (k = 0; k < KINDS; k++)
		printf("  %-30s %5.2f ns  %5.2f x\n", kinds[k].name,
		       median(ns[k]), median(ratio[k]));
}
