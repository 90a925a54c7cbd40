/* SPDX-License-Identifier: MIT */
/* many_there.c - defines the second hundred of the many static calls. */
#include "many.h"

#define DEFINE(i)	DEFINE_STATIC_CALL(many_##i, many_default);
MANY_SECOND_HALF(DEFINE)

#define ADD(i)		sum += static_call(many_##i)(x);

/* Not as in many_here.c: equal functions become one with -flto. */
long many_sum_there(int x)
{
	long sum = 1;

	MANY(ADD)
	return sum - 1;
}

/* Two sites for each key. */
long many_sum_twice(int x)
{
	long sum = 0;

	MANY(ADD)
	MANY(ADD)
	return sum;
}

int many_inline_there(int x)
{
	return many_inline(x);
}
