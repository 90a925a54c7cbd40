/* SPDX-License-Identifier: MIT */
/*
 * update.c - what an update costs: by the number of sites and of busy threads,
 * beside a plain store with a barrier, and beside a breakpoint protocol.
 *
 * The methods take turns on sites of the same number and layout, which the busy
 * threads run all the time.
 */
#include <stdio.h>

#include <static_call.h>

#include "int3.h"
#include "measure.h"

#define ROUNDS_MAX	401

OPAQUE static void target_a(void)
{
	__asm__ volatile("");
}

OPAQUE static void target_b(void)
{
	__asm__ volatile("");
}

DEFINE_STATIC_CALL(one, target_a);
DEFINE_STATIC_CALL(hundred, target_a);
DEFINE_STATIC_CALL(pages, target_a);
DEFINE_STATIC_CALL(tenthousand, target_a);

#define OWN_PAGES	__attribute__((noinline, aligned(4096)))

OWN_PAGES static void run_one(void)
{
	static_call(one)();
	__asm__ volatile("");
}

OWN_PAGES static void run_hundred(void)
{
	TIMES100(static_call(hundred)();)
	__asm__ volatile("");
}

OWN_PAGES static void run_pages(void)
{
	TIMES100(static_call(pages)();
		 __asm__ volatile("jmp 1f\n\t.balign 4096\n1:");)
}

OWN_PAGES static void run_tenthousand(void)
{
	TIMES10000(static_call(tenthousand)();)
	__asm__ volatile("");
}

static const struct set {
	const char *name;
	struct static_call_key *key;
	void (*run)(void);
	const struct int3_set *int3;
	int rounds;
} sets[] = {
	{ "1", &STATIC_CALL_KEY(one), run_one, &int3_one, 401 },
	{ "100 in a row", &STATIC_CALL_KEY(hundred), run_hundred, &int3_100,
	  401 },
	{ "100 on 100 pages", &STATIC_CALL_KEY(pages), run_pages, &int3_pages,
	  101 },
	{ "10000 in a row", &STATIC_CALL_KEY(tenthousand), run_tenthousand,
	  &int3_10000, 101 },
};

static const struct set *set;

static void run_both(void)
{
	set->run();
	set->int3->run();
}

/* The methods; @odd alternates the target. */
static void by_library(int odd)
{
	int err = __static_call_update(set->key, NULL,
				       odd ? (void *)target_b :
					     (void *)target_a);

	if (err)
		fail("update: %d", err);
}

static void by_store(int odd)
{
	static void (*key)(void);

	__atomic_store_n(&key, odd ? target_b : target_a, __ATOMIC_RELEASE);
	int3_sync();
}

static void by_int3(int odd)
{
	int3_update(set->int3, odd ? int3_target_b : int3_target_a);
}

static void by_mprotect(int odd)
{
	int3_update_alone(set->int3, odd ? int3_target_b : int3_target_a);
}

static void (*const methods[])(int odd) = {
	by_library, by_store, by_int3, by_mprotect,
};

#define METHODS	(sizeof(methods) / sizeof(methods[0]))

static double us[METHODS][ROUNDS_MAX];

static double ns_per_site(double update_us)
{
	return update_us * 1e3 / (double)set->int3->n;
}

/* As ratios the library's time by each method's. */
static void record_all(int busy, const double *median_us, size_t n)
{
	static const char *const names[] = { "library", "store", "int3",
					     "mprotect" };
	char group[64], name[64];
	size_t m;

	snprintf(group, sizeof(group), "update-%s", static_call_backend());
	snprintf(name, sizeof(name), "%s; %d busy", set->name, busy);
	for (m = 0; m < n; m++)
		record(group, name, names[m], "us", median_us[m],
		       median_us[0] / median_us[m]);
}

static void measure(int busy)
{
	/* Where threads wait for a processor a round takes long. */
	int n_rounds = rounds(busy > 1 ? set->rounds / 4 : set->rounds);
	size_t m, n = busy ? METHODS - 1 : METHODS;
	double median_us[METHODS];
	int round;

	busy_start(busy, run_both);
	for (round = 0; round < n_rounds; round++)
		for (m = 0; m < n; m++) {
			double start;

			busy_meet();
			start = now_ns();
			methods[m](round & 1);
			us[m][round] = (now_ns() - start) / 1e3;
		}
	busy_stop();
	for (m = 0; m < n; m++)
		median_us[m] = median(us[m], (size_t)n_rounds);
	record_all(busy, median_us, n);
	printf("  %-18s %4d %10.1f %10.1f %10.1f %8.2f", set->name, busy,
	       median_us[0], median_us[1], median_us[2],
	       median_us[0] / median_us[2]);
	if (n == METHODS)
		printf(" %10.1f", median_us[3]);
	printf("\n");
	if (set->int3->n >= 10000 && n == METHODS)
		printf("  %-18s %4s %10.1f %10s %10.1f %8s %10.1f\n",
		       "  ns for each site", "", ns_per_site(median_us[0]), "",
		       ns_per_site(median_us[2]), "",
		       ns_per_site(median_us[3]));
}

int main(void)
{
	int busy[4], n = busy_counts(busy), i;
	size_t s;

	int3_init();
	printf("One update, microseconds, %s backend.  \"store\": a store and a barrier;\n"
	       "\"int3\": breakpoints, with a signal handler; \"alone\": mprotect and stores,\n"
	       "synchronised with nobody.\n"
	       "  %-18s %4s %10s %10s %10s %8s %10s\n",
	       static_call_backend(), "sites", "busy", "library", "store",
	       "int3", "lib/int3", "alone");
	for (s = 0; s < sizeof(sets) / sizeof(sets[0]); s++)
		for (i = 0; i < n; i++) {
			set = &sets[s];
			measure(busy[i]);
		}
	return 0;
}
