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

void unsafe_write(struct sc_patch **queue, size_t n)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(&word, queue[i]->addr, sizeof(word));
		memcpy(&word, queue[i]->next, queue[i]->len);
		__asm__ volatile("movq %1, %0"
				 : "=m"(*(uint64_t *)queue[i]->addr)
				 : "r"(word));
	}
}
