/* SPDX-License-Identifier: MIT */
/*
 * plughost.c - plughost PLUGIN: loads a plugin that takes over a hook, and unloads it
 * while another thread goes on calling the hook.
 *
 * Linked with -rdynamic, so that the plugin finds the static call in the program, and
 * with a version script, so that it finds nothing else there.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "plughost.h"

DEFINE_STATIC_CALL_NULL(on_number, void (*)(unsigned long number));
EXPORT_STATIC_CALL(on_number);

static atomic_ulong turns;
static atomic_int stop;

/* At the head of the loop the thread is in no static call. */
static void *count(void *unused)
{
	unsigned long n;

	for (n = 1; !atomic_load(&stop); n++) {
		atomic_store(&turns, n);
		static_call_cond(on_number)(n);
	}
	return unused;
}

/*
 * Two turns of the loop: each call that began before has returned then, and at least
 * one whole call has been made since.
 */
static void wait_for_turns(void)
{
	unsigned long seen = atomic_load(&turns);

	while (atomic_load(&turns) < seen + 2)
		sched_yield();
}

/* The order is the point: stop the calls, wait for those that run, unload. */
static int unload(void *plugin)
{
	plugin_stop_fn *plugin_stop =
		(plugin_stop_fn *)dlsym(plugin, "plugin_stop");
	int err = static_call_update(on_number, NULL);

	if (err || !plugin_stop)
		return -1;
	wait_for_turns();
	plugin_stop();
	return dlclose(plugin);
}

static int visit(const char *file)
{
	void *plugin = dlopen(file, RTLD_NOW);
	plugin_start_fn *plugin_start;

	if (!plugin) {
		fprintf(stderr, "plughost: %s\n", dlerror());
		return -1;
	}
	plugin_start = (plugin_start_fn *)dlsym(plugin, "plugin_start");
	if (!plugin_start || plugin_start())
		return -1;
	wait_for_turns();
	return unload(plugin);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int i, err = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: plughost PLUGIN\n");
		return 2;
	}
	if (pthread_create(&thread, NULL, count, NULL))
		return 2;
	for (i = 0; i < 3 && !err; i++)
		err = visit(argv[1]);
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	printf("%s\n", err ? "a plugin failed" : "the plugin came and went 3 times");
	return err != 0;
}
