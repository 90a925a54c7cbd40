/* SPDX-License-Identifier: MIT */
/*
 * mem.c - memory for the library's own tables.
 *
 * Small blocks come out of one static area, the pool, as long as there is room: a
 * mapping for each would add eighteen system calls to a start of 24.
 * Blocks lie one behind the other in the order in which they were taken.  What
 * is freed can be taken again where it is the last; else it is lost until the
 * pool goes, and when the pool is full each block is a mapping of its own.  So
 * what is lost is never more than the pool.
 *
 * It takes no lock.  A child of fork() sees @used as it was when it saw what was
 * linked to the state (world.h), so no block that it believes is taken again.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "page.h"
#include "valgrind.h"

#define POOL_SIZE	(3 * SC_PAGE_MAX)
#define SMALL		(80ul << 10)	/* at most, for a block of the pool */
#define ALIGN		16
#define MANY_PAGES	(64ul << 10)

/* What older headers lack. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

struct pool {
	_Atomic size_t used;		/* of @blocks */
	char unused[ALIGN - sizeof(size_t)];	/* keeps what follows aligned */
	char blocks[POOL_SIZE - ALIGN];
};

/* For the pool, whose pages are nobody else's (world.h) wherever this lies. */
static char room[POOL_SIZE + SC_PAGE_MAX];

int sc_alloc_fail_after = -1;
bool sc_alloc_apart;

/* NORESERVE: tables are sized for the most that a module may have. */
static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static struct pool *get_pool(void)
{
	return sc_first_page(room, SC_PAGE_MAX);
}

static size_t round_up(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* NULL: the pool is full. */
static void *take(struct pool *pool, size_t size)
{
	size_t at = pool->used;

	do {
		if (size > sizeof(pool->blocks) - at)
			return NULL;
	} while (!atomic_compare_exchange_weak(&pool->used, &at, at + size));
	/* Another thread may have had it before. */
	sc_valgrind_inherit(pool->blocks + at, size);
	return pool->blocks + at;
}

void *sc_alloc(size_t size)
{
	void *p;

	if (sc_alloc_fail_after >= 0 && sc_alloc_fail_after-- == 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (size > SMALL || sc_alloc_apart)
		return map(size);
	p = take(get_pool(), round_up(size));
	return p ? p : map(size);
}

/*
 * The first touch of each page is a fault, and costs more than what is written
 * there.  A kernel that cannot do them all at once (before 5.14) does them then.
 */
void sc_will_write(void *p, size_t size)
{
	uintptr_t mask = (uintptr_t)getpagesize() - 1;
	uintptr_t from = ((uintptr_t)p + mask) & ~mask;
	uintptr_t to = ((uintptr_t)p + size) & ~mask;
	int saved = errno;

	if (size < MANY_PAGES)
		return;
	madvise((void *)from, to - from, MADV_POPULATE_WRITE);
	errno = saved;
}

/* Zeroed before it can be taken again. */
static void give_back(struct pool *pool, void *p, size_t size)
{
	size_t at = (size_t)((char *)p - pool->blocks), end = at + size;

	memset(p, 0, size);
	atomic_compare_exchange_strong(&pool->used, &end, at);
}

void sc_free(void *p, size_t size)
{
	struct pool *pool = get_pool();

	if (!p)
		return;
	if ((uintptr_t)p - (uintptr_t)pool < POOL_SIZE)
		give_back(pool, p, round_up(size));
	else
		munmap(p, size);
}

void sc_mem_end(void)
{
	struct pool *pool = get_pool();

	memset(pool->blocks, 0, pool->used);
	pool->used = 0;
}
