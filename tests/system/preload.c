/* SPDX-License-Identifier: MIT */
/*
 * preload.c - a preloaded library that does something to the program before the
 * program's constructors run.  PRELOAD_DOES says what:
 *
 *   seal		seals the program's text
 *   anonymous		puts the program's text on anonymous memory
 *   fail=N		the Nth mmap() of libstaticcall finds no memory
 *   blind		libstaticcall is told that all pages of a file can be read
 *   late=RESTRICTION	forbids something (restrict.h) as a program of the suite
 *			begins with its tests: the library has started by then
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* The functions are defined under their plain names. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "restrict.h"

#undef mmap
#undef mmap64

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif

static long fail_at = -1, seen;
static int blind;
static const char *late;

static void need(const char *why)
{
	if (!why)
		return;
	printf("%s\n", why);
	fflush(stdout);
	_exit(77);
}

static __attribute__((constructor)) void begin(void)
{
	const char *what = getenv("PRELOAD_DOES");

	if (!what)
		return;
	if (!strcmp(what, "seal"))
		need(seal_text(program_text()));
	else if (!strcmp(what, "anonymous"))
		need(make_text_anonymous(program_text()));
	else if (!strncmp(what, "fail=", 5))
		fail_at = atol(what + 5);
	else if (!strcmp(what, "blind"))
		blind = 1;
	else if (!strncmp(what, "late=", 5))
		late = what + 5;
}

/*
 * Check forks for each test: the first one is where the tests begin.  (Check
 * itself may be linked into the program, so it is not asked.)
 */
__attribute__((visibility("default"))) pid_t fork(void);
pid_t fork(void)
{
	pid_t (*next)(void);
	const char *what = late;

	*(void **)&next = dlsym(RTLD_NEXT, "fork");
	late = NULL;
	if (what)
		need(restrict_by_name(what));
	return next();
}

/* How many there were so far. */
__attribute__((visibility("default"))) long preload_seen(void);
long preload_seen(void)
{
	return seen;
}

static int from_the_library(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) && info.dli_fname &&
	       strstr(info.dli_fname, "libstaticcall");
}

static void *map(const void *caller, void *addr, size_t len, int prot, int flags,
		 int fd, long long offset)
{
	if (fail_at > 0 && from_the_library(caller) && ++seen == fail_at) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
#ifdef SYS_mmap2
	return (void *)syscall(SYS_mmap2, addr, len, prot, flags, fd,
			       (long)(offset / 4096));
#else
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, (long)offset);
#endif
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return map(__builtin_return_address(0), addr, len, prot, flags, fd, offset);
}

/* Not every C library declares it. */
void *map_far(void *addr, size_t len, int prot, int flags, int fd, long long offset)
	__asm__("mmap64");
void *map_far(void *addr, size_t len, int prot, int flags, int fd, long long offset)
{
	return map(__builtin_return_address(0), addr, len, prot, flags, fd, offset);
}

int madvise(void *addr, size_t len, int advice);
int madvise(void *addr, size_t len, int advice)
{
	if (blind && advice == MADV_POPULATE_READ &&
	    from_the_library(__builtin_return_address(0)))
		return 0;
	return (int)syscall(SYS_madvise, addr, len, advice);
}
