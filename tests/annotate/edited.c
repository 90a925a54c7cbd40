/* SPDX-License-Identifier: MIT */
/*
 * edited.c - a program, or with -DPLUGIN a library, whose file a tool edits after
 * the link: calls that check themselves, and what the library says of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include <static_call.h>

static int one(int x)
{
	return x + 1;
}

static int two(int x)
{
	return x + 2;
}

static long seven(int x)
{
	(void)x;
	return 7;
}

DEFINE_STATIC_CALL(edited, one);
DEFINE_STATIC_CALL_RET0(zeroed, seven);

static __attribute__((noinline)) int call(int x)
{
	return static_call(edited)(x) * 2;
}

static __attribute__((noinline)) int tail(int x)
{
	return static_call(edited)(x);
}

static __attribute__((noinline)) long zero(int x)
{
	return static_call(zeroed)(x) + 1;
}

/* Returns how many calls went wrong. */
static int try_all(int round)
{
	int want = round & 1 ? 12 : 11;
	int err = static_call_update(edited, round & 1 ? two : one);

	err |= static_call_update(zeroed, round & 1 ? seven :
				  (void *)&__static_call_return0);
	return (err != 0) + (call(10) != 2 * want) + (tail(10) != want) +
	       (zero(10) != (round & 1 ? 8 : 1));
}

int go(void);

int go(void)
{
	struct static_call_info info = { .size = sizeof(info) };
	int round, wrong = call(10) != 22 || zero(10) != 1;

	for (round = 0; round < 20; round++)
		wrong += try_all(round);
	if (static_call_get_info(&info))
		return EXIT_FAILURE;
	printf("keys %zu, sites %zu, patched or crossing %zu, wrong %d\n",
	       info.keys, info.sites, info.sites_patched + info.sites_crossing,
	       wrong);
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

#ifndef PLUGIN
int main(void)
{
	return go();
}
#endif
