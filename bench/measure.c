/* SPDX-License-Identifier: MIT */
/* measure.c - clock, medians, rows of results, busy threads. */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define BUSY_MAX	256

static pthread_t threads[BUSY_MAX];
static int n_threads;
static atomic_int stop, running;
static atomic_ulong passes;
static void (*busy_fn)(void);

double now_ns(void)
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

double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

int rounds(int n)
{
	return getenv("QUICK") && n > 3 ? 3 : n;
}

void record(const char *group, const char *name, const char *method,
	    const char *unit, double value, double ratio)
{
	const char *path = getenv("SC_BENCH_CSV");
	FILE *out = path ? fopen(path, "a") : NULL;

	if (!path)
		return;
	if (!out)
		fail("%s cannot be written", path);
	if (strchr(group, ',') || strchr(name, ',') || strchr(method, ','))
		fail("a comma in %s, %s, %s", group, name, method);
	fprintf(out, "%s,%s,%s,%s,%.6g,", group, name, method, unit, value);
	if (ratio != NO_RATIO)
		fprintf(out, "%.3f", ratio);
	fputc('\n', out);
	fclose(out);
}

static void *busy(void *unused)
{
	(void)unused;
	atomic_fetch_add(&running, 1);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		busy_fn();
		atomic_fetch_add_explicit(&passes, 1, memory_order_relaxed);
	}
	return NULL;
}

void busy_start(int n, void (*fn)(void))
{
	busy_fn = fn;
	atomic_store(&stop, 0);
	atomic_store(&running, 0);
	for (n_threads = 0; n_threads < n && n_threads < BUSY_MAX; n_threads++)
		if (pthread_create(&threads[n_threads], NULL, busy, NULL))
			fail("no thread");
	while (atomic_load(&running) < n_threads)
		usleep(100);
}

void busy_stop(void)
{
	atomic_store(&stop, 1);
	while (n_threads)
		pthread_join(threads[--n_threads], NULL);
}

/*
 * If a pass ends while this thread watches and keeps its processor, another
 * processor ran it.  With one processor there is none.
 */
void busy_meet(void)
{
	unsigned long seen = atomic_load(&passes), before = seen;
	double last = now_ns(), time = last, limit = last + 2e8;

	if (!n_threads)
		return;
	while ((seen == before || time - last > 5000) && time < limit) {
		before = seen;
		last = time;
		seen = atomic_load(&passes);
		time = now_ns();
	}
}

int busy_counts(int counts[4])
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	int wanted[] = { 0, 1, cpus - 1, 2 * cpus };
	int i, n = 0;

	for (i = 0; i < 4; i++)
		if (n == 0 || (wanted[i] > counts[n - 1] &&
			       wanted[i] <= BUSY_MAX))
			counts[n++] = wanted[i];
	return n;
}

void fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}
