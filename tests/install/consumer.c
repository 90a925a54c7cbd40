/* SPDX-License-Identifier: MIT */
/*
 * consumer.c - a small program that uses an installed libstaticcall.
 *
 * consumer SITES BACKEND: exits 0 if every call went to the right function, as
 * many sites were found as the argument says, and all of them are patched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"

static int minus_one(int x)
{
	return x - 1;
}

static int minus_two(int x)
{
	return x - 2;
}

DEFINE_STATIC_CALL(local, minus_one);

__attribute__((noinline)) static int both(int x)
{
	int y = static_call(local)(x);

	return static_call(meter)(y) - 1000;
}

static int failures;

static void expect(const char *what, long is, long should)
{
	if (is == should)
		return;
	printf("%s is %ld, should be %ld\n", what, is, should);
	failures++;
}

int main(int argc, char **argv)
{
	struct static_call_info info = { sizeof(info) };

	if (argc != 3)
		return 2;
	expect("both(5)", both(5), -995);
	expect("meter_twice(5)", meter_twice(5), 7);
	expect("update of local", static_call_update(local, minus_two), 0);
	expect("update of meter", static_call_update(meter, meter_double), 0);
	expect("both(5) then", both(5), -994);
	expect("meter_once(5) then", meter_once(5), 10);
	expect("meter_twice(5) then", meter_twice(5), 20);

	expect("get_info", static_call_get_info(&info), 0);
	expect("keys", (long)info.keys, 2);
	expect("sites", (long)info.sites, atol(argv[1]));
	expect("sites not patched and not crossing a page",
	       (long)(info.sites - info.sites_patched - info.sites_crossing -
		      info.sites_far), 0);
	if (strcmp(static_call_backend(), argv[2])) {
		printf("backend is %s\n", static_call_backend());
		failures++;
	}
	printf("%s: %zu sites, %zu patched\n", static_call_backend(),
	       info.sites, info.sites_patched);
	return failures != 0;
}
