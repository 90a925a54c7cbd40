/* SPDX-License-Identifier: MIT */
/*
 * copy.c - a shared library into which libstaticcall was linked statically.
 * Built twice, so that there are two.
 */
#include "copy.h"

#ifndef COPY_ID
#define COPY_ID	100
#endif

static int target0(int x)
{
	return x + COPY_ID;
}

static int target1(int x)
{
	return x + COPY_ID + 1;
}

DEFINE_STATIC_CALL(copy_call, target0);

static int call(int x)
{
	int r = static_call(copy_call)(x);

	return r;
}

static int update(int which)
{
	return static_call_update(copy_call, which ? target1 : target0);
}

static int update_other(struct static_call_key *key, void *func)
{
	return __static_call_update(key, NULL, func);
}

static int update_both(int which, struct static_call_key *key, void *func)
{
	struct static_call_change changes[] = {
		STATIC_CALL_CHANGE(copy_call, which ? target1 : target0),
		{ key, func },
	};

	return static_call_update_batch(changes, 2);
}

static void *query_other(const struct static_call_key *key)
{
	return __static_call_query(key);
}

static void *return0(void)
{
	return (void *)&__static_call_return0;
}

static int get_info(struct static_call_info *info)
{
	return static_call_get_info(info);
}

extern const struct copy_ops *get_copy_ops(void);
__attribute__((visibility("default"))) const struct copy_ops *get_copy_ops(void)
{
	static struct copy_ops ops = {
		call, update, NULL, update_other, update_both, query_other,
		return0, get_info,
	};

	ops.key = &STATIC_CALL_KEY(copy_call);
	return &ops;
}
