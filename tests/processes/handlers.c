/* SPDX-License-Identifier: MIT */
/*
 * handlers.c - a library without static calls that has fork handlers of its own,
 * calls the program back in them, and holds a mutex meanwhile.
 */
#include <pthread.h>

#include "handlers.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct handlers calls;

#define EXPORT	__attribute__((visibility("default")))

EXPORT void handlers_set(const struct handlers *set)
{
	calls = *set;
}

EXPORT int handlers_with_mutex(int (*func)(unsigned int n), unsigned int n)
{
	int r;

	pthread_mutex_lock(&mutex);
	r = func(n);
	pthread_mutex_unlock(&mutex);
	return r;
}

static void before(void)
{
	if (calls.before_the_mutex)
		calls.before_the_mutex();
	pthread_mutex_lock(&mutex);
	if (calls.before)
		calls.before();
}

static void after_in_parent(void)
{
	if (calls.in_parent)
		calls.in_parent();
	pthread_mutex_unlock(&mutex);
}

static void after_in_child(void)
{
	if (calls.in_child)
		calls.in_child();
	pthread_mutex_unlock(&mutex);
}

/* Before the program's constructors: what they register runs first. */
static __attribute__((constructor)) void begin(void)
{
	pthread_atfork(before, after_in_parent, after_in_child);
}

EXPORT void handlers_register(void)
{
	pthread_atfork(calls.before, calls.in_parent, calls.in_child);
}
