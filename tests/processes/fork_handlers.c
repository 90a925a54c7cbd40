/* SPDX-License-Identifier: MIT */
/*
 * fork_handlers.c - another library's fork handlers update: before the fork, after
 * it in the parent, after it in the child; and another thread updates under the
 * mutex that those handlers take.
 *
 * The other library registered its handlers in its constructor, before libstaticcall
 * could register any.
 */
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "apart.h"
#include "handlers.h"
#include "oldlock.h"
#include "subject.h"

static int update(unsigned int n)
{
	int err;

	if (apart_is_control())
		old_lock();
	err = program_subject()->change(n);
	if (apart_is_control())
		old_unlock();
	return err;
}

static void update_to_3(void)
{
	expect_equal(update(3), 0);
}

static void begin(struct handlers set)
{
	if (apart_is_control())
		old_lock_start();
	expect_equal(program_subject()->update_batch(1), 0);
	handlers_set(&set);
}

/* @in_child, @in_parent: the numbers in force after the handlers. */
static void fork_and_look(unsigned int in_child, unsigned int in_parent)
{
	pid_t pid = fork();

	if (!pid) {
		expect_equal(program_subject()->check(in_child), 0);
		expect_equal(update(in_child + 1), 0);
		_exit(0);
	}
	expect_equal(program_subject()->check(in_parent), 0);
	expect_equal(apart_wait(pid), 0);
	expect_equal(update(2), 0);
}

static void update_before(void)
{
	begin((struct handlers){ .before = update_to_3 });
	fork_and_look(3, 3);
}

static void update_in_parent(void)
{
	begin((struct handlers){ .in_parent = update_to_3 });
	fork_and_look(1, 3);
}

static void update_in_child(void)
{
	begin((struct handlers){ .in_child = update_to_3 });
	fork_and_look(3, 1);
}

static void update_in_all(void)
{
	begin((struct handlers){ .before = update_to_3,
				 .in_parent = update_to_3,
				 .in_child = update_to_3 });
	handlers_register();
	fork_and_look(3, 3);
}

/* ------------------------------------------------- beside a thread */

#define ROUNDS	20u

/* A round begins; the thread has the mutex; the process is in fork(). */
static sem_t round_begins, held, forking;

static void tell(void)
{
	sem_post(&forking);
}

static int update_during_fork(unsigned int n)
{
	sem_post(&held);
	sem_wait(&forking);
	return update(n);
}

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; n < ROUNDS; n++) {
		sem_wait(&round_begins);
		expect_equal(handlers_with_mutex(update_during_fork, n), 0);
	}
	return arg;
}

static void update_beside(void)
{
	unsigned int n;
	pthread_t thread;

	begin((struct handlers){ .before_the_mutex = tell });
	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
	for (n = 0; n < ROUNDS; n++) {
		pid_t pid;

		sem_post(&round_begins);
		sem_wait(&held);
		pid = fork();
		if (!pid) {
			expect_equal(program_subject()->call(), 0);
			expect_equal(handlers_with_mutex(update, n), 0);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a handler updates before the fork", update_before,
		  APART_TEST },
		{ "a handler updates in the parent", update_in_parent,
		  APART_TEST },
		{ "a handler updates in the child", update_in_child,
		  APART_TEST },
		{ "handlers update everywhere, registered first and last",
		  update_in_all, APART_TEST },
		{ "a thread updates under the mutex of the handlers",
		  update_beside, APART_TEST },
		{ "control: with a lock held across fork, before",
		  update_before, APART_CONTROL },
		{ "control: with a lock held across fork, in the child",
		  update_in_child, APART_CONTROL },
		{ "control: with a lock held across fork, beside",
		  update_beside, APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
