/* SPDX-License-Identifier: MIT */
/*
 * startup.c - what static calls cost at the start of a program: time, system
 * calls, memory.  Runs the programs that are made of atstart.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define RUNS	101

static const struct program {
	const char *path, *what;
	int sites;
	const char *patch;	/* STATIC_CALL_PATCH */
} programs[] = {
	{ "./atstart-none", "no static call", 0, "1" },
	{ "./atstart-header", "the header alone", 0, "1" },
	{ "./atstart-one", "1 site with patching off", 1, "0" },
	{ "./atstart-one", "1 site", 1, "1" },
	{ "./atstart-many", "10000 sites", 10000, "1" },
};

enum { NONE, HEADER, ONE_OFF, ONE, MANY, PROGRAMS };
_Static_assert(sizeof(programs) / sizeof(programs[0]) == PROGRAMS,
	       "each has a name");

struct result {
	double ns[RUNS];
	/* Private memory, in kB, at main() and after an update. */
	long text_before, text_after, all_before, all_after;
	int syscalls;
};

static void run(const struct program *program, int round, struct result *r)
{
	const char *path = program->path;
	FILE *out;

	setenv("STATIC_CALL_PATCH", program->patch, 1);
	out = popen(path, "r");
	if (!out ||
	    fscanf(out, "%lf %ld %ld %ld %ld", &r->ns[round], &r->text_before,
		   &r->text_after, &r->all_before, &r->all_after) != 5)
		fail("%s does not run", path);
	pclose(out);
}

/* Runs the child to its next stop; returns the system call it enters, or -1. */
static long next_call(pid_t child, int *ended)
{
	struct user_regs_struct regs;
	int status;

	if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) < 0 ||
	    waitpid(child, &status, 0) < 0)
		fail("ptrace: %d", errno);
	*ended = WIFEXITED(status) || WIFSIGNALED(status);
	if (*ended || WSTOPSIG(status) != (SIGTRAP | 0x80))
		return -1;
	ptrace(PTRACE_GETREGS, child, NULL, &regs);
	/* On entry the result says "not implemented". */
	return (long)regs.rax == -ENOSYS ? (long)regs.orig_rax : -1;
}

/* System calls between the two marks. */
static int count_syscalls(const struct program *program)
{
	const char *path = program->path;
	int status, ended = 0, marks = 0, n = 0;
	pid_t child;

	setenv("STATIC_CALL_PATCH", program->patch, 1);
	child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACESYSGOOD);
	while (!ended) {
		long call = next_call(child, &ended);

		if (call == SYS_getppid)
			marks++;
		else if (call >= 0 && marks == 1)
			n++;
	}
	return marks == 2 ? n : -1;
}

static void record_one(const char *what, double us, int syscalls)
{
	record("startup", what, "time", "us", us, NO_RATIO);
	record("startup", what, "syscalls", "calls", syscalls, NO_RATIO);
}

static double more(const struct result *with, const struct result *without,
		   int runs)
{
	static double ns[RUNS];
	int i;

	for (i = 0; i < runs; i++)
		ns[i] = with->ns[i] - without->ns[i];
	return median(ns, (size_t)runs);
}

/* Of programs that ran one behind the other. */
static void report_first(const struct result *results, int runs)
{
	double all = more(&results[ONE], &results[NONE], runs) / 1e3;
	double patching = more(&results[ONE], &results[ONE_OFF], runs) / 1e3;

	printf("  the first site: %.1f us, of which %.1f for patching\n", all,
	       patching);
	record("startup", "the first site", "time", "us", all, NO_RATIO);
	record("startup", "patching of the first site", "time", "us",
	       patching, NO_RATIO);
}

static double bytes_each(long many, long one)
{
	return (double)(many - one) * 1024 / (programs[MANY].sites - 1);
}

/* What each site takes beyond the first, of @ns together. */
static void report_sites(double ns, const struct result *many,
			 const struct result *one)
{
	double each = ns / (programs[MANY].sites - 1);
	double text = bytes_each(many->text_before, one->text_before);
	double start = bytes_each(many->all_before, one->all_before);
	double update = bytes_each(many->all_after, one->all_after);

	printf("  each site beyond the first: %.1f ns; bytes: %.0f, of these %.0f of text;\n"
	       "  %.0f more for the first update of all\n",
	       each, start, text, update - start);
	record("startup", "each further site", "time", "ns", each, NO_RATIO);
	record("startup", "each further site", "memory", "bytes", update,
	       NO_RATIO);
	record("startup", "each further site before an update", "memory",
	       "bytes", start, NO_RATIO);
	record("startup", "text of each further site", "memory", "bytes", text,
	       NO_RATIO);
}

int main(void)
{
	static struct result results[PROGRAMS];
	int round, runs = rounds(RUNS), syscalls;
	double us[PROGRAMS];
	size_t i;

	for (round = 0; round < runs; round++)
		for (i = 0; i < PROGRAMS; i++)
			run(&programs[i], round, &results[i]);
	report_first(results, runs);
	printf("From the first constructor to main(), inline backend; private memory in kB.\n"
	       "  %-20s %10s %10s %10s %10s %10s\n", "", "us", "syscalls",
	       "text", "updated", "all");
	for (i = 0; i < PROGRAMS; i++) {
		struct result *r = &results[i];

		us[i] = median(r->ns, (size_t)runs) / 1e3;
		syscalls = count_syscalls(&programs[i]);
		printf("  %-20s %10.1f %10d %10ld %10ld %10ld\n",
		       programs[i].what, us[i], syscalls, r->text_before,
		       r->text_after, r->all_after);
		record_one(programs[i].what, us[i], syscalls);
	}
	report_sites((us[MANY] - us[ONE]) * 1e3, &results[MANY], &results[ONE]);
	return 0;
}
