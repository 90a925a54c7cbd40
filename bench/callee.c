/* SPDX-License-Identifier: MIT */
/* callee.c - a small function in a shared library, called through the PLT. */
#include "callee.h"
#include "measure.h"

OPAQUE unsigned int shared_callee(unsigned int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}
