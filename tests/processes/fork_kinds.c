/* SPDX-License-Identifier: MIT */
/*
 * fork_kinds.c - every way to make a process, beside threads that update: copies
 * (fork, _Fork, clone), processes that borrow our memory (vfork), and processes that
 * share it (clone with CLONE_VM).  Copies update for themselves; the others wait for
 * the lock as a thread does.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "stopper.h"
#include "subject.h"

static pid_t clone_process(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

/* ------------------------------------------------------- beside updates */

static atomic_int stop;

/* All keys at once, so that a copy finds all of them changed, or none. */
static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(program_subject()->update_batch(n), 0);
	return arg;
}

static void *keep_updating_exported(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(exported_update(n), 0);
	return arg;
}

static void *keep_calling(void *arg)
{
	while (!atomic_load(&stop))
		expect_equal(program_subject()->call(), 0);
	return arg;
}

static pthread_t threads[3];

static void begin(void)
{
	expect_equal(pthread_create(threads, NULL, keep_updating, NULL), 0);
	expect_equal(pthread_create(threads + 1, NULL, keep_updating_exported,
				    NULL), 0);
	expect_equal(pthread_create(threads + 2, NULL, keep_calling, NULL), 0);
}

static void end(void)
{
	int i;

	atomic_store(&stop, 1);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	expect_equal(program_subject()->change(1), 0);
}

static void *change_in_a_thread(void *arg)
{
	expect_equal(program_subject()->change(3), 0);
	return arg;
}

/* A copy of a copy, and so on, each of which updates, the first ones later. */
static void generations(pid_t (*make)(void), int depth)
{
	pid_t pid;

	expect_equal(program_subject()->call(), 0);
	if (depth % 2)
		expect_equal(program_subject()->change((unsigned int)depth), 0);
	if (depth) {
		pid = make();
		if (!pid) {
			generations(make, depth - 1);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	expect_equal(program_subject()->update_other(2), 0);
	expect(program_subject()->number() >= 0);
	expect_equal(program_subject()->change((unsigned int)depth), 0);
	expect_equal(exported_update(1), 0);
	expect_equal(exported_check(1), 0);
}

static void copies(pid_t (*make)(void))
{
	unsigned int i, rounds = apart_rounds(150);

	begin();
	for (i = 0; i < rounds; i++) {
		pid_t pid = make();

		if (!pid) {
			generations(make, (int)(i % 4));
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	end();
}

static void copies_by_fork(void)
{
	copies(fork);
}

static void copies_by_small_fork(void)
{
	copies(_Fork);
}

static void copies_by_clone(void)
{
	copies(clone_process);
}

/* A child that has threads of its own, one of which may repair. */
static void copies_with_threads(void)
{
	unsigned int i, rounds = apart_rounds(100);

	begin();
	for (i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (!pid) {
			pthread_t thread;

			expect_equal(pthread_create(&thread, NULL,
						    change_in_a_thread, NULL),
				     0);
			expect_equal(exported_update(i), 0);
			expect_equal(exported_check(i), 0);
			pthread_join(thread, NULL);
			expect_equal(program_subject()->check(3), 0);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	end();
}

static void update_in_vfork(void)
{
	unsigned int i, rounds = apart_rounds(150);

	begin();
	for (i = 0; i < rounds; i++) {
		pid_t pid = vfork();

		if (!pid)
			_exit(program_subject()->update_other(i) ||
			      program_subject()->call());
		expect_equal(apart_wait(pid), 0);
	}
	end();
}

/* ------------------------------------------------- who shares the memory */

#define STACK	(256u << 10)

static pid_t share_memory(int (*func)(void *arg), void *arg)
{
	static char *stack;

	if (!stack)
		stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expect(stack != MAP_FAILED);
	return clone(func, stack + STACK, CLONE_VM | SIGCHLD, arg);
}

static int update_other_often(void *arg)
{
	unsigned int n;

	(void)arg;
	for (n = 0; n < 20; n++)
		if (program_subject()->update_other(n) ||
		    program_subject()->call())
			return 1;
	return 0;
}

static void update_in_peers(void)
{
	unsigned int i, rounds = apart_rounds(50);

	begin();
	for (i = 0; i < rounds; i++)
		expect_equal(apart_wait(share_memory(update_other_often, NULL)),
			     0);
	end();
}

/*
 * The thread is stopped in an update, with the lock as a rule.  What another process
 * in this memory does meanwhile must not be over before.  It is given time until it
 * is done or waits.
 */
static atomic_int peer_is_done;

/* The control's peer needs no lock, so it never waits. */
static int update_as_peer(void *arg)
{
	unsigned int n = *(unsigned int *)arg;
	int err = apart_is_control() ? program_subject()->call() :
				       exported_update(n);

	atomic_store(&peer_is_done, 1);
	return err ? 1 : 0;
}

static unsigned int early, steps;

static int sleeps(pid_t pid)
{
	char path[40], text[200] = "";
	FILE *file;
	char *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	expect(file != NULL);
	expect(fgets(text, sizeof(text), file) != NULL);
	fclose(file);
	end = strrchr(text, ')');
	return end && end[1] && end[2] == 'S';
}

/* One that is seen asleep time after time waits for something. */
static void until_done_or_waiting(pid_t pid)
{
	const struct timespec moment = { 0, 2000000 };
	int seen = 0;

	while (!atomic_load(&peer_is_done) && seen < 5) {
		seen = sleeps(pid) ? seen + 1 : 0;
		nanosleep(&moment, NULL);
	}
}

static void peer_meanwhile(unsigned int n)
{
	pid_t pid;

	atomic_store(&peer_is_done, 0);
	pid = share_memory(update_as_peer, &n);
	until_done_or_waiting(pid);
	steps++;
	early += (unsigned int)atomic_load(&peer_is_done);
	stop_no_longer();
	expect_equal(apart_wait(pid), 0);
	expect(apart_is_control() || exported_check(n) == 0);
}

static int update_batch(unsigned int n)
{
	int err = program_subject()->update_batch(n);

	return err ? err : program_subject()->check(n);
}

/* Before the lock is taken and after it is free the peer need not wait. */
static void peer_respects_the_lock(void)
{
	if (!strcmp(static_call_backend(), "generic"))
		apart_skip("nothing can be stopped with the lock held");
	stop_at_each_step(update_batch, peer_meanwhile);
	printf("# it did not wait at %u of %u steps\n", early, steps);
	fflush(stdout);
	expect(early < steps);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "fork beside updates, four generations", copies_by_fork,
		  APART_TEST },
		{ "_Fork beside updates, four generations",
		  copies_by_small_fork, APART_TEST },
		{ "clone beside updates, four generations", copies_by_clone,
		  APART_TEST },
		{ "a child with threads of its own", copies_with_threads,
		  APART_TEST },
		{ "the child of vfork updates, beside updates",
		  update_in_vfork, APART_TEST },
		{ "a process in this memory updates, beside updates",
		  update_in_peers, APART_TEST },
		{ "a process in this memory waits for the lock",
		  peer_respects_the_lock, APART_TEST },
		{ "control: one that does not wait is seen",
		  peer_respects_the_lock, APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
