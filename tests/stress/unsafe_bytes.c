/* SPDX-License-Identifier: MIT */
/* unsafe_bytes.c - live text is written byte by byte. */
#include "unsafe.h"

void unsafe_start(void)
{
}

void unsafe_write(struct sc_patch **queue, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < queue[i]->len; j++)
			((volatile uint8_t *)queue[i]->addr)[j] =
				queue[i]->next[j];
}
