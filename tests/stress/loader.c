/* SPDX-License-Identifier: MIT */
/* loader.c - a thread that loads and unloads a plugin with call sites. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "soak.h"
#include "stress_plugin.h"

#define ROUNDS	20

static const struct stress_plugin *load(void **handle)
{
	const char *dir = getenv("STRESS_PLUGINS");
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.so", dir ? dir : STRESS_PLUGINS,
		 STRESS_PLUGIN);
	soak_need_descriptors();
	*handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	soak_need_no_more();
	if (!*handle)
		fault("%s", dlerror());
	return dlsym(*handle, "stress_plugin");
}

static void use(const struct stress_plugin *plugin)
{
	struct key_state own = { .key = plugin->key };
	int i, round;

	for (round = 0; round < ROUNDS; round++) {
		key_update(&own);
		for (i = 0; i < 2; i++)
			check_key_call(plugin->own[i], &own, FORM_COMPILED);
		for (i = 0; i < 4; i++)
			check_key_call(plugin->shared[i], keys + KEY_SHARED,
				       FORM_COMPILED);
	}
	count(UPDATES_PLUGIN, ROUNDS);
	count(CALLS_PLUGIN, 6 * ROUNDS);
}

void *loader(void *arg)
{
	(void)arg;
	while (!stopped()) {
		void *handle;
		const struct stress_plugin *plugin = load(&handle);

		if (!plugin)
			fault("%s", dlerror());
		use(plugin);
		if (dlclose(handle))
			fault("%s", dlerror());
		count(LOADS, 1);
	}
	return NULL;
}
