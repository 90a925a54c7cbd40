/* SPDX-License-Identifier: MIT */
/*
 * early.c - the first thing that the hook does.
 *
 * It runs once for each compilation, and to get the C library ready takes longer
 * than all else that it has to do: in glibc 2.36 CPUID 41 times, which leaves a
 * virtual machine, and 24 page faults.  So what can be done without is: if the
 * assembler reads no static call, it takes the hook's place at once; otherwise it
 * works while the hook gets ready to annotate (bench/linkcost.sh).
 *
 * Rule: see bare.h.
 */
#include <stdint.h>

#include "assembler.h"
#include "bare.h"
#include "early.h"
#include "realtool.h"

static struct sc_early early;

/* Only returns with an error. */
static void become(char **argv, char **environment)
{
	early.error = -(int)sc_system(SYS_execve, (long)early.real, (long)argv,
				      (long)environment, 0, 0);
}

/* No signal comes between its start and the note of it. */
static void start(char **argv, char **environment)
{
	const uint64_t fatal = 1ULL << (SIGHUP - 1) | 1ULL << (SIGINT - 1) |
			       1ULL << (SIGQUIT - 1) | 1ULL << (SIGTERM - 1);
	long pid;

	sc_system(SYS_rt_sigprocmask, SIG_BLOCK, (long)&fatal, (long)&early.old,
		  sizeof(fatal), 0);
	pid = sc_system_spawn(early.real, argv, environment, &early.old,
			      &early.error);
	if (pid > 0)
		early.child = (int)pid;
	else
		early.error = -(int)pid;
}

const struct sc_early *sc_early(char **argv, char **environment)
{
	if (early.name)
		return &early;
	early.name = argv[0] ? argv[0] : "as";
	early.name += sc_bare_directory(early.name);
	if (!argv[0] || !sc_realtool(early.real, early.name, environment))
		return &early;
	argv[0] = early.real;
	if (!sc_bare_equal(early.name, "as"))
		return &early;
	if (sc_assembler_may_call(argv))
		start(argv, environment);
	else
		become(argv, environment);
	return &early;
}
