/* SPDX-License-Identifier: MIT */
/* mem.c - memory for the library's own tables. */
#include "sc_config.h"

#include <errno.h>
#include <sys/mman.h>

#include "mem.h"

int sc_alloc_fail_after = -1;

/*
 * NORESERVE: tables are sized for the most that a module may have.  The kernel
 * zeroes the pages, on which the readers of new tables rely.
 */
void *sc_alloc(size_t size)
{
	void *p;

	if (sc_alloc_fail_after >= 0 && sc_alloc_fail_after-- == 0) {
		errno = ENOMEM;
		return NULL;
	}
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void sc_free(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}
