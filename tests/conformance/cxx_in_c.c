/* SPDX-License-Identifier: MIT */
/* cxx_in_c.c - the C side of the static calls that C and C++ share. */
#include "cxx.h"

int cxx_in_c(int x)
{
	return x + 1;
}

DEFINE_STATIC_CALL(defined_in_c, cxx_in_c);

int c_calls_cxx(int x)
{
	return static_call(defined_in_cxx)(x);
}

int c_updates_cxx(int (*func)(int))
{
	return static_call_update(defined_in_cxx, func);
}
