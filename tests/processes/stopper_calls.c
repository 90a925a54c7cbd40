/* SPDX-License-Identifier: MIT */
/*
 * stopper_calls.c - the steps are the C library's functions that the library calls.
 *
 * The program defines these functions, and the library's calls are bound to them.
 * So a test can look at each moment between two system calls, with the library as
 * it is installed.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* The functions are defined under their plain names. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "stopper.h"

#define EXPORT	__attribute__((visibility("default")))

/* ------------------------------------------------------------- the library */

static uintptr_t library_start, library_end;

static int find_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	size_t i;

	(void)size;
	(void)arg;
	if (!info->dlpi_name || !strstr(info->dlpi_name, "libstaticcall"))
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = info->dlpi_phdr + i;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		library_start = info->dlpi_addr + p->p_vaddr;
		library_end = library_start + p->p_memsz;
	}
	return 1;
}

/*
 * Called before anything can stop: dlsym() takes the loader's lock, which a thread
 * that is stopped in dlopen() holds.
 */
static void real(void *function, const char *name)
{
	void *address = *(void **)function;

	if (!address)
		address = dlsym(RTLD_NEXT, name);
	memcpy(function, &address, sizeof(address));
}

#define NEXT(type, name, params)					\
	static type (*next_##name) params;				\
	static __attribute__((constructor)) void find_##name(void)	\
	{								\
		real(&next_##name, #name);				\
	}

NEXT(int, sched_yield, (void))

void stop_yield(void)
{
	next_sched_yield();
}

void stop_find_library(void)
{
	if (!library_end)
		dl_iterate_phdr(find_library, NULL);
	expect(library_end);
}

static void step(const void *caller)
{
	int saved = errno;

	if ((uintptr_t)caller < library_start ||
	    (uintptr_t)caller >= library_end)
		return;
	stop_is_here();
	errno = saved;
}

/* ------------------------------------------------ what the library calls */

#define INTERPOSE(type, name, params, args)				\
	NEXT(type, name, params)					\
	type name params;						\
	EXPORT type name params						\
	{								\
		find_##name();						\
		step(__builtin_return_address(0));			\
		return next_##name args;				\
	}

#undef fstat
#undef lseek
#undef mmap
#undef open
#undef pread
#undef pwrite
INTERPOSE(int, close, (int fd), (fd))
INTERPOSE(int, fstat, (int fd, struct stat *st), (fd, st))
INTERPOSE(int, ioctl, (int fd, unsigned long what, void *arg), (fd, what, arg))
INTERPOSE(off_t, lseek, (int fd, off_t at, int how), (fd, at, how))
INTERPOSE(int, madvise, (void *p, size_t len, int advice), (p, len, advice))
INTERPOSE(int, mincore, (void *p, size_t len, unsigned char *to), (p, len, to))
INTERPOSE(int, mlock, (const void *p, size_t len), (p, len))
INTERPOSE(void *, mmap,
	  (void *p, size_t len, int prot, int flags, int fd, off_t at),
	  (p, len, prot, flags, fd, at))
INTERPOSE(int, mprotect, (void *p, size_t len, int prot), (p, len, prot))
INTERPOSE(int, msync, (void *p, size_t len, int flags), (p, len, flags))
INTERPOSE(int, munlock, (const void *p, size_t len), (p, len))
INTERPOSE(int, munmap, (void *p, size_t len), (p, len))
INTERPOSE(ssize_t, pread, (int fd, void *to, size_t len, off_t at),
	  (fd, to, len, at))
INTERPOSE(ssize_t, pwrite, (int fd, const void *from, size_t len, off_t at),
	  (fd, from, len, at))
INTERPOSE(int, pthread_setcancelstate, (int set, int *old), (set, old))
INTERPOSE(ssize_t, read, (int fd, void *to, size_t len), (fd, to, len))

EXPORT int sched_yield(void)
{
	find_sched_yield();
	step(__builtin_return_address(0));
	return next_sched_yield();
}

/* With as many arguments as any call has; the kernel ignores more. */
NEXT(void *, mremap, (void *, size_t, size_t, int, ...))
EXPORT void *mremap(void *from, size_t old_len, size_t len, int flags, ...)
{
	va_list args;
	void *to;

	va_start(args, flags);
	to = va_arg(args, void *);
	va_end(args);
	find_mremap();
	step(__builtin_return_address(0));
	return next_mremap(from, old_len, len, flags, to);
}

NEXT(int, open, (const char *, int, ...))
int open(const char *path, int flags, ...);
EXPORT int open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	find_open();
	step(__builtin_return_address(0));
	return next_open(path, flags, mode);
}

NEXT(long, syscall, (long, ...))
EXPORT long syscall(long number, ...)
{
	va_list args;
	long a[6];
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	find_syscall();
	step(__builtin_return_address(0));
	return next_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

