/* SPDX-License-Identifier: MIT */
/* soak.h - what a run for hours has besides. */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>

/*
 * Between these two the process has descriptors: for what the program itself
 * needs them for.  The library takes what it gets.
 */
void soak_need_descriptors(void);
void soak_need_no_more(void);

/* Threads. */
void *soak_copies(void *arg);
void *soak_namespaces(void *arg);
void *soak_famine(void *arg);

/* Whether descriptors may be short: an update may say so. */
extern bool soak_is_short;
/* Whether all descriptors are taken now. */
bool soak_is_hungry(void);

/* How many descriptors are open. */
long soak_descriptors(void);

/*
 * A sample of what must not grow, at @part of the run, from 0 to 1; then what
 * has grown since the second quarter, in the last: a fault if it is more than
 * what comes and goes by itself.
 */
void soak_sample(double part);
void soak_check_growth(void);

#endif
