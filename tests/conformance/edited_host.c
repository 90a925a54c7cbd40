/* SPDX-License-Identifier: MIT */
/*
 * edited_host.c - loads the library whose path it is given, and runs its go().
 * Exits with 127 where the loader does not take it, as the loader does.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	int (*go)(void), status;

	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		return 127;
	}
	*(void **)&go = dlsym(handle, "go");
	status = go ? go() : EXIT_FAILURE;
	return dlclose(handle) ? EXIT_FAILURE : status;
}
