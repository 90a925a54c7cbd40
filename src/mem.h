/* SPDX-License-Identifier: MIT */
/* mem.h - memory for the library's own tables, zeroed. */
#ifndef SC_MEM_H
#define SC_MEM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Not by malloc(): a program's allocator may itself be reached through static
 * calls, or hold its lock while it updates one.
 */
void *sc_alloc(size_t size);
void sc_free(void *p, size_t size);

/* All of [@p, @p + @size), which sc_alloc() returned, will be written soon. */
void sc_will_write(void *p, size_t size);

/* Small blocks go with it, whether they were freed or not. */
void sc_mem_end(void);

/*
 * For tests: the allocation after that many fails, once; -1: none.  And each
 * block is a mapping of its own, so that one that is not freed is seen.
 */
extern int sc_alloc_fail_after;
extern bool sc_alloc_apart;

#endif
