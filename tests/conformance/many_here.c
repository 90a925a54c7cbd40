/* SPDX-License-Identifier: MIT */
/* many_here.c - defines the first hundred of the many static calls. */
#include "many.h"

#define DEFINE(i)	DEFINE_STATIC_CALL(many_##i, many_default);
MANY_FIRST_HALF(DEFINE)

#define ADD(i)		sum += static_call(many_##i)(x);

long many_sum_here(int x)
{
	long sum = 0;

	MANY(ADD)
	return sum;
}
