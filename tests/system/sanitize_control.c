/* SPDX-License-Identifier: MIT */
/*
 * sanitize_control.c CASE: does one thing that a sanitizer must stop; exit
 * status 0 says that nothing did.
 */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static int shared;

static void *write_shared(void *arg)
{
	shared++;
	return arg;
}

static int race(void)
{
	pthread_t t[2];
	int i;

	for (i = 0; i < 2; i++)
		if (pthread_create(t + i, NULL, write_shared, NULL))
			return 0;
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static int use_after_free(void)
{
	volatile char *volatile p = malloc(8);

	free((void *)p);
	return p[1] & 0;
}

static int overflow(int argc)
{
	volatile int n = INT_MAX;

	n += argc;
	return n & 0;
}

static int leak(void)
{
	char *volatile p = malloc(8);

	p = NULL;
	return p != NULL;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "race") == 0)
		return race();
	if (strcmp(what, "use-after-free") == 0)
		return use_after_free();
	if (strcmp(what, "overflow") == 0)
		return overflow(argc);
	if (strcmp(what, "leak") == 0)
		return leak();
	return 0;
}
