/* SPDX-License-Identifier: MIT */
/*
 * exit_late.c - updates while the process ends: in destructors, after the header's
 * own has run, and by threads meanwhile.  What was loaded with the program is updated
 * rightly to the end; of a plugin that leaves an update may be refused, but an update
 * that returns 0 has happened.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apart.h"
#include "late.h"
#include "late_updates.h"
#include "subject.h"

/* Of liblateupdates: it updates in its own destructors. */
const struct subject *late_library_subject(void);

/* ------------------------------------------------------------- the ends */

static void update_program_late(void)
{
	late_updates(program_subject());
}

static void end_after_updates(void)
{
	expect_equal(program_subject()->change(1), 0);
	expect_equal(late_library_subject()->change(2), 0);
	late_set(update_program_late);
}

static void end_without_descriptors(void)
{
	const struct rlimit none = { 0, 0 };

	end_after_updates();
	expect_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void end_in_an_empty_root(void)
{
	char name[] = "empty-XXXXXX";

	end_after_updates();
	expect(mkdtemp(name));
	if (chroot(name)) {
		rmdir(name);
		apart_skip("chroot is not allowed");
	}
	/* The directory is still our working directory's. */
	expect_equal(rmdir(name), 0);
}

/* What it says to have updated, it has not. */
static int pretend(unsigned int n)
{
	return n == ~0u;
}

static void pretend_to_update_late(void)
{
	struct subject subject = *program_subject();

	subject.update = pretend;
	late_updates(&subject);
}

static void end_stale(void)
{
	end_after_updates();
	late_set(pretend_to_update_late);
}

/* A worker goes on while the destructors run. */
static atomic_uint rounds, faults;

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 1;; n++) {
		if (program_subject()->change(n))
			atomic_fetch_add(&faults, 1);
		atomic_fetch_add(&rounds, 1);
	}
	return arg;
}

static void wait_for_rounds(unsigned int n)
{
	unsigned int end = atomic_load(&rounds) + n;

	while ((int)(end - atomic_load(&rounds)) > 0)
		sched_yield();
}

static void wait_for_the_worker(void)
{
	const char *line;

	wait_for_rounds(200);
	line = atomic_load(&faults) ? LATE_STALE : LATE_DONE;
	(void)!write(STDOUT_FILENO, line, strlen(line));
}

static void start_worker(void)
{
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
	wait_for_rounds(10);
}

static void end_beside_a_worker(void)
{
	start_worker();
	late_set(wait_for_the_worker);
}

static void unload_late_plugin(void)
{
	void *handle;
	const struct subject *s = subject_load("plugin_late.so", &handle);

	expect_equal(s->change(1), 0);
	expect_equal(dlclose(handle), 0);
	expect(!dlopen(apart_path("plugin_late.so"), RTLD_NOLOAD | RTLD_NOW));
}

static void end_with_late_plugin(void)
{
	expect_equal(subject_load("plugin_late.so", NULL)->change(1), 0);
}

/* ------------------------------------------------------------------ cases */

/* The lines that @name must write, with those of the library's two destructors. */
static void writes(const char *name, const char *lines)
{
	char output[400], want[400];

	snprintf(want, sizeof(want), "%s" LATE_DONE LATE_DONE, lines);
	expect_equal(apart_run(name, output, sizeof(output)), 0);
	if (strcmp(output, want))
		printf("# %s", output);
	fflush(stdout);
	expect(!strcmp(output, want));
}

static void never_stale(const char *name)
{
	char output[400];
	int status = apart_run(name, output, sizeof(output));

	if (strstr(output, "skipped"))
		apart_skip("chroot is not allowed");
	expect_equal(status, 0);
	expect(*output);
	expect(!strstr(output, LATE_STALE));
}

/* The order of the modules' destructors is the loader's. */
static void after_main(void)
{
	char output[400];

	expect_equal(apart_run("end after updates", output, sizeof(output)), 0);
	expect(!strcmp(output, LATE_DONE LATE_DONE LATE_DONE));
}

static void without_descriptors(void)
{
	never_stale("end without descriptors");
}

static void in_an_empty_root(void)
{
	never_stale("end in an empty root");
}

static void beside_a_worker(void)
{
	char output[400];

	expect_equal(apart_run("end beside a worker", output, sizeof(output)),
		     0);
	expect(!strcmp(output, LATE_DONE LATE_DONE LATE_DONE));
}

static void unloaded_plugin(void)
{
	writes("unload a late plugin", LATE_DONE LATE_DONE);
}

static void plugin_at_exit(void)
{
	writes("end with a late plugin", LATE_DONE LATE_DONE);
}

static void stale_is_seen(void)
{
	never_stale("end stale");
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "updates after the destructors of the program", after_main,
		  APART_TEST },
		{ "a thread updates while destructors run", beside_a_worker,
		  APART_TEST },
		{ "updates at exit without descriptors", without_descriptors,
		  APART_TEST },
		{ "updates at exit without /proc", in_an_empty_root,
		  APART_TEST },
		{ "a plugin updates in its destructors as it is unloaded",
		  unloaded_plugin, APART_TEST },
		{ "a plugin updates in its destructors at exit",
		  plugin_at_exit, APART_TEST },
		{ "control: a stale call is seen", stale_is_seen,
		  APART_CONTROL },
		{ "end after updates", end_after_updates, APART_PART },
		{ "end beside a worker", end_beside_a_worker, APART_PART },
		{ "end without descriptors", end_without_descriptors,
		  APART_PART },
		{ "end in an empty root", end_in_an_empty_root, APART_PART },
		{ "unload a late plugin", unload_late_plugin, APART_PART },
		{ "end with a late plugin", end_with_late_plugin, APART_PART },
		{ "end stale", end_stale, APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
