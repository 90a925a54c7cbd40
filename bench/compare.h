/* SPDX-License-Identifier: MIT */
/* compare.h - functions of one shape that differ in one thing: which is faster? */
#ifndef COMPARE_H
#define COMPARE_H

#include <stddef.h>

struct kind {
	const char *name;
	unsigned int (*run)(unsigned int x);
};

/*
 * Lets the kinds take turns, prints and records the median of each: the time of
 * one of the @calls that run() makes, and the ratio to the first kind.
 */
void compare(const char *group, const char *method, const struct kind *kinds,
	     size_t n, int calls);

#endif
