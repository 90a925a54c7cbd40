/* SPDX-License-Identifier: MIT */
/*
 * tsan_moves.c - preloaded by sanitize.sh: mremap() as TSan ought to see it.
 *
 * TSan forgets the uses of memory that comes or goes by mmap() or munmap().  It
 * does not know mremap(), by which the library moves text to its arena and back.
 * If a plugin is loaded at such an address later, TSan would report a race with
 * the library's read of the text that was there before.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* TSan forgets, then asks the kernel, which refuses an odd address. */
static void forget(void *p, size_t len)
{
	int saved = errno;

	munmap((char *)p + 1, len);
	errno = saved;
}

void *mremap(void *from, size_t old_len, size_t len, int flags, ...)
{
	va_list args;
	void *to;

	va_start(args, flags);
	to = flags & MREMAP_FIXED ? va_arg(args, void *) : NULL;
	va_end(args);
	/* Before another thread can have it. */
	forget(from, old_len);
	to = (void *)syscall(SYS_mremap, from, old_len, len, flags, to);
	/* What was here before was unmapped by ld.so, which TSan cannot see. */
	if (to != MAP_FAILED)
		forget(to, len);
	return to;
}
