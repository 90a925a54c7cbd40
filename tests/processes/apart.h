/* SPDX-License-Identifier: MIT */
/*
 * apart.h - runs each case of a program in a process of its own.
 *
 * The program starts itself once more for each case, with the case's name as its
 * argument, so that no case inherits what another one left behind, and none runs
 * in a forked child unless it forks itself.  "./PROGRAM 'NAME'" runs one case, under
 * a debugger too.
 *
 * A case that takes too long is ended by its parent, with all that it started:
 * one that hangs in the library has its signals blocked, so alarm() would not end
 * it.
 */
#ifndef PROCESSES_APART_H
#define PROCESSES_APART_H

#include <stddef.h>
#include <stdnoreturn.h>
#include <sys/types.h>

enum apart_kind {
	APART_TEST,	/* must exit with 0 */
	APART_CONTROL,	/* has a fault built in: must fail, or hang */
	APART_PART,	/* is run by another case */
};

struct apart_case {
	const char *name;
	void (*run)(void);
	enum apart_kind kind;
};

/* Runs the cases, up to one without a name, and writes TAP. */
int apart_main(int argc, char **argv, const struct apart_case *cases);

/* ---- in a case */

/* Ends the case, or the child of one that says so, where @cond does not hold. */
#define expect(cond)							\
	do {								\
		if (!(cond))						\
			apart_fail(__FILE__, __LINE__, #cond);		\
	} while (0)
#define expect_equal(a, b)						\
	apart_equal(__FILE__, __LINE__, #a, (long)(a), (long)(b))

noreturn void apart_fail(const char *file, int line, const char *what);
void apart_equal(const char *file, int line, const char *what, long a, long b);

/* This machine cannot do it. */
noreturn void apart_skip(const char *why);

/* Whether this is a control; the case then leaves a precaution out. */
int apart_is_control(void);

/* @full, or a small part of it where time is short (SC_TEST_SHORT=1). */
unsigned int apart_rounds(unsigned int full);

/* What @pid exited with, or minus the signal that ended it. */
int apart_wait(pid_t pid);

/*
 * Runs the case @name of this program in a process of its own, and reads what it
 * writes to its standard output.  Returns as apart_wait() does.
 */
int apart_run(const char *name, char *output, size_t size);

/* A path of a library that was built beside the program. */
const char *apart_path(const char *name);

#endif /* PROCESSES_APART_H */
