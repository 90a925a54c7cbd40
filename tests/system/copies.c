/* SPDX-License-Identifier: MIT */
/*
 * copies.c - several copies of the library in one process: two shared libraries
 * that each have one inside, and the program's own.
 *
 * A call is updated through the copy that it was registered with; another copy
 * says -EPERM and changes nothing.  By default the dynamic linker binds the shared
 * libraries to the program's copy, and all use that one.
 *
 *   copies DIRECTORY/copya DIRECTORY/copyb		writes TAP
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "copy.h"

/* Each library finds its own copy first. */
#define OWN	(RTLD_LOCAL | RTLD_DEEPBIND)

static int program_target(int x)
{
	return x + 1;
}

DEFINE_STATIC_CALL(program_call, program_target);

static void *handle[2];
static const struct copy_ops *copy[2];

#define expect(cond)							\
	do {								\
		if (!(cond))						\
			fault("line %d: %s", __LINE__, #cond);		\
	} while (0)

static int load(char **paths, int i, int how)
{
	const struct copy_ops *(*get)(void);

	handle[i] = dlopen(paths[i], RTLD_NOW | how);
	if (!handle[i]) {
		fault("%s", dlerror());
		return 1;
	}
	*(void **)&get = dlsym(handle[i], "get_copy_ops");
	copy[i] = get();
	return 0;
}

static void unload(int i)
{
	copy[i] = NULL;
	expect(dlclose(handle[i]) == 0);
}

static void each_works(int i)
{
	int id = i ? 200 : 100;

	expect(copy[i]->update(1) == 0);
	expect(copy[i]->call(5) == 5 + id + 1);
	expect(copy[i]->update(0) == 0);
	expect(copy[i]->call(5) == 5 + id);
}

/* Through a copy that does not know the key. */
static void refused(int by, int of)
{
	void *before = copy[of]->query_other(copy[of]->key);
	int called = copy[of]->call(5);

	expect(copy[by]->update_other(copy[of]->key, before) == -EPERM);
	expect(copy[by]->update_other(copy[of]->key, NULL) == -EPERM);
	expect(copy[by]->update_both(1, copy[of]->key, NULL) == -EPERM);
	expect(copy[by]->call(5) == (by ? 205 : 105));
	expect(copy[by]->query_other(copy[of]->key) == before);
	expect(copy[of]->call(5) == called);
}

static void separate(char **paths)
{
	struct static_call_info info = { .size = sizeof(info) };

	if (load(paths, 0, OWN) || load(paths, 1, OWN))
		return;
	each_works(0);
	each_works(1);
	refused(0, 1);
	refused(1, 0);
	expect(__static_call_update(copy[0]->key, NULL, NULL) == -EPERM);
	expect(copy[0]->update_other(&STATIC_CALL_KEY(program_call), NULL) ==
	       -EPERM);
	expect(copy[0]->get_info(&info) == 0 && info.modules == 1 &&
	       info.keys == 1);
	expect(copy[0]->return0() != copy[1]->return0());
	/* Another copy's is an ordinary function, which returns 0 too. */
	expect(static_call_update(program_call, copy[0]->return0()) == 0);
	expect(static_call(program_call)(5) == 0);
	expect(static_call_update(program_call, program_target) == 0);
	expect(static_call(program_call)(5) == 6);
	unload(0);
	each_works(1);
	expect(load(paths, 0, OWN) == 0);
	each_works(0);
	refused(1, 0);
	unload(1);
	each_works(0);
	unload(0);
	change_and_check(4, 0);
}

static void shared(char **paths, int how)
{
	if (load(paths, 0, how) || load(paths, 1, how))
		return;
	each_works(0);
	each_works(1);
	expect(copy[0]->return0() == (void *)&__static_call_return0);
	expect(copy[1]->update_other(copy[0]->key, NULL) == 0);
	expect(static_call_query(program_call) == program_target);
	expect(copy[0]->query_other(copy[0]->key) == NULL);
	each_works(0);
	unload(0);
	each_works(1);
	unload(1);
	change_and_check(4, 0);
}

static void shared_local(char **paths)
{
	shared(paths, RTLD_LOCAL);
}

static void shared_global(char **paths)
{
	shared(paths, RTLD_GLOBAL);
}

static atomic_int stop;

static void *call_both(void *arg)
{
	while (!atomic_load(&stop)) {
		int a = copy[0]->call(0), b = copy[1]->call(0);

		expect(a == 100 || a == 101);
		expect(b == 200 || b == 201);
		call_and_check();
	}
	return arg;
}

static void *update_one(void *arg)
{
	const struct copy_ops *ops = arg;
	int i;

	for (i = 0; i < 200; i++)
		expect(ops->update(i & 1) == 0);
	return NULL;
}

static void together(char **paths)
{
	pthread_t t[3];

	if (load(paths, 0, OWN) || load(paths, 1, OWN))
		return;
	if (pthread_create(t, NULL, call_both, NULL) ||
	    pthread_create(t + 1, NULL, update_one, (void *)copy[0]) ||
	    pthread_create(t + 2, NULL, update_one, (void *)copy[1]))
		return;
	change_and_check(100, 0);
	pthread_join(t[1], NULL);
	pthread_join(t[2], NULL);
	atomic_store(&stop, 1);
	pthread_join(t[0], NULL);
	unload(1);
	unload(0);
}

static unsigned int n_run;

static void run(const char *name, void (*test)(char **), char **paths)
{
	unsigned long before = faults();

	test(paths);
	printf("%sok %u - %s\n", faults() > before ? "not " : "", ++n_run,
	       name);
}

/* Sanitizers end a program that uses RTLD_DEEPBIND. */
static void run_deep(const char *name, void (*test)(char **), char **paths)
{
	if (getenv("SC_TEST_SANITIZER"))
		printf("ok %u - %s # SKIP a sanitizer forbids RTLD_DEEPBIND\n",
		       ++n_run, name);
	else
		run(name, test, paths);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	run_deep("each copy has its own calls", separate, argv + 1);
	run_deep("copies update beside each other", together, argv + 1);
	run("bound to the program's copy, RTLD_LOCAL", shared_local, argv + 1);
	run("bound to the program's copy, RTLD_GLOBAL", shared_global,
	    argv + 1);
	puts("1..4");
	return faults() ? EXIT_FAILURE : EXIT_SUCCESS;
}
