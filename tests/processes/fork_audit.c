/* SPDX-License-Identifier: MIT */
/*
 * fork_audit.c - the dynamic linker's auditing library has static calls (audit.c), and
 * the program forks beside its updates.  The program's fork() runs no fork handler
 * that was registered there.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "apart.h"
#include "subject.h"

const struct subject *audited_subject(void);

static const struct subject *auditor;
static atomic_int stop;

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(auditor->update_batch(n), 0);
	return arg;
}

static void fork_beside(void)
{
	unsigned int i, rounds = apart_rounds(500);
	pthread_t thread;

	auditor = audited_subject();
	if (!auditor)
		apart_skip("the dynamic linker does no auditing");
	expect_equal(auditor->change(1), 0);
	expect_equal(program_subject()->change(2), 0);
	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
	for (i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (!pid) {
			expect_equal(auditor->call(), 0);
			expect_equal(auditor->update_other(i), 0);
			expect(auditor->number() >= 0);
			expect_equal(auditor->change(i), 0);
			expect_equal(program_subject()->change(i), 0);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "fork beside updates in an auditing library", fork_beside,
		  APART_TEST },
		{ NULL, NULL, APART_TEST },
	};

	/* Inherited by the processes that run the cases. */
	setenv("LD_AUDIT", apart_path("audit.so"), 0);
	return apart_main(argc, argv, cases);
}
