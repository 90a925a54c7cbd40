/* SPDX-License-Identifier: MIT */
/*
 * wrap.h - the calls that a test can answer in the kernel's place.
 *
 * The linker (--wrap) leads the library's calls of these functions here.  A
 * hook that is NULL means the real one; a hook may call the real one itself.
 */
#ifndef WRAP_H
#define WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "maps.h"
#include "insn.h"

struct wraps {
	void *(*mremap)(void *from, size_t len, int flags, void *to);
	int (*open)(const char *path, int flags);
	ssize_t (*pwrite)(int fd, const void *buf, size_t len, off_t at);
	int (*madvise)(void *p, size_t len, int advice);
	void *(*mmap)(void *p, size_t len, int prot, int flags);
	int (*mprotect)(void *p, size_t len, int prot);
	int (*mlock)(const void *p, size_t len);
	int (*msync)(void *p, size_t len, int flags);
	int (*munlock)(const void *p, size_t len);
	long (*syscall)(long number, long a, long b, long c, long d);
	bool (*traced)(void);
	bool (*strict_overcommit)(void);
	int (*is_private_copy)(uintptr_t addr);
	int (*find)(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma);
	int (*encode)(enum sc_form form, uintptr_t addr,
		      const struct sc_target *target, const uint8_t *keep,
		      uint8_t *out);
};
extern struct wraps wraps;

/* Hooks: the mem file in /proc cannot be opened; nothing can. */
int no_mem(const char *path, int flags);
int no_open(const char *path, int flags);

/* The real ones. */
extern void *__real_mremap(void *from, size_t old_len, size_t len, int flags,
			   ...);
extern void *__real_mmap(void *p, size_t len, int prot, int flags, int fd,
			 off_t at);
extern int __real_open(const char *path, int flags, ...);
extern ssize_t __real_pwrite(int fd, const void *buf, size_t len, off_t at);
extern int __real_madvise(void *p, size_t len, int advice);
extern int __real_msync(void *p, size_t len, int flags);
extern int __real_mprotect(void *p, size_t len, int prot);
extern long __real_syscall(long number, ...);
extern bool __real_sc_maps_traced(void);
extern bool __real_sc_maps_strict_overcommit(void);
extern int __real_sc_maps_is_private_copy(uintptr_t addr);
extern int __real_sc_maps_find(struct sc_maps *maps, uintptr_t addr,
			       struct sc_vma *vma);
extern int __real_sc_insn_encode(enum sc_form form, uintptr_t addr,
				 const struct sc_target *target,
				 const uint8_t *keep, uint8_t *out);

#endif
