/* SPDX-License-Identifier: MIT */
/*
 * fork_namespace.c - a plugin with static calls in a namespace of its own (dlmopen),
 * with its own C library and its own libstaticcall.  The program's fork() runs no fork
 * handler that was registered there.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "apart.h"
#include "subject.h"

static const struct subject *inside;
static atomic_int stop;

static const struct subject *load_inside(void)
{
	const struct subject *(*get)(void);
	void *lib = dlmopen(LM_ID_NEWLM, apart_path("plugin.so"), RTLD_NOW);

	if (!lib)
		apart_skip(dlerror());
	*(void **)&get = dlsym(lib, SUBJECT_OF_PLUGIN);
	expect(get);
	return get();
}

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(inside->update_batch(n), 0);
	return arg;
}

static void *keep_updating_outside(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(program_subject()->change(n), 0);
	return arg;
}

static void update_both(unsigned int n)
{
	pid_t pid;

	expect_equal(inside->call(), 0);
	expect_equal(inside->update_other(n), 0);
	expect(inside->number() >= 0);
	expect_equal(inside->change(n), 0);
	expect_equal(program_subject()->change(n), 0);
	pid = fork();
	if (!pid) {
		expect_equal(inside->change(n), 0);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
}

static void fork_beside(void)
{
	unsigned int i, rounds = apart_rounds(300);
	pthread_t threads[2];

	inside = load_inside();
	expect_equal(inside->change(1), 0);
	expect_equal(pthread_create(threads, NULL, keep_updating, NULL), 0);
	expect_equal(pthread_create(threads + 1, NULL, keep_updating_outside,
				    NULL), 0);
	for (i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (!pid) {
			update_both(i);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	atomic_store(&stop, 1);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	expect_equal(inside->change(2), 0);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "fork beside updates in another namespace", fork_beside,
		  APART_TEST },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
