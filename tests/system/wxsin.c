/* SPDX-License-Identifier: MIT */
/*
 * wxsin.c - makes memory writable and executable, in one of several ways, or in
 * none: what wxtrace must catch, and must not.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#define RWX	(PROT_READ | PROT_WRITE | PROT_EXEC)
#define LEN	4096ul

static void *take(int prot)
{
	return mmap(NULL, LEN, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *by_mprotect(void *arg)
{
	mprotect(take(PROT_READ), LEN, RWX);
	return arg;
}

static void by_fork(void)
{
	pid_t pid = fork();

	if (!pid) {
		by_mprotect(NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* The arguments of the call are innocent; the mapping is not. */
static void by_personality(void)
{
	personality(READ_IMPLIES_EXEC);
	take(PROT_READ | PROT_WRITE);
}

static void one_after_the_other(void)
{
	void *p = take(PROT_READ | PROT_WRITE);

	mprotect(p, LEN, PROT_READ | PROT_EXEC);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t t;

	if (!strcmp(how, "mmap"))
		take(RWX);
	else if (!strcmp(how, "mprotect"))
		by_mprotect(NULL);
	else if (!strcmp(how, "thread") &&
		 !pthread_create(&t, NULL, by_mprotect, NULL))
		pthread_join(t, NULL);
	else if (!strcmp(how, "fork"))
		by_fork();
	else if (!strcmp(how, "personality"))
		by_personality();
	else
		one_after_the_other();
	return 0;
}
