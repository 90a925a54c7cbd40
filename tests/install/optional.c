/* SPDX-License-Identifier: MIT */
/*
 * optional.c - a program that uses libstaticcall where it is installed, and the
 * header that it ships elsewhere.
 *
 * optional BACKEND: exits 0 if its calls go right, by that backend.
 */
#ifdef HAVE_STATIC_CALL
#include <static_call.h>
#else
#include "static_call_fallback.h"
#endif

#include <stdio.h>
#include <string.h>

static int plus_one(int x)
{
	return x + 1;
}

static int plus_two(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(hook, plus_one);

int main(int argc, char **argv)
{
	int before, after;

	before = static_call(hook)(1);
	if (argc != 2 || static_call_update(hook, plus_two))
		return 2;
	after = static_call(hook)(1);
	printf("%s: %d, then %d\n", static_call_backend(), before, after);
	return before != 2 || after != 3 ||
	       strcmp(static_call_backend(), argv[1]) != 0;
}
