/* SPDX-License-Identifier: MIT */
/*
 * bare.h - what the part of the hook that runs before the C library is ready
 * (early.c) may use.
 *
 * Rule: such a file calls nothing but what is declared here and its own kind;
 * tests/annotate/early.sh holds it to that.  No errno, no stdio, no malloc, not
 * even strlen(): until the program is relocated none of them works.
 */
#ifndef SC_BARE_H
#define SC_BARE_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* A system call; a negative errno where it fails. */
long sc_system(long number, long a, long b, long c, long d, long e);

/*
 * Starts a program with the signal mask @mask; its number, or a negative errno.
 * If only execve() fails, *@error says why, and the child is gone again.
 */
long sc_system_spawn(const char *path, char **argv, char **environment,
		     const sigset_t *mask, int *error);

static inline long sc_bare_open(const char *path)
{
	return sc_system(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC,
			 0, 0);
}

static inline long sc_bare_read(long fd, void *to, size_t size)
{
	return sc_system(SYS_read, fd, (long)to, (long)size, 0, 0);
}

static inline void sc_bare_close(long fd)
{
	sc_system(SYS_close, fd, 0, 0, 0, 0);
}

static inline bool sc_bare_access(const char *path, int mode)
{
	return !sc_system(SYS_faccessat, AT_FDCWD, (long)path, mode, 0, 0);
}

static inline size_t sc_bare_length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

static inline bool sc_bare_begins(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return false;
	return true;
}

static inline bool sc_bare_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The first @c of the @len characters at @text, NULL if there is none. */
static inline const char *sc_bare_find(const char *text, size_t len, char c)
{
	for (; len; text++, len--)
		if (*text == c)
			return text;
	return NULL;
}

/* The length of the directory of @path, its last slash included; or 0. */
static inline size_t sc_bare_directory(const char *path)
{
	size_t len = sc_bare_length(path);

	while (len && path[len - 1] != '/')
		len--;
	return len;
}

#endif /* SC_BARE_H */
