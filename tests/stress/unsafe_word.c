/* SPDX-License-Identifier: MIT */
/*
 * unsafe_word.c - each place is written by one store of eight bytes, the best
 * that plain stores can do.  Where the place crosses a cache line that is two.
 */
#include <string.h>

#include "unsafe.h"

void unsafe_start(void)
{
}

void unsafe_write(const struct sc_change *changes, size_t n)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(&word, changes[i].place->addr, sizeof(word));
		memcpy(&word, changes[i].wanted, changes[i].place->len);
		__asm__ volatile("movq %1, %0"
				 : "=m"(*(uint64_t *)changes[i].place->addr)
				 : "r"(word));
	}
}
