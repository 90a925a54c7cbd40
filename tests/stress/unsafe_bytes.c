/* SPDX-License-Identifier: MIT */
/* unsafe_bytes.c - live text is written byte by byte. */
#include "unsafe.h"

void unsafe_start(void)
{
}

void unsafe_write(const struct sc_change *changes, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < changes[i].place->len; j++)
			((volatile uint8_t *)changes[i].place->addr)[j] =
				changes[i].wanted[j];
}
