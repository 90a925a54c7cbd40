/* SPDX-License-Identifier: MIT */
/* preload_copy.h - a preloaded library that has a copy of libstaticcall inside. */
#ifndef PROCESSES_PRELOAD_COPY_H
#define PROCESSES_PRELOAD_COPY_H

#include <static_call/api.h>

/* The functions of that copy, and a static call of its own. */
struct preload_copy {
	struct static_call_key *own;
	int (*update)(struct static_call_key *key, void *func);
	int (*get_info)(struct static_call_info *info);
	int (*for_each_site)(int (*fn)(const struct static_call_site_info *info,
				       void *arg), void *arg);
};

/* To be looked up by dlsym(). */
#define PRELOAD_COPY	"get_preload_copy"

#endif /* PROCESSES_PRELOAD_COPY_H */
