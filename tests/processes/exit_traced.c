/* SPDX-License-Identifier: MIT */
/*
 * exit_traced.c - a program that updates, marks the end of main() by a system call, and
 * ends: what it does after that exit_trace.sh sees.
 *
 *	exit_traced [call]	"call": with a system call in an exit handler
 */
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

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argv;
	if (program_subject()->change(1) ||
	    pthread_create(&thread, NULL, idle, NULL) ||
	    program_subject()->change(2))
		return 1;
	if (argc > 1)
		atexit(make_a_call);
	if (write(-1, "the end of main", 15) >= 0)
		return 1;
	return 7;
}
