/* SPDX-License-Identifier: MIT */
/* sort.h - sorting places by address, without allocation. */
#ifndef SC_SORT_H
#define SC_SORT_H

#include <stddef.h>

struct sc_patch;

/*
 * Sorts the @n pointers of @a; @scratch is room for as many.  Fast for what is
 * usual here, a few sorted runs one behind the other: O(n log runs).
 */
void sc_sort(struct sc_patch **a, struct sc_patch **scratch, size_t n);

#endif
