/* SPDX-License-Identifier: MIT */
/*
 * fork_stdio.c - a stdio stream of the program's own (fopencookie) updates when it
 * is written out, and a thread flushes all streams beside fork().
 *
 * fork() waits for the C library's lock of the list of streams, after the handlers
 * of pthread_atfork(); a flush of all streams holds that lock.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "apart.h"
#include "oldlock.h"
#include "subject.h"

static FILE *stream;
/* A round begins; the thread is in a flush; the process is in fork(). */
static sem_t round_begins, writing, forking;
static atomic_int wait_for_fork, stop;

static void before(void)
{
	sem_post(&forking);
}

static ssize_t write_out(void *cookie, const char *buf, size_t len)
{
	static unsigned int n;

	(void)cookie;
	(void)buf;
	if (atomic_load(&wait_for_fork)) {
		sem_post(&writing);
		sem_wait(&forking);
	}
	if (apart_is_control())
		old_lock();
	expect_equal(program_subject()->update_batch(n++), 0);
	if (apart_is_control())
		old_unlock();
	return (ssize_t)len;
}

static void *keep_flushing(void *arg)
{
	while (!atomic_load(&stop)) {
		if (atomic_load(&wait_for_fork))
			sem_wait(&round_begins);
		fputs("a line", stream);
		fflush(NULL);
	}
	return arg;
}

static void flush_beside_fork(unsigned int rounds)
{
	cookie_io_functions_t functions = { .write = write_out };
	unsigned int i;
	pthread_t thread;

	expect_equal(pthread_atfork(before, NULL, NULL), 0);
	if (apart_is_control())
		old_lock_start();
	stream = fopencookie(NULL, "w", functions);
	expect(stream);
	expect_equal(pthread_create(&thread, NULL, keep_flushing, NULL), 0);
	for (i = 0; i < rounds; i++) {
		pid_t pid;

		if (atomic_load(&wait_for_fork)) {
			sem_post(&round_begins);
			sem_wait(&writing);
		}
		if (i + 1 == rounds)
			atomic_store(&stop, 1);
		pid = fork();
		if (!pid) {
			expect_equal(program_subject()->call(), 0);
			expect_equal(program_subject()->change(i), 0);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	pthread_join(thread, NULL);
}

static void update_while_fork_waits(void)
{
	atomic_store(&wait_for_fork, 1);
	flush_beside_fork(20);
}

static void at_any_moment(void)
{
	flush_beside_fork(apart_rounds(500));
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a stream updates while fork waits for the streams",
		  update_while_fork_waits, APART_TEST },
		{ "control: with a lock held across fork that hangs",
		  update_while_fork_waits, APART_CONTROL },
		{ "streams are flushed, and update, beside forks",
		  at_any_moment, APART_TEST },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
