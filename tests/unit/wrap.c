/* SPDX-License-Identifier: MIT */
/* wrap.c - the calls that a test can answer in the kernel's place. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "wrap.h"

struct wraps wraps;

/* Only the linker names these. */
void *__wrap_mremap(void *from, size_t old_len, size_t len, int flags,
		    void *to);
void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t at);
int __wrap_madvise(void *p, size_t len, int advice);
int __wrap_mprotect(void *p, size_t len, int prot);
int __wrap_mlock(const void *p, size_t len);
int __wrap_msync(void *p, size_t len, int flags);
int __wrap_munlock(const void *p, size_t len);
long __wrap_syscall(long number, ...);
bool __wrap_sc_maps_traced(void);
bool __wrap_sc_maps_strict_overcommit(void);
int __wrap_sc_maps_is_private_copy(uintptr_t addr);
int __wrap_sc_maps_find(struct sc_maps *maps, uintptr_t addr,
			struct sc_vma *vma);
int __wrap_sc_insn_encode(enum sc_form form, uintptr_t addr,
			  const struct sc_target *target, const uint8_t *keep,
			  uint8_t *out);

/* The library always gives the fifth argument. */
void *__wrap_mremap(void *from, size_t old_len, size_t len, int flags,
		    void *to)
{
	if (wraps.mremap)
		return wraps.mremap(from, len, flags, to);
	return __real_mremap(from, old_len, len, flags, to);
}

/* A hook is told of anonymous memory alone. */
void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at)
{
	if (wraps.mmap && (flags & MAP_ANONYMOUS))
		return wraps.mmap(p, len, prot, flags);
	return __real_mmap(p, len, prot, flags, fd, at);
}

int __wrap_open(const char *path, int flags, ...)
{
	int mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, int);
		va_end(args);
	}
	if (wraps.open)
		return wraps.open(path, flags);
	return __real_open(path, flags, mode);
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return (wraps.pwrite ? wraps.pwrite : __real_pwrite)(fd, buf, len, at);
}

int __wrap_madvise(void *p, size_t len, int advice)
{
	return (wraps.madvise ? wraps.madvise : __real_madvise)(p, len, advice);
}

int __wrap_mprotect(void *p, size_t len, int prot)
{
	return (wraps.mprotect ? wraps.mprotect : __real_mprotect)(p, len,
								   prot);
}

/* The kernel's own: a sanitizer's lock nothing, and say that they did. */
int __wrap_mlock(const void *p, size_t len)
{
	if (wraps.mlock)
		return wraps.mlock(p, len);
	return (int)__real_syscall(SYS_mlock, p, len);
}

int __wrap_msync(void *p, size_t len, int flags)
{
	return (wraps.msync ? wraps.msync : __real_msync)(p, len, flags);
}

int __wrap_munlock(const void *p, size_t len)
{
	if (wraps.munlock)
		return wraps.munlock(p, len);
	return (int)__real_syscall(SYS_munlock, p, len);
}

/* Six arguments whatever the call has: the rest is not looked at. */
long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list args;
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (wraps.syscall)
		return wraps.syscall(number, a[0], a[1], a[2], a[3]);
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

bool __wrap_sc_maps_traced(void)
{
	return wraps.traced ? wraps.traced() : __real_sc_maps_traced();
}

bool __wrap_sc_maps_strict_overcommit(void)
{
	return wraps.strict_overcommit ? wraps.strict_overcommit() :
					 __real_sc_maps_strict_overcommit();
}

int __wrap_sc_maps_is_private_copy(uintptr_t addr)
{
	return (wraps.is_private_copy ? wraps.is_private_copy :
					__real_sc_maps_is_private_copy)(addr);
}

int __wrap_sc_maps_find(struct sc_maps *maps, uintptr_t addr,
			struct sc_vma *vma)
{
	return (wraps.find ? wraps.find : __real_sc_maps_find)(maps, addr, vma);
}

int __wrap_sc_insn_encode(enum sc_form form, uintptr_t addr,
			  const struct sc_target *target, const uint8_t *keep,
			  uint8_t *out)
{
	return (wraps.encode ? wraps.encode : __real_sc_insn_encode)(
		form, addr, target, keep, out);
}

int no_mem(const char *path, int flags)
{
	size_t len = strlen(path);

	if (len >= 4 && strcmp(path + len - 4, "/mem") == 0) {
		errno = EACCES;
		return -1;
	}
	return __real_open(path, flags);
}

int no_open(const char *path, int flags)
{
	errno = EACCES;
	return -1;
}
