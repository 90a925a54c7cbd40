/* SPDX-License-Identifier: MIT */
/* preload_copy.c - hands out what a library with a copy of libstaticcall has. */
#include <static_call.h>

#include "preload_copy.h"

static int target(int x)
{
	return x;
}

DEFINE_STATIC_CALL(preload_own, target);

static int update(struct static_call_key *key, void *func)
{
	return __static_call_update(key, NULL, func);
}

const struct preload_copy *get_preload_copy(void);
__attribute__((visibility("default"))) const struct preload_copy *
get_preload_copy(void)
{
	static struct preload_copy copy;

	copy.own = &STATIC_CALL_KEY(preload_own);
	copy.update = update;
	copy.get_info = static_call_get_info;
	copy.for_each_site = static_call_for_each_site;
	return &copy;
}
