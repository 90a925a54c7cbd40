/* SPDX-License-Identifier: MIT */
/*
 * unload_cxx.c - the destructor of a static object of C++ unloads a plugin, as the
 * program ends or as another plugin is unloaded, beside threads that update keys with
 * places in it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "static_object.h"
#include "subject.h"

/* -------------------------------------------------------------- threads */

static atomic_uint rounds;

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0;; n++)
		expect_equal(program_subject()->change(n), 0);
	return arg;
}

static void *keep_updating_exported(void *arg)
{
	unsigned int n;

	for (n = 0;; n++) {
		expect_equal(exported_update(n), 0);
		expect_equal(exported_check(n), 0);
		atomic_fetch_add(&rounds, 1);
	}
	return arg;
}

static void start_threads(void)
{
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
	expect_equal(pthread_create(&thread, NULL, keep_updating_exported,
				    NULL), 0);
}

static void wait_for_rounds(void)
{
	unsigned int end = atomic_load(&rounds) + 20;

	while ((int)(end - atomic_load(&rounds)) > 0)
		sched_yield();
}

/* ------------------------------------------------------------- the object */

static size_t known;

static size_t modules(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	expect_equal(static_call_get_info(&info), 0);
	return info.modules;
}

static int is_loaded(const char *name)
{
	return dlopen(apart_path(name), RTLD_NOLOAD | RTLD_NOW) != NULL;
}

/* Within another dlclose() the C library may put it off until that one is done. */
static int within;

static void closed(int err)
{
	expect_equal(err, 0);
	if (!within) {
		expect_equal(modules(), known - 1);
		expect(!is_loaded("plugin_both.so"));
	}
	wait_for_rounds();
	if (write(STDOUT_FILENO, "# closed\n", 9) < 0)
		_exit(1);
}

/* The threads start when it has been seen to work: they change its calls. */
static void hold(static_object_func *open)
{
	void *handle = open(apart_path("plugin_both.so"), closed);
	const struct subject *(*get)(void);
	exported_check_func *check;

	expect(handle);
	*(void **)&get = dlsym(handle, SUBJECT_OF_PLUGIN);
	*(void **)&check = dlsym(handle, EXPORTED_CHECK);
	expect(get && check);
	expect_equal(get()->change(1), 0);
	expect_equal(exported_update(3), 0);
	expect_equal(check(3), 0);
	known = modules();
	start_threads();
	wait_for_rounds();
}

/* ---------------------------------------------------------- in a part */

static void end_with_object_of_module(void)
{
	hold(static_object_of_module);
}

static void end_with_object_of_function(void)
{
	hold(static_object_of_function);
}

static void end_without_destructors(void)
{
	hold(static_object_of_module);
	_exit(0);
}

/* The plugin is in C++, and has such an object. */
static void *open_outer(const char *name)
{
	void *outer = dlopen(apart_path("plugin_cxx.so"), RTLD_NOW);
	static_object_func *func;

	expect(outer);
	*(void **)&func = dlsym(outer, name);
	expect(func);
	hold(func);
	return outer;
}

static void end_with_object_of_plugin(void)
{
	open_outer("static_object_of_module");
}

static void unload_with_object(const char *name)
{
	void *outer = open_outer(name);

	within = 1;
	expect_equal(dlclose(outer), 0);
	expect_equal(modules(), known - 2);
	expect(!is_loaded("plugin_cxx.so"));
	expect(!is_loaded("plugin_both.so"));
	wait_for_rounds();
}

static void unload_object_of_module(void)
{
	unload_with_object("static_object_of_module");
}

static void unload_object_of_function(void)
{
	unload_with_object("static_object_of_function");
}

/* ------------------------------------------------------------------ cases */

static void closes(const char *part)
{
	char output[400];

	expect_equal(apart_run(part, output, sizeof(output)), 0);
	if (strcmp(output, "# closed\n") == 0)
		return;
	printf("# %s:\n%s", part, output);
	fflush(stdout);
	apart_fail(__FILE__, __LINE__, part);
}

static void at_exit(void)
{
	closes("end with an object of the module");
	closes("end with an object of a function");
}

static void of_plugin_at_exit(void)
{
	closes("end with an object of a plugin");
}

static void of_plugin_unloaded(void)
{
	closes("unload an object of the module");
	closes("unload an object of a function");
}

static void none_is_seen(void)
{
	closes("end without destructors");
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "the program's static destructor unloads a plugin", at_exit,
		  APART_TEST },
		{ "a plugin's static destructor does, at exit",
		  of_plugin_at_exit, APART_TEST },
		{ "a plugin's static destructor does, as it is unloaded",
		  of_plugin_unloaded, APART_TEST },
		{ "control: a destructor that does not run is seen",
		  none_is_seen, APART_CONTROL },
		{ "end with an object of the module",
		  end_with_object_of_module, APART_PART },
		{ "end with an object of a function",
		  end_with_object_of_function, APART_PART },
		{ "end with an object of a plugin", end_with_object_of_plugin,
		  APART_PART },
		{ "end without destructors", end_without_destructors,
		  APART_PART },
		{ "unload an object of the module", unload_object_of_module,
		  APART_PART },
		{ "unload an object of a function", unload_object_of_function,
		  APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
