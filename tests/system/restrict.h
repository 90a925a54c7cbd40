/* SPDX-License-Identifier: MIT */
/*
 * restrict.h - ways in which a system, or the program itself, forbids things.
 *
 * Each function restricts the calling process from now on.  It returns NULL, or
 * why this machine cannot do it.
 */
#ifndef SYSTEM_RESTRICT_H
#define SYSTEM_RESTRICT_H

#include <stddef.h>
#include <stdint.h>

/* A user who may not do much. */
#define NOBODY	65534u

/* A filter for all threads. */
struct sock_filter;
const char *install_filter(struct sock_filter *filter, size_t n);

/* What a refused system call does. */
#define DENY_KILL	(-1)

/* The named system calls ("mremap+madvise") fail with @err in all threads. */
const char *deny_calls(const char *names, int err);

const char *deny_exec_gain(void);	/* PR_SET_MDWE */
const char *hide_proc(void);		/* no /proc */
/* Landlock: of /proc nothing; or what AppArmor's base abstraction shows. */
const char *lock_out_of_proc(void);
const char *show_own_maps_only(void);
const char *move_to_empty_root(void);	/* chroot */
const char *move_to_other_mounts(void);	/* setns, to mounts without /proc */
const char *become_nobody(void);	/* another user, not dumpable */
const char *limit_address_space(void);
const char *limit_files(void);
const char *lock_memory(void);
const char *lock_memory_on_fault(void);

/* The executable segment of the program, in whole pages. */
struct segment {
	uintptr_t start;
	size_t len;
};
struct segment program_text(void);
const char *seal_text(struct segment text);
const char *make_text_anonymous(struct segment text);

/*
 * The same for words: mdwe, noproc, nobody, lock, lockonfault, seal, or
 * deny:CALLS:HOW, where HOW is EPERM, ENOSYS or kill.
 */
const char *restrict_by_name(const char *what);

#endif /* SYSTEM_RESTRICT_H */
