/* SPDX-License-Identifier: MIT */
/* plugin_exported.c - a plugin's calls of what the program exports. */
#include "exported.h"

#define NOINLINE	__attribute__((noinline))

static NOINLINE int call_first(int x)
{
	int r = static_call(exported)(x);

	return r + 0 * x;
}

static NOINLINE int call_second(int x)
{
	int r = static_call(exported)(x);

	return r - 0 * x;
}

static NOINLINE int call_last(int x)
{
	return static_call(exported)(x);
}

exported_check_func plugin_exported_check;
__attribute__((visibility("default"))) int plugin_exported_check(unsigned int n)
{
	int want = exported_result(n, 5);

	return call_first(5) != want || call_second(5) != want ||
	       call_last(5) != want;
}
