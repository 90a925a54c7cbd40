/* SPDX-License-Identifier: MIT */
/*
 * seeded.c - seeded FAULT: a program with a fault that valgrind must report, or
 * without one.
 *
 *	race	two threads write a variable without a lock
 *	locked	the same with one
 *	handed	one thread writes it, and lets the other read it by an update
 *	told	the same, and helgrind is told
 *	read	reads memory that was freed
 *	sound	reads it before
 *
 * The variable is used in targets of a static call, which is updated meanwhile.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <static_call.h>

#if __has_include(<valgrind/helgrind.h>)
#include <valgrind/helgrind.h>
#else
#define ANNOTATE_HAPPENS_BEFORE(obj)	((void)(obj))
#define ANNOTATE_HAPPENS_AFTER(obj)	((void)(obj))
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long variable;

static long nothing(const char *p)
{
	(void)p;
	return 0;
}

static long add(const char *p)
{
	(void)p;
	return variable = variable + 1;
}

static long add_locked(const char *p)
{
	long sum;

	pthread_mutex_lock(&mutex);
	sum = add(p);
	pthread_mutex_unlock(&mutex);
	return sum;
}

static long get(const char *p)
{
	(void)p;
	return variable;
}

static long get_told(const char *p)
{
	ANNOTATE_HAPPENS_AFTER(&variable);
	return get(p);
}

static long first_byte(const char *p)
{
	return *p;
}

DEFINE_STATIC_CALL(seeded, nothing);

static void *call_once(void *arg)
{
	static_call(seeded)(NULL);
	return arg;
}

static void *call_until_handed(void *arg)
{
	while (static_call(seeded)(NULL) == 0)
		sched_yield();
	return arg;
}

/* Two threads call @target beside each other. */
static int race(long (*target)(const char *))
{
	pthread_t thread;

	if (static_call_update(seeded, target) ||
	    pthread_create(&thread, NULL, call_once, NULL))
		return 2;
	static_call(seeded)(NULL);
	return pthread_join(thread, NULL) || variable != 2;
}

static int hand_over(long (*target)(const char *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, call_until_handed, NULL))
		return 2;
	variable = 1;
	ANNOTATE_HAPPENS_BEFORE(&variable);
	if (static_call_update(seeded, target))
		return 2;
	return pthread_join(thread, NULL) != 0;
}

static int use_memory(int after_free)
{
	/* Hides the fault from the compiler. */
	char *volatile p = calloc(1, 8);
	long byte;

	if (!p || static_call_update(seeded, first_byte))
		return 2;
	if (after_free)
		free(p);
	byte = static_call(seeded)(p);
	if (!after_free)
		free(p);
	/* Freed memory may hold anything. */
	return byte && !after_free;
}

int main(int argc, char **argv)
{
	const char *fault = argc == 2 ? argv[1] : "";

	if (strcmp(fault, "race") == 0)
		return race(add);
	if (strcmp(fault, "locked") == 0)
		return race(add_locked);
	if (strcmp(fault, "handed") == 0)
		return hand_over(get);
	if (strcmp(fault, "told") == 0)
		return hand_over(get_told);
	if (strcmp(fault, "read") == 0)
		return use_memory(1);
	if (strcmp(fault, "sound") == 0)
		return use_memory(0);
	return 2;
}
