/* SPDX-License-Identifier: MIT */
/*
 * fork_unwiped.c - fork beside updates where the kernel wipes no memory of the child:
 * it refuses the advice, as it did before Linux 4.14, or says yes to any advice and does
 * nothing, as an emulator does.
 *
 * The program stands between the library and the kernel.  What it answers, the
 * environment says, for the library starts before main().
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "subject.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK	18
#endif

#define ANSWER	"SC_TEST_MADVISE"

static unsigned int asked;

static int is_about_fork(int advice)
{
	return advice == MADV_WIPEONFORK || advice == -1;
}

int madvise(void *p, size_t len, int advice);
__attribute__((visibility("default"))) int madvise(void *p, size_t len,
						   int advice)
{
	const char *answer = getenv(ANSWER);

	if (!answer || !is_about_fork(advice))
		return (int)syscall(SYS_madvise, p, len, advice);
	asked++;
	/* "believed": it says no to what is no advice, as a kernel does. */
	if (!strcmp(answer, "no") ||
	    (!strcmp(answer, "believed") && advice == -1)) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

/* --------------------------------------------------------------- a part */

static atomic_int stop;

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(program_subject()->update_batch(n), 0);
	return arg;
}

static void change_in_generations(unsigned int depth)
{
	expect_equal(program_subject()->call(), 0);
	expect_equal(program_subject()->update_other(depth), 0);
	expect(program_subject()->number() >= 0);
	expect_equal(program_subject()->change(depth), 0);
	if (depth) {
		pid_t pid = fork();

		if (!pid) {
			change_in_generations(depth - 1);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
}

static void fork_beside_updates(void)
{
	unsigned int i, rounds = apart_rounds(300);
	pthread_t thread;

	/* The library asked, or this is no test of what it makes of the answer. */
	expect(asked);
	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
	for (i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (!pid) {
			change_in_generations(i % 3);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	expect_equal(program_subject()->change(1), 0);
}

/* ------------------------------------------------------------------ cases */

static void with_answer(const char *answer)
{
	char output[2000];

	setenv(ANSWER, answer, 1);
	expect_equal(apart_run("fork beside updates", output, sizeof(output)),
		     0);
}

static void refused(void)
{
	with_answer("no");
}

static void pretended(void)
{
	with_answer("yes");
}

static void believed(void)
{
	with_answer("believed");
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a kernel that refuses to wipe", refused, APART_TEST },
		{ "one that says yes to any advice, and does nothing",
		  pretended, APART_TEST },
		{ "control: where wiping is believed in, children hang",
		  believed, APART_CONTROL },
		{ "fork beside updates", fork_beside_updates, APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
