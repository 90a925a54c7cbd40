/* SPDX-License-Identifier: MIT */
/* pool.c - memory that is given back all at once, when a file is done. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tool.h"

enum { FIRST_ROOM = 64 };

struct sc_pool_block {
	struct sc_pool_block *next;
	max_align_t data[];
};

void *sc_pool_alloc(struct sc_pool *pool, size_t n, size_t size)
{
	struct sc_pool_block *block;

	if (size && n > (SIZE_MAX / 2 - sizeof(*block)) / size)
		return NULL;
	block = calloc(1, sizeof(*block) + n * size);
	if (!block)
		return NULL;
	block->next = pool->blocks;
	pool->blocks = block;
	return block->data;
}

/* The room is not kept anywhere: it is 64, or the next power of two. */
void *sc_pool_grow(struct sc_pool *pool, void *array, size_t n, size_t size)
{
	void *new;

	if (array && (n < FIRST_ROOM || (n & (n - 1))))
		return array;
	new = sc_pool_alloc(pool, n ? 2 * n : FIRST_ROOM, size);
	if (new && n)
		memcpy(new, array, n * size);
	return new;
}

char *sc_pool_string(struct sc_pool *pool, const char *format, ...)
{
	va_list args, again;
	char *text = NULL;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len >= 0)
		text = sc_pool_alloc(pool, (size_t)len + 1, 1);
	if (text)
		vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}

void sc_pool_empty(struct sc_pool *pool)
{
	struct sc_pool_block *block;

	while ((block = pool->blocks)) {
		pool->blocks = block->next;
		free(block);
	}
}
