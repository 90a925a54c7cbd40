/* SPDX-License-Identifier: MIT */
/*
 * unload_steps.c - a plugin comes and goes while another thread updates a key that has
 * places in it, each stopped at each of its steps in the library.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "apart.h"
#include "exported.h"
#include "stopper.h"
#include "subject.h"

static void *handle;
static exported_check_func *plugin_check;

static int load(unsigned int n)
{
	(void)n;
	handle = dlopen(apart_path("plugin_both.so"), RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return -1;
	*(void **)&plugin_check = dlsym(handle, EXPORTED_CHECK);
	return plugin_check ? 0 : -1;
}

static int unload(unsigned int n)
{
	(void)n;
	return dlclose(handle);
}

static int update(unsigned int n)
{
	int err = exported_update(n);

	return err ? err : exported_check(n);
}

/* ----------------------------------- another thread, while one is stopped */

static int (*other_act)(unsigned int n);

static void *act(void *arg)
{
	expect_equal(other_act(*(unsigned int *)arg), 0);
	return NULL;
}

/*
 * The other thread may have to wait for the one that is stopped; the moment given to
 * it decides only how far it comes before that one goes on.
 */
static void act_meanwhile(unsigned int n)
{
	const struct timespec moment = { 0, 2000000 };
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, act, &n), 0);
	nanosleep(&moment, NULL);
	stop_no_longer();
	pthread_join(thread, NULL);
}

static void check_plugin(unsigned int n)
{
	expect_equal(exported_check(n), 0);
	expect_equal(plugin_check(n), 0);
}

static void say(const char *what, unsigned int n)
{
	expect(n > 0);
	printf("# %u steps of %s\n", n, what);
	fflush(stdout);
}

static void update_stopped(void)
{
	unsigned int n = 0;
	int stopped;

	other_act = unload;
	do {
		n++;
		expect_equal(load(0), 0);
		expect_equal(update(n + 1), 0);
		check_plugin(n + 1);
		stopped = stop_at_step(n, update, act_meanwhile, n);
		expect_equal(exported_check(n), 0);
		expect_equal(update(n + 2), 0);
	} while (stopped);
	expect_equal(unload(0), 0);
	say("an update", n - 1);
}

static void unload_stopped(void)
{
	unsigned int n = 0;
	int stopped;

	other_act = update;
	do {
		n++;
		expect_equal(load(0), 0);
		expect_equal(update(n + 1), 0);
		check_plugin(n + 1);
		stopped = stop_at_step(n, unload, act_meanwhile, n);
		expect_equal(exported_check(stopped ? n : n + 1), 0);
		expect_equal(update(n + 2), 0);
	} while (stopped);
	say("dlclose", n - 1);
}

static void load_stopped(void)
{
	unsigned int n = 0;
	int stopped;

	other_act = update;
	do {
		n++;
		expect_equal(update(n + 1), 0);
		stopped = stop_at_step(n, load, act_meanwhile, n);
		check_plugin(stopped ? n : n + 1);
		expect_equal(update(n + 2), 0);
		check_plugin(n + 2);
		expect_equal(unload(0), 0);
	} while (stopped);
	say("dlopen", n - 1);
}

/* The plugin comes while an update is under way, and must be up to date. */
static void load_beside_update(void)
{
	unsigned int n = 0;
	int stopped;

	other_act = load;
	do {
		n++;
		expect_equal(update(n + 1), 0);
		stopped = stop_at_step(n, update, act_meanwhile, n);
		if (!stopped)
			expect_equal(load(0), 0);
		check_plugin(n);
		expect_equal(unload(0), 0);
	} while (stopped);
	say("an update", n - 1);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "dlclose while an update is stopped", update_stopped,
		  APART_TEST },
		{ "an update while dlclose is stopped", unload_stopped,
		  APART_TEST },
		{ "an update while dlopen is stopped", load_stopped,
		  APART_TEST },
		{ "dlopen while an update is stopped", load_beside_update,
		  APART_TEST },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
