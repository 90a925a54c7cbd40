/* SPDX-License-Identifier: MIT */
/*
 * fork_first_load.c - the first plugin with static calls is loaded while another
 * thread is in fork() and a handler there takes its time: the library starts, and is
 * stopped at each of its calls while the process is copied.
 *
 * The program itself has no static call.  The child only asks the library for its
 * state; what it may do with the loader is up to the C library.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <static_call/api.h>

#include "apart.h"
#include "oldlock.h"
#include "stopper.h"

static unsigned int stop_here;
static int stopped;

static int load(unsigned int n)
{
	(void)n;
	if (!apart_is_control())
		return dlopen(apart_path("plugin.so"), RTLD_NOW) ? 0 : -1;
	old_lock_start();
	old_lock();
	n = !dlopen(apart_path("plugin.so"), RTLD_NOW);
	old_unlock();
	return (int)n;
}

static void start_to_load(void)
{
	if (stop_here)
		stopped = stop_begin(stop_here, load, 0);
}

static int ask(void)
{
	struct static_call_info info = { .size = sizeof(info) };
	int err;

	if (apart_is_control())
		old_lock();
	err = static_call_init() || static_call_get_info(&info);
	if (apart_is_control())
		old_unlock();
	return err;
}

/* In a process in which the library has not started. */
static void load_and_fork(void)
{
	pid_t pid = fork();

	if (!pid) {
		expect_equal(ask(), 0);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
	stop_end();
	expect_equal(ask(), 0);
	_exit(stopped ? 0 : 3);
}

static void at_each_step(void)
{
	unsigned int at = 1;
	int status;

	expect_equal(pthread_atfork(start_to_load, NULL, NULL), 0);
	do {
		pid_t pid = fork();

		if (!pid) {
			stop_here = at;
			load_and_fork();
		}
		status = apart_wait(pid);
		at++;
	} while (status == 0);
	expect_equal(status, 3);
	/* The first step must be one. */
	expect(at > 2);
	printf("# %u steps\n", at - 2);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "the library starts while another thread forks",
		  at_each_step, APART_TEST },
		{ "control: with a lock held across fork that hangs",
		  at_each_step, APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
