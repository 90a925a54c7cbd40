/* SPDX-License-Identifier: MIT */
/*
 * fork_host.c - a host of plugins takes a mutex in its own fork handlers, as POSIX
 * recommends, and calls its plugins under that mutex.  A plugin updates.
 *
 * The library must not hold a lock of its own while the host's handlers run.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "apart.h"
#include "oldlock.h"
#include "subject.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct subject *plugin;

/* A round begins; the thread has the mutex; the process is in fork(). */
static sem_t round_begins, held, forking;
static atomic_int stop;

static void before(void)
{
	sem_post(&forking);
	pthread_mutex_lock(&mutex);
}

static void after(void)
{
	pthread_mutex_unlock(&mutex);
}

static int update(unsigned int n)
{
	int err;

	if (apart_is_control())
		old_lock();
	err = plugin->change(n);
	if (apart_is_control())
		old_unlock();
	return err;
}

/* The plugin is loaded later, so that what it registers runs before ours. */
static void begin(void)
{
	expect_equal(pthread_atfork(before, after, after), 0);
	plugin = subject_load("plugin.so", NULL);
	if (apart_is_control())
		old_lock_start();
}

static void fork_and_update(unsigned int n)
{
	pid_t pid = fork();

	if (!pid) {
		pthread_mutex_lock(&mutex);
		expect_equal(plugin->call(), 0);
		expect_equal(update(n), 0);
		pthread_mutex_unlock(&mutex);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
}

/* ------------------------------------- the update begins in a handler */

#define ROUNDS	20u

static void *update_during_fork(void *arg)
{
	unsigned int n;

	for (n = 0; n < ROUNDS; n++) {
		sem_wait(&round_begins);
		pthread_mutex_lock(&mutex);
		sem_post(&held);
		sem_wait(&forking);
		expect_equal(update(n), 0);
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void handlers_wait_for_an_update(void)
{
	unsigned int n;
	pthread_t thread;

	begin();
	expect_equal(pthread_create(&thread, NULL, update_during_fork, NULL), 0);
	for (n = 0; n < ROUNDS; n++) {
		sem_post(&round_begins);
		sem_wait(&held);
		fork_and_update(n);
	}
	pthread_join(thread, NULL);
}

/* -------------------------------------------------------- at any moment */

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++) {
		pthread_mutex_lock(&mutex);
		expect_equal(update(n), 0);
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void many_forks_beside_updates(void)
{
	unsigned int n, rounds = apart_rounds(500);
	pthread_t thread;

	begin();
	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
	for (n = 0; n < rounds; n++)
		fork_and_update(n);
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a fork handler waits for a thread that updates",
		  handlers_wait_for_an_update, APART_TEST },
		{ "control: with a lock held across fork that hangs",
		  handlers_wait_for_an_update, APART_CONTROL },
		{ "a host forks beside updates under its mutex",
		  many_forks_beside_updates, APART_TEST },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
