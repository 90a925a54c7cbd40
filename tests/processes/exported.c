/* SPDX-License-Identifier: MIT */
/* exported.c - a static call that the program exports. */
#include "exported.h"

#define NOINLINE	__attribute__((noinline))

NOINLINE int exported_0(int x)
{
	return exported_result(0, x);
}

static NOINLINE int exported_1(int x)
{
	return exported_result(1, x);
}

static NOINLINE int exported_2(int x)
{
	return exported_result(2, x);
}

static NOINLINE int exported_3(int x)
{
	return exported_result(3, x);
}

DEFINE_STATIC_CALL(exported, exported_0);
EXPORT_STATIC_CALL(exported);

int exported_update(unsigned int n)
{
	static int (*const targets[])(int) = {
		exported_0, exported_1, exported_2, exported_3,
	};

	return static_call_update(exported, targets[n % 4]);
}

static NOINLINE int call(int x)
{
	return static_call(exported)(x) + 1;
}

int exported_check(unsigned int n)
{
	return call(5) != exported_result(n, 5) + 1;
}
