/* SPDX-License-Identifier: MIT */
/* subject_load.c - loads a plugin with static calls. */
#include <dlfcn.h>
#include <stdio.h>

#include "apart.h"
#include "subject.h"

const struct subject *subject_load(const char *name, void **handle)
{
	const struct subject *(*get)(void);
	void *lib = dlopen(apart_path(name), RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		printf("# %s\n", dlerror());
	fflush(stdout);
	expect(lib);
	*(void **)&get = dlsym(lib, SUBJECT_OF_PLUGIN);
	expect(get);
	if (handle)
		*handle = lib;
	return get();
}
