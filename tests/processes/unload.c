/* SPDX-License-Identifier: MIT */
/*
 * unload.c - plugins leave: in a loop beside threads that update, in exit handlers, and
 * where their text cannot be given back; and they come again, at the same address and
 * at another.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "subject.h"

static void *handle;
static const struct subject *plugin;
static exported_check_func *plugin_check;

static void load(const char *name)
{
	plugin = subject_load(name, &handle);
	*(void **)&plugin_check = dlsym(handle, EXPORTED_CHECK);
	expect(plugin_check);
}

static void unload(void)
{
	expect_equal(dlclose(handle), 0);
}

static size_t modules(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	expect_equal(static_call_get_info(&info), 0);
	return info.modules;
}

static void change_all(unsigned int n)
{
	expect_equal(exported_update(n), 0);
	expect_equal(exported_check(n), 0);
	expect_equal(plugin_check(n), 0);
	expect_equal(plugin->change(n), 0);
	expect_equal(program_subject()->change(n), 0);
}

/* ------------------------------------------------------ beside threads */

static atomic_int stop;

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(program_subject()->change(n), 0);
	return arg;
}

static void *keep_updating_exported(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++) {
		expect_equal(exported_update(n), 0);
		expect_equal(exported_check(n), 0);
	}
	return arg;
}

static void loop_beside_updates(void)
{
	unsigned int n, rounds = apart_rounds(1000);
	pthread_t threads[2];
	size_t before;

	before = modules();
	expect_equal(pthread_create(threads, NULL, keep_updating, NULL), 0);
	expect_equal(pthread_create(threads + 1, NULL, keep_updating_exported,
				    NULL), 0);
	for (n = 0; n < rounds; n++) {
		load("plugin_both.so");
		expect_equal(plugin->change(n), 0);
		unload();
		expect_equal(modules(), before);
	}
	atomic_store(&stop, 1);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

/* -------------------------------------------------------- exit handlers */

int __cxa_atexit(void (*func)(void *arg), void *arg, void *dso);
extern void *__dso_handle;

static void close_and_update(void)
{
	unload();
	expect_equal(exported_update(2), 0);
	expect_equal(exported_check(2), 0);
	expect_equal(program_subject()->call(), 0);
	if (write(STDOUT_FILENO, "# closed\n", 9) < 0)
		_exit(1);
}

static void close_as_destructor(void *arg)
{
	(void)arg;
	close_and_update();
}

static void begin_to_close(void)
{
	pthread_t thread;

	load("plugin_both.so");
	change_all(1);
	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
}

static void end_with_handler(void)
{
	begin_to_close();
	expect_equal(atexit(close_and_update), 0);
}

/* What a compiler makes of a static object in C++ that has a destructor. */
static void end_with_destructor(void)
{
	begin_to_close();
	expect_equal(__cxa_atexit(close_as_destructor, NULL, &__dso_handle), 0);
}

/* A handler that does not run is seen by what is not written. */
static void closes(const char *name)
{
	char output[400];

	expect_equal(apart_run(name, output, sizeof(output)), 0);
	if (strcmp(output, "# closed\n") == 0)
		return;
	printf("# %s: %s\n", name, output);
	fflush(stdout);
	apart_fail(__FILE__, __LINE__, name);
}

static void close_at_exit(void)
{
	closes("end with a handler");
}

static void close_in_static_destructor(void)
{
	closes("end with a destructor");
}

static void end_by_exit(void)
{
	begin_to_close();
}

static void not_closed_is_seen(void)
{
	closes("end by exit alone");
}

/* ------------------------------------------------------ it comes again */

static uintptr_t base(void)
{
	struct link_map *map;

	expect_equal(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
	return map->l_addr;
}

static void same_address(void)
{
	unsigned int n, same = 0;
	uintptr_t before = 0;

	for (n = 0; n < 50; n++) {
		load("plugin_both.so");
		expect_equal(exported_check(n ? n + 1 : 0), 0);
		expect_equal(plugin_check(n ? n + 1 : 0), 0);
		same += base() == before;
		before = base();
		change_all(n);
		unload();
		expect_equal(exported_update(n + 2), 0);
	}
	if (!same)
		apart_skip("the loader never takes the same address");
}

/* Something else lies where the plugin was. */
static void another_address(void)
{
	unsigned int n;

	for (n = 0; n < 50; n++) {
		uintptr_t here;

		load("plugin_both.so");
		change_all(n);
		here = base();
		unload();
		expect(mmap((void *)here, 4096, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0) == (void *)here);
		expect_equal(exported_update(n + 1), 0);
		load("plugin_both.so");
		expect(base() != here);
		change_all(n + 2);
		unload();
	}
}

/* Two files of one build: each other's addresses, and other contents. */
static void another_file(void)
{
	unsigned int n;

	for (n = 0; n < 50; n++) {
		load(n % 2 ? "plugin_both.so" : "plugin_stuck.so");
		change_all(n);
		unload();
		expect_equal(exported_update(n + 1), 0);
	}
}

/* ------------------------------------------- it cannot be given back */

static const struct rlimit no_files = { 0, 1024 }, some_files = { 1024, 1024 };

/*
 * The plugin's own "leave" has run, its text is still there and was not given back:
 * in the destructor of a library that the plugin needs.
 */
static unsigned int refused, done;

static void update_between(void)
{
	unsigned int n;

	for (n = 1; n < 8; n++) {
		int err = exported_update(n);

		if (err) {
			refused++;
			continue;
		}
		done++;
		expect_equal(exported_check(n), 0);
		expect_equal(plugin_check(n), 0);
	}
}

static void leave_without_files(unsigned int n)
{
	void (*set)(void (*func)(void));

	load("plugin_stuck.so");
	change_all(n);
	*(void **)&set = dlsym(handle, "plugin_after");
	expect(set);
	set(update_between);
	expect_equal(setrlimit(RLIMIT_NOFILE, &no_files), 0);
	unload();
	printf("# %u refused, %u done\n", refused, done);
	fflush(stdout);
	expect_equal(refused + done, 7);
	/* Nobody can look for the mapping yet: an error, or it is done. */
	if (exported_update(n + 3) == 0)
		expect_equal(exported_check(n + 3), 0);
	expect_equal(program_subject()->call(), 0);
	expect_equal(setrlimit(RLIMIT_NOFILE, &some_files), 0);
	/* The mapping is gone, and that ends it. */
	expect_equal(exported_update(n + 2), 0);
	expect_equal(exported_check(n + 2), 0);
	expect_equal(program_subject()->change(n), 0);
	refused = 0;
	done = 0;
}

/* In the child nobody unloads it, and there are descriptors: all is as ever. */
static void fork_between(void)
{
	pid_t pid = fork();
	int status;

	expect(pid >= 0);
	if (pid == 0) {
		expect_equal(setrlimit(RLIMIT_NOFILE, &some_files), 0);
		expect_equal(exported_update(5), 0);
		expect_equal(exported_check(5), 0);
		expect_equal(program_subject()->change(5), 0);
		expect_equal(program_subject()->call(), 0);
		_exit(0);
	}
	expect_equal(waitpid(pid, &status, 0), pid);
	expect_equal(status, 0);
}

static void stuck_in_a_child(void)
{
	void (*set)(void (*func)(void));

	load("plugin_stuck.so");
	change_all(1);
	*(void **)&set = dlsym(handle, "plugin_after");
	expect(set);
	set(fork_between);
	expect_equal(setrlimit(RLIMIT_NOFILE, &no_files), 0);
	unload();
}

static void stuck(void)
{
	unsigned int n;
	size_t before = modules();

	for (n = 0; n < 5; n++)
		leave_without_files(n);
	load("plugin_both.so");
	change_all(n);
	unload();
	expect_equal(modules(), before);
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

/* Text is not changed in place then. */
static void stuck_beside_a_thread(void)
{
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, idle, NULL), 0);
	stuck();
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a plugin is loaded and unloaded beside updates",
		  loop_beside_updates, APART_TEST },
		{ "a plugin is unloaded by an exit handler", close_at_exit,
		  APART_TEST },
		{ "a plugin is unloaded by a static destructor",
		  close_in_static_destructor, APART_TEST },
		{ "a plugin comes again at the same address", same_address,
		  APART_TEST },
		{ "a plugin comes again at another address", another_address,
		  APART_TEST },
		{ "another plugin comes to the same address", another_file,
		  APART_TEST },
		{ "a plugin that cannot be given back", stuck, APART_TEST },
		{ "a plugin that cannot be given back, beside a thread",
		  stuck_beside_a_thread, APART_TEST },
		{ "a child of fork() while a plugin cannot be given back",
		  stuck_in_a_child, APART_TEST },
		{ "control: a handler that does not run is seen",
		  not_closed_is_seen, APART_CONTROL },
		{ "end with a handler", end_with_handler, APART_PART },
		{ "end with a destructor", end_with_destructor, APART_PART },
		{ "end by exit alone", end_by_exit, APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
