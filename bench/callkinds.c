/* SPDX-License-Identifier: MIT */
/*
 * callkinds.c - what a call costs: direct, static, through a pointer, the PLT, a
 * retpoline; in a hot loop, and in straight code with many call sites.
 */
#include <stdio.h>

#include <static_call.h>

#include "callee.h"
#include "measure.h"
#include "retpoline.h"

#define CALLS	10000
#define ROUNDS	801

OPAQUE static unsigned int callee(unsigned int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

DEFINE_STATIC_CALL(near_call, callee);
DEFINE_STATIC_CALL(far_call, shared_callee);
DEFINE_STATIC_CALL_NULL(null_call, void (*)(unsigned int));
DEFINE_STATIC_CALL_RET0(ret0_call, unsigned int (*)(unsigned int));
static unsigned int (*volatile pointer)(unsigned int) = callee;

/* Functions of one shape: they differ from each other in the call alone. */
#define LOOP(name, statement)						\
	OPAQUE static unsigned int loop_##name(unsigned int x)		\
	{								\
		int i;							\
									\
		for (i = 0; i < CALLS; i++)				\
			statement;					\
		return x;						\
	}

#define MANY(name, statement)						\
	OPAQUE static unsigned int many_##name(unsigned int x)		\
	{								\
		TIMES10000(statement;)					\
		return x;						\
	}

LOOP(direct, x = callee(x))
LOOP(static, x = static_call(near_call)(x))
LOOP(far, x = static_call(far_call)(x))
LOOP(null, static_call_cond(null_call)(x))
LOOP(ret0, x += static_call(ret0_call)(x))
LOOP(pointer, x = pointer(x))
LOOP(plt, x = shared_callee(x))
MANY(direct, x = callee(x))
MANY(static, x = static_call(near_call)(x))
MANY(pointer, x = pointer(x))
MANY(plt, x = shared_callee(x))
#ifdef RETPOLINE
unsigned int retpoline(unsigned int x);
RETPOLINE(retpoline, callee);
LOOP(retpoline, x = retpoline(x))
MANY(retpoline, x = retpoline(x))
#endif

struct kind {
	const char *name;
	unsigned int (*run)(unsigned int x);
};

static const struct kind hot[] = {
	{ "direct call", loop_direct },
	{ "static call", loop_static },
	{ "static call, NULL", loop_null },
	{ "static call, RET0", loop_ret0 },
	{ "static call to a shared library", loop_far },
	{ "PLT", loop_plt },
	{ "function pointer", loop_pointer },
#ifdef RETPOLINE
	{ "function pointer, retpoline", loop_retpoline },
#endif
};

static const struct kind many[] = {
	{ "direct call", many_direct },
	{ "static call", many_static },
	{ "PLT", many_plt },
	{ "function pointer", many_pointer },
#ifdef RETPOLINE
	{ "function pointer, retpoline", many_retpoline },
#endif
};

#define KINDS_MAX	10

static double ns[KINDS_MAX][ROUNDS], ratio[KINDS_MAX][ROUNDS];

static void compare(const char *title, const struct kind *kinds, size_t n)
{
	size_t i, k, round;

	for (round = 0; round < ROUNDS; round++) {
		/* Each round begins with another, so that the order varies. */
		for (i = 0; i < n; i++) {
			double start;

			k = (i + round) % n;
			start = now_ns();
			kinds[k].run(0);
			ns[k][round] = (now_ns() - start) / CALLS;
		}
		for (k = 0; k < n; k++)
			ratio[k][round] = ns[k][round] / ns[0][round];
	}
	printf("%s, %s backend\n", title, static_call_backend());
	for (k = 0; k < n; k++)
		printf("  %-32s %6.2f ns  %6.2f x\n", kinds[k].name,
		       median(ns[k], ROUNDS), median(ratio[k], ROUNDS));
}

int main(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	static_call_get_info(&info);
	printf("%zu sites, %zu patched, %zu crossing a page, %zu far\n",
	       info.sites, info.sites_patched, info.sites_crossing,
	       info.sites_far);
	compare("hot loop", hot, sizeof(hot) / sizeof(hot[0]));
	compare("10000 call sites in a row", many,
		sizeof(many) / sizeof(many[0]));
	return 0;
}
