/* SPDX-License-Identifier: MIT */
/* late.c - a library whose destructor calls back. */
#include "late.h"

static void (*late)(void);

__attribute__((visibility("default"))) void late_set(void (*func)(void))
{
	late = func;
}

static __attribute__((destructor)) void end(void)
{
	void (*func)(void) = late;

	late = 0;
	if (func)
		func();
}
