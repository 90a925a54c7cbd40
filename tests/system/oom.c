/* SPDX-License-Identifier: MIT */
/*
 * oom.c - a program that loads a library with static calls, calls and updates,
 * while preload.c lets one allocation of libstaticcall fail.
 *
 *   oom PATH/libconfdso.so
 *
 * Writes how many allocations there were.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "calls.h"

static int count_key(const struct static_call_key_info *info, void *arg)
{
	++*(unsigned int *)arg;
	return info->size ? 0 : 1;
}

static int count_site(const struct static_call_site_info *info, void *arg)
{
	++*(unsigned int *)arg;
	return info->size ? 0 : 1;
}

static void walk(void)
{
	unsigned int keys = 0, sites = 0;
	int err = static_call_for_each_key(count_key, &keys);

	if (err && err != -ENOMEM)
		fault("walk over keys: %d", err);
	err = static_call_for_each_site(count_site, &sites);
	if (err && err != -ENOMEM)
		fault("walk over sites: %d", err);
}

static void use_library(const char *path)
{
	int (*calls)(int), (*updates)(int (*)(int)), (*two)(int);
	void *h = dlopen(path, RTLD_NOW);

	if (!h) {
		fault("%s", dlerror());
		return;
	}
	*(void **)&calls = dlsym(h, "dso_calls_open");
	*(void **)&updates = dlsym(h, "dso_updates_open");
	*(void **)&two = dlsym(h, "dso_two");
	if (calls(1) != 2)
		fault("before the update: %d", calls(1));
	if (updates(two) || calls(1) != 3)
		fault("after the update: %d", calls(1));
	change_and_check(4, 0);
	walk();
	if (dlclose(h))
		fault("%s", dlerror());
}

int main(int argc, char **argv)
{
	long (*seen)(void);

	if (argc != 2)
		return 2;
	change_and_check(4, 0);
	use_library(argv[1]);
	change_and_check(4, 0);
	use_library(argv[1]);
	walk();
	*(void **)&seen = dlsym(RTLD_DEFAULT, "preload_seen");
	printf("allocations %ld\n", seen ? seen() : -1);
	return faults() ? EXIT_FAILURE : EXIT_SUCCESS;
}
