/* SPDX-License-Identifier: MIT */
/*
 * exit_traced.c - a program that updates, marks the end of main() by a system call, and
 * ends: what it does after that exit_trace.sh sees.
 *
 *	exit_traced [call]	"call": with a system call in an exit handler
 *	exit_traced plugin FILE	with a plugin, where built with -DWITH_PLUGIN
 */
#ifdef WITH_PLUGIN
#include <dlfcn.h>
#endif
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "subject.h"

static void make_a_call(void)
{
	syscall(SYS_getppid);
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* What is closed again stays loaded, with a C library that never unloads. */
static int open_plugin(const char *path)
{
#ifdef WITH_PLUGIN
	void *handle = dlopen(path, RTLD_NOW);
	const struct subject *(*get)(void);

	if (!handle)
		return 1;
	*(void **)&get = dlsym(handle, SUBJECT_OF_PLUGIN);
	return !get || get()->change(1) || dlclose(handle);
#else
	(void)path;
	return 1;
#endif
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 2 && open_plugin(argv[2]))
		return 2;
	if (program_subject()->change(1) ||
	    pthread_create(&thread, NULL, idle, NULL) ||
	    program_subject()->change(2))
		return 1;
	if (argc == 2)
		atexit(make_a_call);
	if (write(-1, "the end of main", 15) >= 0)
		return 1;
	return 7;
}
