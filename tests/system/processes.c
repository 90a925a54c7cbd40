/* SPDX-License-Identifier: MIT */
/*
 * processes.c - processes that are not made by fork(): raw clone(), children that
 * use our memory, and a process beside ours that shares it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

#define CHILDREN	150

extern char **environ;

static int died(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (status)
		fault("child: status %#x", (unsigned int)status);
	return status != 0;
}

/* ------------------------------------------------- beside other threads */

static atomic_int stop;

static void *keep_calling(void *arg)
{
	while (!atomic_load(&stop))
		call_and_check();
	return arg;
}

static void *keep_updating(void *arg)
{
	while (!atomic_load(&stop))
		change_and_check(2, 0);
	return arg;
}

static void beside_threads(void (*act)(void))
{
	pthread_t t[2];

	atomic_store(&stop, 0);
	if (pthread_create(t, NULL, keep_calling, NULL) ||
	    pthread_create(t + 1, NULL, keep_updating, NULL)) {
		fault("no threads");
		return;
	}
	act();
	atomic_store(&stop, 1);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
}

/*
 * The child may be born in the middle of another thread's update.  It only calls;
 * tests/processes has children that update.
 */
static void clone_and_call(void)
{
	int i, n;

	for (i = 0; i < CHILDREN; i++) {
		pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

		if (!pid) {
			for (n = 0; n < 20; n++)
				call_value_and_check();
			_exit(faults() ? 1 : 0);
		}
		if (died(pid))
			return;
	}
}

static void vfork_and_call(void)
{
	int i;

	for (i = 0; i < CHILDREN; i++) {
		pid_t pid = vfork();

		if (!pid) {
			call_value_and_check();
			_exit(0);
		}
		if (died(pid))
			return;
	}
}

static void spawn(void)
{
	char *const argv[] = { (char *)"true", NULL };
	pid_t pid;
	int i;

	for (i = 0; i < CHILDREN / 5; i++)
		if (posix_spawnp(&pid, "true", NULL, NULL, argv, environ) ||
		    died(pid))
			return;
}

/* ------------------------------------------------------------- alone */

/* A child of raw clone() updates, as one of fork() does. */
static void clone_and_update(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid) {
		change_and_check(20, 0);
		_exit(faults() ? 1 : 0);
	}
	change_and_check(21, 0);
	died(pid);
	change_and_check(3, 0);
}

/* The child of vfork() updates our memory, and the update stays. */
static void vfork_and_update(void)
{
	int i;

	for (i = 0; i < 10; i++) {
		pid_t pid = vfork();

		if (!pid) {
			change_and_check(3, 0);
			_exit(0);
		}
		died(pid);
		change_and_check(1, 0);
	}
}

static int call_beside(void *arg)
{
	while (!atomic_load(&stop))
		call_value_and_check();
	return arg != NULL;
}

/*
 * Another process shares our memory.  This one still has one thread, and the
 * library must not take it for alone.
 */
static void share_memory(void)
{
	size_t size = 1u << 18;
	char *stack = malloc(size);
	pid_t pid;

	atomic_store(&stop, 0);
	pid = !stack ? -1 :
	      clone(call_beside, stack + size, CLONE_VM | SIGCHLD, NULL);
	change_and_check(3000, 0);
	atomic_store(&stop, 1);
	died(pid);
	free(stack);
}

/* ------------------------------------------ the first thread has ended */

/* /proc/self shows the first thread, which has ended. */
static void *update_without_the_first(void *arg)
{
	struct static_call_info info = { .size = sizeof(info) };

	while (pthread_kill(*(pthread_t *)arg, 0) == 0)
		usleep(1000);
	change_and_check(20, 0);
	if (static_call_get_info(&info) ||
	    info.sites_patched + info.sites_crossing != info.sites)
		fault("%zu of %zu sites are patched", info.sites_patched,
		      info.sites);
	_exit(faults() ? 1 : 0);
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void without_the_first_thread(void)
{
	static pthread_t first;
	pthread_t thread;
	pid_t pid = fork();

	if (!pid) {
		alarm(1200);
		first = pthread_self();
		if (pthread_create(&thread, NULL, update_without_the_first,
				   &first) ||
		    pthread_create(&thread, NULL, idle, NULL))
			_exit(2);
		pthread_exit(NULL);
	}
	died(pid);
}

static unsigned int n_run;

static void done(const char *name)
{
	static unsigned long before;

	printf("%sok %u - %s\n", faults() > before ? "not " : "", ++n_run,
	       name);
	fflush(stdout);
	before = faults();
}

/*
 * TSan knows no processes but those of fork(): its locks may be held as a raw
 * clone() copies them, and a peer has the thread-local memory of its maker, in
 * which TSan keeps its state of one thread.
 */
static void unless_tsan(void (*test)(void), const char *name, const char *skip)
{
	const char *sanitizer = getenv("SC_TEST_SANITIZER");

	if (sanitizer && strstr(sanitizer, "thread")) {
		done(skip);
		return;
	}
	test();
	done(name);
}
#define UNLESS_TSAN(test, name)						\
	unless_tsan(test, name, name " # SKIP TSan knows only fork()")

static void clone_beside_threads(void)
{
	beside_threads(clone_and_call);
}

int main(void)
{
	alarm(1200);
	UNLESS_TSAN(clone_and_update, "raw clone, both sides update");
	vfork_and_update();
	done("the child of vfork updates");
	UNLESS_TSAN(share_memory, "another process runs our memory");
	UNLESS_TSAN(clone_beside_threads,
		    "raw clone while other threads update");
	beside_threads(vfork_and_call);
	done("vfork while other threads update");
	beside_threads(spawn);
	done("posix_spawn while other threads update");
	without_the_first_thread();
	done("the first thread has ended");
	printf("1..%u\n", n_run);
	return faults() ? EXIT_FAILURE : EXIT_SUCCESS;
}
