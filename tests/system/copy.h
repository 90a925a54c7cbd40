/* SPDX-License-Identifier: MIT */
/* copy.h - what a shared library with its own copy of libstaticcall offers. */
#ifndef SYSTEM_COPY_H
#define SYSTEM_COPY_H

#include <static_call.h>

struct copy_ops {
	int (*call)(int x);
	int (*update)(int which);		/* own call, to target 0 or 1 */
	struct static_call_key *key;		/* of the own call */
	int (*update_other)(struct static_call_key *key, void *func);
	/* The own call and another in one batch. */
	int (*update_both)(int which, struct static_call_key *key, void *func);
	void *(*query_other)(const struct static_call_key *key);
	void *(*return0)(void);
	int (*get_info)(struct static_call_info *info);
};

#endif /* SYSTEM_COPY_H */
