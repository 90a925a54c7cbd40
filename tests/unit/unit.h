/* SPDX-License-Identifier: MIT */
/*
 * unit.h - what the white-box tests have in common.
 *
 * Unlike the conformance suite these include private headers and link the
 * library's own objects, compiled with -DSC_STEPS so that steps can be made to
 * fail and rules can be switched off.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

#define NOINLINE __attribute__((noinline))

/* The one case of this program; add tests to it with tcase_add_test(). */
TCase *unit_begin(const char *name);
/* Runs the tests, writes TAP to stdout, returns what main() returns. */
int unit_end(void);

/* What a test must leave as it found it. */
struct traces {
	size_t vmas, bytes, fds, locked_kb;
};
void traces_look(struct traces *t);
/* Fails the test unless all but the locked memory is the same now. */
void traces_same(const struct traces *before);

/*
 * Runs @fn in a child process.  Returns what it exits with, or minus the signal
 * that ended it; CHILD_FINE when @fn returns.
 */
#define CHILD_FINE	0
#define CHILD_BROKEN	42	/* child_expect() failed */
int child_run(void (*fn)(void));
/* One that runs so long is killed; child_run() gives it less than Check does. */
int child_run_for(int seconds, void (*fn)(void));
/* In a child: the property under test. */
#define child_expect(cond)						\
	do {								\
		if (!(cond))						\
			child_end(CHILD_BROKEN, #cond, __FILE__, __LINE__); \
	} while (0)
/* In a child: what must hold for there to be a test at all. */
#define child_need(cond)						\
	do {								\
		if (!(cond))						\
			child_end(3, #cond, __FILE__, __LINE__);	\
	} while (0)
void child_end(int status, const char *why, const char *file, int line)
	__attribute__((noreturn));

/*
 * For unit_add_if(): the list of mappings that the library reads is of this
 * process.  An emulator with its memory moved may show its own.
 */
bool maps_are_ours(void);

/* For unit_add_if(): no other thread is here, not even a sanitizer's own. */
bool can_be_alone(void);

/*
 * For unit_add_if(): neither valgrind nor a sanitizer (SC_TEST_SANITIZER) maps
 * memory meanwhile.
 */
bool memory_is_ours(void);

/* A thread that only waits: from now on this process is not alone. */
void company_start(void);
void company_end(void);

/*
 * Adds a test (its loop from @from to @to) where the machine has what it needs:
 * where @can, in a child process, returns true.  Else says that it was left out.
 */
#define unit_add_if(tc, test, from, to, can)				\
	do {								\
		if (unit_can(can, #test, #can))				\
			tcase_add_loop_test(tc, test, from, to);	\
	} while (0)
bool unit_can(bool (*can)(void), const char *test, const char *what);

/* valgrind maps and opens things of its own, and keeps descriptors for it. */
bool outside_of_valgrind(void);

#endif
