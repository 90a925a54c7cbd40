/* SPDX-License-Identifier: MIT */
/*
 * xray.c - clang's XRay beside static calls in the same run: a bulk update of
 * 10,000 sites and of 10,000 functions; and functions whose tracing is off.
 *
 * XRay makes text writable and executable, and synchronises with nobody; the
 * library does neither.  Both find their places in tables of their own.
 */
#include <stdint.h>
#include <stdio.h>

#include <static_call.h>

#include "compare.h"
#include "measure.h"

/* Of XRay's interface, whose header is C++. */
int __xray_set_handler(void (*handler)(int32_t id, int type));
int __xray_patch(void);
int __xray_unpatch(void);
#define SUCCESS	1

#define ROUNDS	201
#define N	10000

OPAQUE static void target_a(void)
{
	__asm__ volatile("");
}

OPAQUE static void target_b(void)
{
	__asm__ volatile("");
}

DEFINE_STATIC_CALL(bulk, target_a);

__attribute__((noinline, xray_never_instrument)) static void run(void)
{
	TIMES10000(static_call(bulk)();)
}

#define TRACED(n)							\
	__attribute__((xray_always_instrument)) void traced_##n(void);	\
	void traced_##n(void)						\
	{								\
		__asm__ volatile("");					\
	}
#define TRACED10(n)							\
	TRACED(n##0) TRACED(n##1) TRACED(n##2) TRACED(n##3) TRACED(n##4) \
	TRACED(n##5) TRACED(n##6) TRACED(n##7) TRACED(n##8) TRACED(n##9)
#define TRACED100(n)							\
	TRACED10(n##0) TRACED10(n##1) TRACED10(n##2) TRACED10(n##3)	\
	TRACED10(n##4) TRACED10(n##5) TRACED10(n##6) TRACED10(n##7)	\
	TRACED10(n##8) TRACED10(n##9)
#define TRACED1000(n)							\
	TRACED100(n##0) TRACED100(n##1) TRACED100(n##2) TRACED100(n##3)	\
	TRACED100(n##4) TRACED100(n##5) TRACED100(n##6) TRACED100(n##7)	\
	TRACED100(n##8) TRACED100(n##9)
TRACED1000(0) TRACED1000(1) TRACED1000(2) TRACED1000(3) TRACED1000(4)
TRACED1000(5) TRACED1000(6) TRACED1000(7) TRACED1000(8) TRACED1000(9)

static void handler(int32_t id, int type)
{
	(void)id;
	(void)type;
}

/* A function that can be traced, in three ways: not at all, by each. */
#define CALLS	10000

DEFINE_STATIC_CALL_NULL(entry, void (*)(void));
DEFINE_STATIC_CALL_NULL(leave, void (*)(void));

#define NEVER	__attribute__((xray_never_instrument)) OPAQUE static
#define ALWAYS	__attribute__((xray_always_instrument)) OPAQUE static

NEVER unsigned int untraced(unsigned int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

ALWAYS unsigned int sleds(unsigned int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

NEVER unsigned int hooks(unsigned int x)
{
	static_call_cond(entry)();
	__asm__ volatile("" : "+r"(x));
	static_call_cond(leave)();
	return x + 1;
}

#define LOOP(function)							\
	NEVER unsigned int loop_##function(unsigned int x)		\
	{								\
		int i;							\
									\
		for (i = 0; i < CALLS; i++)				\
			x = function(x);				\
		return x;						\
	}

LOOP(untraced)
LOOP(sleds)
LOOP(hooks)

static const struct kind kinds[] = {
	{ "function without tracing", loop_untraced },
	{ "static calls at entry and exit", loop_hooks },
	{ "XRay", loop_sleds },
};

static void by_library(int odd)
{
	if (static_call_update(bulk, odd ? target_b : target_a))
		fail("the update failed");
}

static void by_xray(int odd)
{
	if ((odd ? __xray_patch() : __xray_unpatch()) != SUCCESS)
		fail("XRay failed");
}

static double time_of(void (*fn)(int odd), int odd)
{
	double start = now_ns();

	fn(odd);
	return (now_ns() - start) / N;
}

static void compare_updates(void)
{
	static double library[ROUNDS], xray[ROUNDS], ratio[ROUNDS];
	double library_ns, xray_ns, times;
	int i, n = rounds(ROUNDS);

	for (i = 0; i < n; i++) {
		library[i] = time_of(by_library, ~i & 1);
		xray[i] = time_of(by_xray, ~i & 1);
		ratio[i] = library[i] / xray[i];
	}
	library_ns = median(library, (size_t)n);
	xray_ns = median(xray, (size_t)n);
	times = median(ratio, (size_t)n);
	printf("ns for each site or function, medians:\n"
	       "  library %.1f, XRay %.1f; median of the ratios %.2f\n",
	       library_ns, xray_ns, times);
	printf("  the least of each: library %.1f, XRay %.1f, ratio %.2f\n",
	       library[0], xray[0], library[0] / xray[0]);
	record("bulk update", "10000 places", "library", "ns", library_ns,
	       times);
	record("bulk update", "10000 places", "XRay", "ns", xray_ns, 1);
}

int main(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	compare("tracing that is off", "inline", kinds,
		sizeof(kinds) / sizeof(kinds[0]), CALLS);
	__xray_set_handler(handler);
	run();
	compare_updates();
	static_call_get_info(&info);
	printf("%zu sites, %zu of them direct, and %d functions\n", info.sites,
	       info.sites_patched, N);
	return 0;
}
