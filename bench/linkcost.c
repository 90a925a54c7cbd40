/* SPDX-License-Identifier: MIT */
/*
 * linkcost.c - times a command with and without one more argument, by turns.
 *
 *	linkcost NAME METHOD ROUNDS ARGUMENT COMMAND...
 *
 * NAME and METHOD say what it is; the argument becomes the command's first.
 * Beside the time on the clock the processor time of all that was run is shown,
 * which a busy machine spoils less.
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

/* @what: which time. */
static void report(char **names, const char *what, double *without,
		   double *with, int n)
{
	double *more = malloc((size_t)n * sizeof(*more)), ratio;
	char method[64];
	int i;

	if (!more)
		fail("no memory");
	for (i = 0; i < n; i++)
		more[i] = with[i] - without[i];
	ratio = median(with, n) / median(without, n);
	printf("  %8.1f %8.1f %+8.1f %6.2f", median(without, n),
	       median(with, n), median(more, n), ratio);
	snprintf(method, sizeof(method), "%s-%s", names[1], what);
	record("link", names[0], method, "ms more", median(more, n), ratio);
	free(more);
}

int main(int argc, char **argv)
{
	static struct times without, with;
	int n = argc > 5 ? atoi(argv[3]) : 0, i;
	char *argument, **names = argv + 1;

	if (n < 1 || n > MOST)
		fail("usage: linkcost NAME METHOD ROUNDS ARGUMENT COMMAND...");
	n = rounds(n);
	argument = argv[4];
	for (i = -2; i < n; i++) {
		run(argv + 5, &without, i);
		/* Its name goes in front, the argument where it was. */
		argv[4] = argv[5];
		argv[5] = argument;
		run(argv + 4, &with, i);
		argv[5] = argv[4];
	}
	printf("  %-42s %-5s", names[0], names[1]);
	report(names, "clock", without.clock, with.clock, n);
	report(names, "processor", without.cpu, with.cpu, n);
	printf("\n");
	return 0;
}
