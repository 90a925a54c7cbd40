/* SPDX-License-Identifier: MIT */
/*
 * plugin_needs.c - a plugin brings a library with static calls of its own, and each
 * calls the other's.  They are loaded and unloaded together, either of the two first;
 * between the end of the one and the end of the other all calls and updates are right.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <static_call/api.h>

#include "apart.h"
#include "paired.h"
#include "subject.h"

static void *handle;
static const struct paired *first, *second;

static const struct paired *find(const char *name)
{
	const struct paired *(*get)(void);

	*(void **)&get = dlsym(handle, name);
	expect(get);
	return get();
}

static void load(const char *plugin)
{
	subject_load(plugin, &handle);
	first = find(PAIRED_FIRST);
	second = find(PAIRED_SECOND);
}

static size_t modules(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	expect_equal(static_call_get_info(&info), 0);
	return info.modules;
}

/* --------------------------------------------------------- calls, updates */

/* What the two calls run; they begin anew with each load. */
static unsigned int of_first, of_second;

static void check_all(void)
{
	expect_equal(first->check(of_first, of_second), 0);
	expect_equal(second->check(of_first, of_second), 0);
}

/* The control leaves an update out. */
static void change_all(void)
{
	unsigned int n;

	check_all();
	for (n = 0; n < PAIRED_TARGETS; n++) {
		of_first = of_first + 1;
		if (!apart_is_control())
			expect_equal(first->update(of_first), 0);
		check_all();
		of_second = of_second + 2;
		expect_equal(second->update(of_second), 0);
		check_all();
	}
	expect_equal(program_subject()->change(n), 0);
}

/* ---------------------------------------------------------------- the end */

static unsigned int ended;
/* While both are there. */
static size_t known;

static void at_end(void)
{
	ended++;
	/* Its "leave" has run, the other one's has not. */
	expect_equal(modules(), known - ended);
	change_all();
	if (write(STDOUT_FILENO, "# done\n", 7) < 0)
		_exit(1);
}

static void watch_ends(void)
{
	known = modules();
	first->at_end(at_end);
	second->at_end(at_end);
}

static void unload(const char *library)
{
	ended = 0;
	watch_ends();
	expect_equal(dlclose(handle), 0);
	expect_equal(ended, 2);
	expect(!dlopen(apart_path(library), RTLD_NOLOAD | RTLD_NOW));
	of_first = 0;
	of_second = 0;
}

static void come_and_go(const char *plugin, const char *library)
{
	size_t before = modules();
	unsigned int n;

	for (n = 0; n < 20; n++) {
		load(plugin);
		expect_equal(modules(), before + 2);
		change_all();
		unload(library);
		expect_equal(modules(), before);
	}
}

/* ------------------------------------------------------------------ cases */

static void first_brings_second(void)
{
	come_and_go("plugin_first.so", "libsecond.so");
}

static void second_brings_first(void)
{
	come_and_go("plugin_second.so", "libfirst.so");
}

static atomic_int stop;

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++)
		expect_equal(program_subject()->update_batch(n), 0);
	return arg;
}

static void *keep_calling(void *arg)
{
	while (!atomic_load(&stop))
		expect_equal(program_subject()->call(), 0);
	return arg;
}

/* Text is not changed in place then. */
static void beside_a_thread(void)
{
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, keep_calling, NULL), 0);
	first_brings_second();
	second_brings_first();
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
}

/* Of the program the thread updates what change_all() does not look at. */
static void load_and_unload(const char *plugin, const char *library)
{
	load(plugin);
	expect_equal(first->update(1), 0);
	expect_equal(second->update(2), 0);
	of_first = 1;
	of_second = 2;
	check_all();
	expect_equal(dlclose(handle), 0);
	expect(!dlopen(apart_path(library), RTLD_NOLOAD | RTLD_NOW));
}

static void beside_updates(void)
{
	unsigned int n, rounds = apart_rounds(200);
	size_t before = modules();
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, keep_updating, NULL), 0);
	for (n = 0; n < rounds; n++) {
		load_and_unload("plugin_first.so", "libsecond.so");
		load_and_unload("plugin_second.so", "libfirst.so");
		expect_equal(modules(), before);
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
}

/* It refers to the plugin, which stays as long. */
static void library_is_held(void)
{
	size_t before = modules();
	void *held;

	load("plugin_first.so");
	held = dlopen(apart_path("libsecond.so"), RTLD_NOLOAD | RTLD_NOW);
	expect(held);
	change_all();
	expect_equal(dlclose(handle), 0);
	expect_equal(modules(), before + 2);
	change_all();
	handle = held;
	unload("libsecond.so");
	expect_equal(modules(), before);
	come_and_go("plugin_first.so", "libsecond.so");
}

static void end_with_plugin(void)
{
	load("plugin_first.so");
	change_all();
	watch_ends();
}

static void end_with_other_plugin(void)
{
	load("plugin_second.so");
	change_all();
	watch_ends();
}

static void ends_well(const char *name)
{
	char output[400];

	expect_equal(apart_run(name, output, sizeof(output)), 0);
	if (strcmp(output, "# done\n# done\n") == 0)
		return;
	printf("# %s", output);
	fflush(stdout);
	apart_fail(__FILE__, __LINE__, name);
}

static void at_exit(void)
{
	ends_well("end with the plugin");
	ends_well("end with the other plugin");
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "the first brings the second", first_brings_second,
		  APART_TEST },
		{ "the second brings the first", second_brings_first,
		  APART_TEST },
		{ "both, beside a thread", beside_a_thread, APART_TEST },
		{ "both, beside updates", beside_updates, APART_TEST },
		{ "the library is held by another handle", library_is_held,
		  APART_TEST },
		{ "at exit", at_exit, APART_TEST },
		{ "control: an update that is left out is seen",
		  first_brings_second, APART_CONTROL },
		{ "end with the plugin", end_with_plugin, APART_PART },
		{ "end with the other plugin", end_with_other_plugin,
		  APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
