/* SPDX-License-Identifier: MIT */
/*
 * atstart.c - a program that startup.c runs, compiled with various numbers of
 * call sites; it reports on itself.
 *
 * SITES: -1 no static call at all, 0 the header alone, 1, 10000.
 *
 * Prints the processor time from before the first constructor to main(), then
 * private memory, in kB: of text at main() and after an update, and in all.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if SITES >= 0
#include <static_call.h>
#endif

#include "measure.h"

static double start;

/* Tells startup.c, which counts system calls, where to begin and to end. */
static void mark(void)
{
	syscall(SYS_getppid);
}

/* Not wall time: other programs may want the processor too. */
static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Runs before the constructors of all libraries. */
static void before_all(void)
{
	start = cpu_ns();
	mark();
}

__attribute__((section(".preinit_array"), used))
static void (*const before_all_entry)(void) = before_all;

#if SITES > 0
OPAQUE static void target(void)
{
	__asm__ volatile("");
}

OPAQUE static void other(void)
{
	__asm__ volatile("");
}

DEFINE_STATIC_CALL(at_start, target);

OPAQUE static void run(void)
{
#if SITES == 1
	static_call(at_start)();
	__asm__ volatile("");
#else
	TIMES10000(static_call(at_start)();)
	__asm__ volatile("");
#endif
}

static void update(void)
{
	if (static_call_update(at_start, other))
		fail("update");
	run();
}
#else
static void update(void)
{
}
#endif

/* Private_Dirty of all mappings, or of those that can be executed. */
static long private_kb(int text)
{
	FILE *in = fopen("/proc/self/smaps", "r");
	char line[512], mode[8];
	long kb, sum = 0;
	int counts = 0;

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%*x-%*x %7s", mode) == 1)
			counts = !text || mode[2] == 'x';
		else if (counts &&
			 sscanf(line, "Private_Dirty: %ld", &kb) == 1)
			sum += kb;
	}
	if (in)
		fclose(in);
	return sum;
}

int main(void)
{
	long text, text_after, all, all_after;
	double ns;

	mark();
	ns = cpu_ns() - start;
	text = private_kb(1);
	all = private_kb(0);
	update();
	text_after = private_kb(1);
	all_after = private_kb(0);
	printf("%.0f %ld %ld %ld %ld\n", ns, text, text_after, all, all_after);
	return 0;
}
