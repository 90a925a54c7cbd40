/* SPDX-License-Identifier: MIT */
/* hello.c - all there is to it: define, call, update. */
#include <stdio.h>

#include <static_call.h>

static void hello(const char *who) { printf("Hello, %s.\n", who); }
static void howdy(const char *who) { printf("Howdy, %s!\n", who); }

DEFINE_STATIC_CALL(greet, hello);

int main(void)
{
	static_call(greet)("world");		/* Hello, world. */
	if (static_call_update(greet, howdy) < 0)
		return 1;
	static_call(greet)("world");		/* Howdy, world! */
	return 0;
}
