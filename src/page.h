/* SPDX-License-Identifier: MIT */
/* page.h - static room for whole pages. */
#ifndef SC_PAGE_H
#define SC_PAGE_H

#include <stddef.h>
#include <stdint.h>

/* Pages are at most so large, as far as we know: the room has so much to spare. */
#define SC_PAGE_MAX	(64ul << 10)

/* The first page of @size, a power of two, that begins at @p or behind it. */
static inline void *sc_first_page(const void *p, size_t size)
{
	return (void *)(((uintptr_t)p + size - 1) & ~(uintptr_t)(size - 1));
}

#endif
