/* SPDX-License-Identifier: MIT */
/*
 * confplugin.c - a plugin with a static call of its own and with calls of the
 * program's and of a library's.
 *
 * It is built twice, so that two plugins have calls of one name.
 */
#include "dso.h"

#ifndef PLUGIN_ID
#define PLUGIN_ID 100
#endif

static int constructed;

static int own_target(int x)
{
	return x + PLUGIN_ID;
}

static int own_other(int x)
{
	return x + PLUGIN_ID + 1;
}

DEFINE_STATIC_CALL(plugin_call, own_target);
DEFINE_STATIC_CALL_NULL(plugin_null, int (*)(int));
DEFINE_STATIC_CALL_RET0(plugin_ret0, int (*)(int));

static __attribute__((constructor)) void construct(void)
{
	int err = static_call_update(plugin_call, own_other);

	err |= static_call(plugin_call)(0) != PLUGIN_ID + 1;
	err |= static_call(plugin_ret0)(5);
	static_call_cond(plugin_null)(5);
	err |= static_call_update(plugin_call, own_target);
	constructed = err ? -1 : 1;
}

static __attribute__((destructor)) void destruct(void)
{
	static_call_update(plugin_call, NULL);
	static_call_cond(plugin_call)(1);
}

static int call_own(int x)
{
	return static_call(plugin_call)(x) + static_call(plugin_ret0)(x);
}

static int update_own(int (*func)(int))
{
	return static_call_update(plugin_call, func);
}

static int call_program(int x)
{
	return static_call(program_call)(x);
}

static int update_program(int (*func)(int))
{
	return static_call_update(program_call, func);
}

static int call_program_tramp(int x)
{
	return static_call_mod(program_tramp)(x);
}

static int call_dso(int x)
{
	return static_call(dso_open)(x);
}

static int call_dso_tramp(int x)
{
	return static_call_mod(dso_tramp)(x);
}

extern const struct plugin_ops plugin_ops;
__attribute__((visibility("default"))) const struct plugin_ops plugin_ops = {
	call_own, update_own, call_program, update_program,
	call_program_tramp, call_dso, call_dso_tramp, own_target,
	&constructed,
};
