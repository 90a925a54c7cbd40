/* SPDX-License-Identifier: MIT */
/* plugin_exported.c - a plugin's calls of what the program exports. */
#include "exported.h"

#define NOINLINE	__attribute__((noinline))

static NOINLINE int call_first(int x)
{
	return static_call(exported)(x) + 1;
}

static NOINLINE int call_second(int x)
{
	return static_call(exported)(x) * 2;
}

static NOINLINE int call_last(int x)
{
	return static_call(exported)(x);
}

exported_check_func plugin_exported_check;
__attribute__((visibility("default"))) int plugin_exported_check(unsigned int n)
{
	int want = exported_result(n, 5);

	return call_first(5) != want + 1 || call_second(5) != want * 2 ||
	       call_last(5) != want;
}
