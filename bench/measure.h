/* SPDX-License-Identifier: MIT */
/*
 * measure.h - what the benchmarks share: clock, medians, rows of results, busy
 * threads.
 *
 * Things that are compared take turns in one run, and ratios are what counts:
 * a time alone says more about the machine.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>

/* Opaque to gcc, which adapts a caller to functions that it sees. */
#if defined(__has_attribute)
#if __has_attribute(noipa)
#define OPAQUE	__attribute__((noipa, aligned(64)))
#endif
#endif
#ifndef OPAQUE
#define OPAQUE	__attribute__((noinline, aligned(64)))
#endif

/* Text, repeated. */
#define TIMES10(x)	x x x x x x x x x x
#define TIMES100(x)	TIMES10(TIMES10(x))
#define TIMES1000(x)	TIMES10(TIMES100(x))
#define TIMES10000(x)	TIMES10(TIMES1000(x))

double now_ns(void);

/* Sorts @values. */
double median(double *values, size_t n);

/* @n; a few if $QUICK is set, which shows no more than that a program runs. */
int rounds(int n);

#define NO_RATIO	0.0

/*
 * Appends a row to the file that $SC_BENCH_CSV names, if it is set: what was
 * measured, in which case, by which method, and the ratio to what it is compared
 * with.  No name may hold a comma.
 */
void record(const char *group, const char *name, const char *method,
	    const char *unit, double value, double ratio);

/* Threads that run @fn over and over, from start to stop. */
void busy_start(int n, void (*fn)(void));
void busy_stop(void);

/* Returns while one of them runs on another processor, if there are any. */
void busy_meet(void);

/* 0, 1, all processors but one, twice as many; no number twice.  Returns n. */
int busy_counts(int counts[4]);

/* Prints the message and ends the program. */
__attribute__((noreturn, format(printf, 1, 2)))
void fail(const char *format, ...);

#endif
