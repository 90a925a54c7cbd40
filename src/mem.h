/* SPDX-License-Identifier: MIT */
/* mem.h - memory for the library's own tables, zeroed. */
#ifndef SC_MEM_H
#define SC_MEM_H

#include <stddef.h>

/*
 * Straight from the kernel: a program's allocator may itself be reached
 * through static calls, or hold its lock while it updates one.
 */
void *sc_alloc(size_t size);
void sc_free(void *p, size_t size);

/* For tests: the allocation after that many fails, once; -1: none. */
extern int sc_alloc_fail_after;

#endif
