/* SPDX-License-Identifier: MIT */
/*
 * start_libc.c - what start_x86_64.S does, for other machines and with the C
 * library: the hook begins with main().
 */
#include <errno.h>
#include <spawn.h>
#include <unistd.h>

#include "bare.h"

long sc_system(long number, long a, long b, long c, long d, long e)
{
	long result = syscall(number, a, b, c, d, e);

	return result < 0 ? -errno : result;
}

long sc_system_spawn(const char *path, char **argv, char **environment,
		     const sigset_t *mask, int *error)
{
	posix_spawnattr_t attributes;
	pid_t pid;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, mask);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	*error = posix_spawn(&pid, path, NULL, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	return *error ? -*error : pid;
}
