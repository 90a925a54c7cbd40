/* SPDX-License-Identifier: MIT */
/*
 * linkcost.c - times a command with and without one more argument, by turns.
 *
 *	linkcost NAME ROUNDS ARGUMENT COMMAND...
 *
 * The argument becomes the command's first.  Beside the time on the clock the
 * processor time of all that was run is shown, which a busy machine spoils less.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define MOST	1001

struct times {
	double clock[MOST], cpu[MOST];	/* milliseconds */
};

static double milliseconds(const struct timeval *tv)
{
	return (double)tv->tv_sec * 1e3 + (double)tv->tv_usec / 1e3;
}

static void run(char **argv, struct times *times, int round)
{
	double start = now_ns();
	struct rusage usage;
	pid_t pid = fork();
	int status;

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		fail("fork: %d", errno);
	if (status)
		fail("%s ends with status %d", argv[0], status);
	/* The first runs only warm up. */
	if (round < 0)
		return;
	times->clock[round] = (now_ns() - start) / 1e6;
	times->cpu[round] = milliseconds(&usage.ru_utime) +
			    milliseconds(&usage.ru_stime);
}

static void report(double *without, double *with, int n)
{
	double *more = malloc((size_t)n * sizeof(*more));
	int i;

	if (!more)
		fail("no memory");
	for (i = 0; i < n; i++)
		more[i] = with[i] - without[i];
	printf("  %8.1f %8.1f %+8.1f %6.2f", median(without, n),
	       median(with, n), median(more, n),
	       median(with, n) / median(without, n));
	free(more);
}

int main(int argc, char **argv)
{
	static struct times without, with;
	int rounds = argc > 4 ? atoi(argv[2]) : 0, i;
	char *argument;

	if (rounds < 1 || rounds > MOST)
		fail("usage: linkcost NAME ROUNDS ARGUMENT COMMAND...");
	argument = argv[3];
	for (i = -2; i < rounds; i++) {
		run(argv + 4, &without, i);
		/* Its name goes in front, the argument where it was. */
		argv[3] = argv[4];
		argv[4] = argument;
		run(argv + 3, &with, i);
		argv[4] = argv[3];
	}
	printf("  %-38s", argv[1]);
	report(without.clock, with.clock, rounds);
	report(without.cpu, with.cpu, rounds);
	printf("\n");
	return 0;
}
