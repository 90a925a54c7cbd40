/* SPDX-License-Identifier: MIT */
/*
 * unload_copy.c - a plugin that has a copy of the library inside is loaded and
 * unloaded many times: it leaves no memory behind, also where threads are in that copy's
 * functions while it ends.
 *
 * The program itself has no static calls, and no library.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apart.h"
#include "subject.h"

static void *handle;
static const struct subject *plugin;
static int (*plugin_reads)(void);
static void (*plugin_after)(void (*func)(void));

static void load(void)
{
	plugin = subject_load("plugin_copy.so", &handle);
	*(void **)&plugin_reads = dlsym(handle, "plugin_reads");
	*(void **)&plugin_after = dlsym(handle, "plugin_after");
	expect(plugin_reads && plugin_after);
}

/* ------------------------------------------------------------- mappings */

struct memory {
	unsigned long mappings, bytes;
};

static char maps[1 << 17];

/* Without malloc or stdio, and without the heap, which may grow. */
static struct memory look(void)
{
	struct memory memory = { 0, 0 };
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	char *line, *next;
	ssize_t got;

	expect(fd >= 0);
	while ((got = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	maps[used] = '\0';
	for (line = maps; *line; line = next) {
		unsigned long start, end;

		next = strchr(line, '\n');
		*next++ = '\0';
		if (strstr(line, "[heap]"))
			continue;
		start = strtoul(line, &line, 16);
		end = strtoul(line + 1, NULL, 16);
		memory.mappings++;
		memory.bytes += end - start;
	}
	return memory;
}

/* -------------------------------------------------------------- threads */

static void *idle(void *arg)
{
	pause();
	return arg;
}

/*
 * They hold what they were told of the plugin, and end in the destructor of a library
 * that the plugin needs: after the copy's end, before anything is unmapped.
 */
static atomic_int stop;
static atomic_uint rounds;
static pthread_t readers[2];

static void *keep_reading(void *arg)
{
	while (!atomic_load(&stop)) {
		plugin_reads();
		atomic_fetch_add(&rounds, 1);
	}
	return arg;
}

static void *keep_updating(void *arg)
{
	unsigned int n;

	/* Refused, from the end of the copy on. */
	for (n = 1; !atomic_load(&stop); n++)
		if (plugin->update(n) == 0)
			expect_equal(plugin->check(n), 0);
	return arg;
}

static void end_threads(void)
{
	unsigned int end = atomic_load(&rounds) + 3;

	while ((int)(end - atomic_load(&rounds)) > 0)
		usleep(10);
	atomic_store(&stop, 1);
	pthread_join(readers[0], NULL);
	pthread_join(readers[1], NULL);
}

static void start_threads(void)
{
	atomic_store(&stop, 0);
	expect_equal(pthread_create(readers, NULL, keep_reading, NULL), 0);
	expect_equal(pthread_create(readers + 1, NULL, keep_updating, NULL),
		     0);
	plugin_after(end_threads);
}

/* ------------------------------------------------------------------ cases */

/* The first rounds make what stays: the loader's memory, the stacks of threads. */
#define WARM	20

static void unload_without_descriptors(void)
{
	struct rlimit limit, none;

	expect_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	expect_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	expect_equal(dlclose(handle), 0);
	expect_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

enum how { ALONE, WITH_THREADS, WITHOUT_DESCRIPTORS };

static void load_often(enum how how)
{
	unsigned int n, full = how == ALONE ? 500 : 200;
	struct memory before = { 0, 0 }, now;

	/* Two threads at once in malloc() would make a heap that stays. */
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
	full = apart_rounds(full) + WARM;
	for (n = 0; n < full; n++) {
		load();
		expect_equal(plugin_reads(), 0);
		expect_equal(plugin->change(n), 0);
		if (how == WITH_THREADS)
			start_threads();
		if (how == WITHOUT_DESCRIPTORS)
			unload_without_descriptors();
		else
			expect_equal(dlclose(handle), 0);
		expect(!dlopen(apart_path("plugin_copy.so"),
			       RTLD_NOLOAD | RTLD_NOW));
		if (apart_is_control())
			expect(mmap(NULL, 1, PROT_READ,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
			       MAP_FAILED);
		if (n == WARM)
			before = look();
	}
	now = look();
	expect_equal(now.bytes, before.bytes);
	expect_equal(now.mappings, before.mappings);
}

static void alone(void)
{
	load_often(ALONE);
}

static void in_company(void)
{
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, idle, NULL), 0);
	load_often(ALONE);
}

static void beside_threads(void)
{
	load_often(WITH_THREADS);
}

/* Its text cannot be made pristine. */
static void without_descriptors(void)
{
	load_often(WITHOUT_DESCRIPTORS);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a copy of the library leaves nothing, alone", alone,
		  APART_TEST },
		{ "a copy of the library leaves nothing, in company",
		  in_company, APART_TEST },
		{ "a copy of the library ends beside threads in it",
		  beside_threads, APART_TEST },
		{ "a copy of the library leaves nothing, without a descriptor",
		  without_descriptors, APART_TEST },
		{ "control: a page left each time is seen", alone,
		  APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
