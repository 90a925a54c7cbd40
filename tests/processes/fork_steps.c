/* SPDX-License-Identifier: MIT */
/*
 * fork_steps.c - children that are made while another thread is in the middle of an
 * update, or of the loading or unloading of a plugin: at each call that the library
 * makes there.  The child calls, updates, has a child of its own, and exits.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "stopper.h"
#include "subject.h"

/* --------------------------------------------------------- kinds of fork */

static pid_t clone_process(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static pid_t (*make_child)(void);

/* ------------------------------------------------------------- the child */

static exported_check_func *plugin_check;

static void change_everything(unsigned int n)
{
	expect_equal(program_subject()->change(n), 0);
	expect_equal(exported_update(n), 0);
	expect_equal(exported_check(n), 0);
	if (plugin_check)
		expect_equal(plugin_check(n), 0);
}

/*
 * The first update repairs what the other thread left, of whatever key it is.  What
 * was changed at once is changed wholly by then, or not at all.
 */
static void call_and_update(unsigned int n, int at_once)
{
	pid_t pid;

	expect_equal(program_subject()->call(), 0);
	expect_equal(program_subject()->update_other(n), 0);
	expect_equal(program_subject()->call(), 0);
	if (at_once)
		expect(program_subject()->number() >= 0);
	change_everything(n);
	pid = make_child();
	if (!pid) {
		change_everything(n + 1);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
	change_everything(n + 2);
}

static void child_beside_a_batch(unsigned int n)
{
	pid_t pid = make_child();

	if (!pid) {
		call_and_update(n, 1);
		/* Nobody was in the loader: its destructors may run. */
		if (make_child == fork)
			exit(0);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
}

static void child_beside_an_update(unsigned int n)
{
	pid_t pid = make_child();

	if (!pid) {
		call_and_update(n, 0);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
}

/* The child of a child, the first of which never uses the library. */
static void grandchild_beside_a_batch(unsigned int n)
{
	pid_t pid = make_child();

	if (!pid) {
		child_beside_a_batch(n);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
}

/* ---------------------------------------------------- what the thread does */

static int update(unsigned int n)
{
	return program_subject()->update(n);
}

static int update_batch(unsigned int n)
{
	return program_subject()->update_batch(n);
}

static void *handle;

static int load(unsigned int n)
{
	(void)n;
	handle = dlopen(apart_path("plugin_both.so"), RTLD_NOW | RTLD_LOCAL);
	return handle ? 0 : -1;
}

static int unload(unsigned int n)
{
	int err = dlclose(handle);

	(void)n;
	handle = NULL;
	return err;
}

static int update_exported(unsigned int n)
{
	return exported_update(n);
}

static void find_plugin_check(void)
{
	*(void **)&plugin_check = dlsym(handle, EXPORTED_CHECK);
	expect(plugin_check);
}

static void say(const char *what, unsigned int n)
{
	expect(n > 0);
	printf("# %u steps of %s\n", n, what);
	fflush(stdout);
}

static void at_each_step_of(int (*act)(unsigned int), const char *name,
			    void (*meanwhile)(unsigned int))
{
	say(name, stop_at_each_step(act, meanwhile));
}

/*
 * Each round ends with the plugin loaded, or unloaded, as the step found it: the
 * round that stops nowhere too.
 */
static void at_each_step_of_load(void)
{
	unsigned int at = 0;
	int stopped;

	do {
		at++;
		stopped = stop_at_step(at, load, child_beside_an_update, at);
		expect_equal(unload(0), 0);
	} while (stopped);
	say("dlopen", at - 1);
}

static void at_each_step_of_unload(void)
{
	unsigned int at = 0;
	int stopped;

	do {
		at++;
		expect_equal(load(0), 0);
		expect_equal(exported_update(at), 0);
		stopped = stop_at_step(at, unload, child_beside_an_update, at);
	} while (stopped);
	say("dlclose", at - 1);
}

/* ------------------------------------------------------------------ cases */

static void beside_updates(pid_t (*make)(void))
{
	make_child = make;
	at_each_step_of(update, "an update", child_beside_an_update);
	at_each_step_of(update_batch, "a batch", child_beside_a_batch);
	at_each_step_of(update_batch, "a batch", grandchild_beside_a_batch);
	expect_equal(load(0), 0);
	find_plugin_check();
	at_each_step_of(update_exported, "an update of a plugin's places",
			child_beside_an_update);
}

static void beside_loads(pid_t (*make)(void))
{
	make_child = make;
	at_each_step_of_load();
	at_each_step_of_unload();
}

static void fork_beside_updates(void)
{
	beside_updates(fork);
}

static void small_fork_beside_updates(void)
{
	beside_updates(_Fork);
}

static void clone_beside_updates(void)
{
	beside_updates(clone_process);
}

static void fork_beside_loads(void)
{
	beside_loads(fork);
}

static void small_fork_beside_loads(void)
{
	beside_loads(_Fork);
}

static void clone_beside_loads(void)
{
	beside_loads(clone_process);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "fork at each step of an update", fork_beside_updates,
		  APART_TEST },
		{ "_Fork at each step of an update", small_fork_beside_updates,
		  APART_TEST },
		{ "clone at each step of an update", clone_beside_updates,
		  APART_TEST },
		{ "fork at each step of a plugin's coming and going",
		  fork_beside_loads, APART_TEST },
		{ "_Fork at each step of a plugin's coming and going",
		  small_fork_beside_loads, APART_TEST },
		{ "clone at each step of a plugin's coming and going",
		  clone_beside_loads, APART_TEST },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
