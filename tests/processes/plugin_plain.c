/* SPDX-License-Identifier: MIT */
/*
 * plugin_plain.c - a plugin with static calls and with ordinary calls of the same form,
 * to which a test leads the records of the others.
 */
#include <static_call.h>

#include "plugin_plain.h"

#define NOINLINE	__attribute__((noinline))
#define EXPORT		__attribute__((visibility("default")))
/* Called directly, and known by name. */
#define HIDDEN		__attribute__((noinline, visibility("hidden")))

HIDDEN int plain_target(int x);
int plain_target(int x)
{
	__asm__ volatile("");
	return x + 1000;
}

static NOINLINE int one(int x)
{
	return x + 1;
}

static NOINLINE int two(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(plain_neighbour, one);

#define PAIR(n)								\
	HIDDEN int plain_##n(int x);					\
	int plain_##n(int x)						\
	{								\
		return plain_target(x) * 2 + (n);			\
	}								\
	static NOINLINE int static_##n(int x)				\
	{								\
		return static_call(plain_neighbour)(x) * 2 + (n);	\
	}
PAIR(0)
PAIR(1)
PAIR(2)
PAIR(3)
PAIR(4)
PAIR(5)
PAIR(6)
PAIR(7)

#define ALL(name)							\
	{ name##_0, name##_1, name##_2, name##_3, name##_4, name##_5,	\
	  name##_6, name##_7 }
static int (*const plain[PLAIN_CALLS])(int) = ALL(plain);
static int (*const with_static[PLAIN_CALLS])(int) = ALL(static);

EXPORT plugin_plain_update_func plugin_plain_update;
EXPORT int plugin_plain_update(unsigned int n)
{
	return static_call_update(plain_neighbour, n ? two : one);
}

EXPORT plugin_plain_wrong_func plugin_plain_wrong;
EXPORT unsigned int plugin_plain_wrong(unsigned int n)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < PLAIN_CALLS; i++) {
		wrong += plain[i](5) != 1005 * 2 + (int)i;
		wrong += with_static[i](5) != (n ? 7 : 6) * 2 + (int)i;
	}
	return wrong;
}
