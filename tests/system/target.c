/* SPDX-License-Identifier: MIT */
/*
 * target.c - a program for debuggers, tracers and profilers to look at.
 *
 *   target ROUNDS [THREADS [MICROSECONDS]]
 *
 * Each round updates a static call and calls it once from watched_call(), while
 * THREADS others call all the time; MICROSECONDS between the rounds.  ROUNDS 0:
 * says "ready", and goes on until SIGTERM.  Exit status 0 if every call was right.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <static_call.h>

#define NOINLINE	__attribute__((noinline))
#define MANY		8

/* Long enough for a profiler to meet it, in the function that has the work. */
static inline __attribute__((always_inline)) int work(int x)
{
	volatile int i, sum = x;

	for (i = 0; i < 200; i++)
		sum += i;
	return sum - 199 * 100;
}

/* Not static: tools find them by name. */
int target_one(int x);
int target_two(int x);
int watched_call(int x);
int busy_call(int x);
void ready(void);
extern const void *site_of_watched;
extern unsigned long rounds_done;

NOINLINE int target_one(int x)
{
	return work(x) + 1;
}

NOINLINE int target_two(int x)
{
	return work(x) + 2;
}

DEFINE_STATIC_CALL(watched, target_one);

NOINLINE int watched_call(int x)
{
	int r = static_call(watched)(x);

	return r + 1;
}

/*
 * Others call from here, on the same page.  Not as in watched_call(): equal functions
 * become one with -flto.
 */
NOINLINE int busy_call(int x)
{
	int r = static_call(watched)(x);

	return r + 2;
}

/* Where the call of watched_call() is; for breakpoints. */
__attribute__((used)) const void *site_of_watched;
unsigned long rounds_done;

static int find_site(const struct static_call_site_info *s, void *arg)
{
	const char *from = (const char *)watched_call;
	const char *addr = s->addr;

	(void)arg;
	if (addr < from || addr > from + 64)
		return 0;
	site_of_watched = addr;
	return 1;
}

static atomic_int stop;
static atomic_ulong wrong;

static void *keep_calling(void *arg)
{
	while (!atomic_load(&stop)) {
		int r = busy_call(10);

		if (r != 13 && r != 14)
			atomic_fetch_add(&wrong, 1);
	}
	return arg;
}

static void on_term(int sig)
{
	(void)sig;
	atomic_store(&stop, 1);
}

/* A place for a breakpoint at which everything is set up. */
NOINLINE void ready(void)
{
	__asm__ volatile("");
}

static void one_round(unsigned long i)
{
	int odd = i & 1;

	if (static_call_update(watched, odd ? target_one : target_two))
		atomic_fetch_add(&wrong, 1);
	if (watched_call(10) != (odd ? 12 : 13))
		atomic_fetch_add(&wrong, 1);
	rounds_done = i + 1;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 100, i;
	int threads = argc > 2 ? atoi(argv[2]) : 0, n;
	useconds_t pause = argc > 3 ? (useconds_t)atoi(argv[3]) : 0;
	pthread_t t[MANY];

	signal(SIGTERM, on_term);
	static_call_for_each_site(find_site, NULL);
	if (threads > MANY)
		return 2;
	for (n = 0; n < threads; n++)
		if (pthread_create(t + n, NULL, keep_calling, NULL))
			return 2;
	ready();
	if (!rounds) {
		puts("ready");
		fflush(stdout);
	}
	for (i = 0; (!rounds || i < rounds) && !atomic_load(&stop); i++) {
		one_round(i);
		if (pause)
			usleep(pause);
	}
	atomic_store(&stop, 1);
	while (n-- > 0)
		pthread_join(t[n], NULL);
	printf("rounds %lu wrong %lu\n", i, atomic_load(&wrong));
	return atomic_load(&wrong) != 0;
}
