/* SPDX-License-Identifier: MIT */
/* exported.c - a static call that the program exports. */
#include "exported.h"

#define NOINLINE	__attribute__((noinline))

NOINLINE int exported_1(int x)
{
	return exported_result(1, x);
}

static NOINLINE int exported_3(int x)
{
	return exported_result(3, x);
}

DEFINE_STATIC_CALL_RET0(exported, exported_1);
EXPORT_STATIC_CALL(exported);

int exported_update(unsigned int n)
{
	if (n % 2 == 0)
		return static_call_update(exported,
					  (void *)&__static_call_return0);
	return static_call_update(exported, n % 4 == 1 ? exported_1 :
							 exported_3);
}

static NOINLINE int call(int x)
{
	return static_call(exported)(x) + 1;
}

int exported_check(unsigned int n)
{
	return call(5) != exported_result(n, 5) + 1;
}
