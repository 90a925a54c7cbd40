/* SPDX-License-Identifier: MIT */
/*
 * portable.c - one source for systems with the library and without it: there the calls
 * go through pointers, by a header that the project ships.
 *
 * The build defines HAVE_STATIC_CALL where there is libstaticcall;
 * static_call_fallback(3) tells how, for four build systems.
 */
#ifdef HAVE_STATIC_CALL
#include <static_call.h>
#define HEADER	"static_call.h"
#else
#include "static_call_fallback.h"
#define HEADER	"static_call_fallback.h"
#endif

#include <stdio.h>

static int metric(int km) { return km; }
static int miles(int km) { return km * 1000 / 1609; }

DEFINE_STATIC_CALL(distance, metric);

int main(void)
{
	printf("%s: %d", HEADER, static_call(distance)(100));
	if (static_call_update(distance, miles))
		return 1;
	printf(", then %d\n", static_call(distance)(100));
	return 0;
}
