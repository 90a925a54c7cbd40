/* SPDX-License-Identifier: MIT */
/*
 * copy_preloaded.c - a preloaded library has a copy of libstaticcall inside, static
 * calls of its own, and calls of one that the program defines.  Each copy owns what
 * is defined where it is the library: it updates that, and the other one refuses to;
 * neither patches what is the other's.
 *
 * The preloaded library comes first, so its copy meets the program's key before the
 * program has defined it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "preload_copy.h"
#include "sandbox.h"
#include "subject.h"

/* Its functions are its own, or are those of the whole program. */
#define OWN_COPY	"preload_own.so"
#define COPY_OF_ALL	"preload_all.so"

#define FINE	7

static const struct preload_copy *other;
static const struct subject *other_subject;
static exported_check_func *other_check;

/* In a part: of what is preloaded; or else of a plugin. */
static void find_other(void *handle)
{
	const struct preload_copy *(*get)(void);
	const struct subject *(*get_subject)(void);

	*(void **)&get = dlsym(handle, PRELOAD_COPY);
	*(void **)&get_subject = dlsym(handle, SUBJECT_OF_PLUGIN);
	*(void **)&other_check = dlsym(handle, EXPORTED_CHECK);
	expect(get && get_subject && other_check);
	other = get();
	other_subject = get_subject();
}

/* -------------------------------------------------------------- updates */

static void change_all(unsigned int n)
{
	expect_equal(exported_update(n), 0);
	expect_equal(exported_check(n), 0);
	expect_equal(other_check(n), 0);
	expect_equal(program_subject()->change(n), 0);
	expect_equal(other_subject->change(n + 1), 0);
	expect_equal(exported_check(n), 0);
	expect_equal(other_check(n), 0);
}

static void change_often(void)
{
	unsigned int n;

	find_other(RTLD_DEFAULT);
	for (n = 0; n < 20; n++)
		change_all(n);
}

static void *call(void *arg)
{
	atomic_int *stop = arg;

	while (!atomic_load(stop)) {
		expect_equal(program_subject()->call(), 0);
		expect_equal(other_subject->call(), 0);
	}
	return NULL;
}

/* Text is not changed in place then. */
static void change_in_company(void)
{
	atomic_int stop = 0;
	pthread_t thread;

	find_other(RTLD_DEFAULT);
	expect_equal(pthread_create(&thread, NULL, call, &stop), 0);
	change_often();
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
}

/* Two threads, each of which updates with another copy. */
static atomic_int ended;

static void *change_other(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&ended); n++)
		expect_equal(other_subject->change(n), 0);
	return arg;
}

static void change_at_once(void)
{
	unsigned int n, rounds = apart_rounds(400);
	pthread_t thread;

	find_other(RTLD_DEFAULT);
	expect_equal(pthread_create(&thread, NULL, change_other, NULL), 0);
	for (n = 0; n < rounds; n++) {
		pid_t pid = n % 8 ? -1 : fork();

		if (!pid) {
			change_all(n);
			_exit(0);
		}
		if (pid > 0)
			expect_equal(apart_wait(pid), 0);
		expect_equal(exported_update(n), 0);
		expect_equal(exported_check(n), 0);
		expect_equal(other_check(n), 0);
	}
	atomic_store(&ended, 1);
	pthread_join(thread, NULL);
	change_all(1);
}

/* ---------------------------------------------------- who owns what */

static void refuse(void)
{
	void *nothing = NULL;

	find_other(RTLD_DEFAULT);
	change_all(2);
	expect_equal(other->update(&STATIC_CALL_KEY(exported), nothing),
		     -EPERM);
	expect_equal(exported_check(2), 0);
	expect_equal(other_check(2), 0);
	expect_equal(__static_call_update(other->own, NULL, nothing), -EPERM);
	expect_equal(other->update(other->own, nothing), 0);
	change_all(3);
}

static void *module_of(const void *address)
{
	Dl_info info;

	expect(dladdr(address, &info));
	return info.dli_fbase;
}

/* The bytes of a copy's places that call the program's key. */
#define MOST	16

struct seen {
	void *module;
	size_t n, n_exported;
	const void *at[MOST];
	unsigned char bytes[MOST][6];
};

static int see(const struct static_call_site_info *info, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	expect(module_of(info->addr) == seen->module);
	if (info->key != &STATIC_CALL_KEY(exported))
		return 0;
	expect(seen->n_exported < MOST && info->len <= 6);
	seen->at[seen->n_exported] = info->addr;
	memcpy(seen->bytes[seen->n_exported++], info->addr, info->len);
	return 0;
}

static struct seen see_program(void)
{
	struct seen seen = { .module = module_of((void *)exported_update) };

	expect_equal(static_call_for_each_site(see, &seen), 0);
	return seen;
}

static struct seen see_other(void)
{
	struct seen seen = { .module = module_of((void *)other_check) };

	expect_equal(other->for_each_site(see, &seen), 0);
	return seen;
}

static int same(const struct seen *a, const struct seen *b)
{
	expect_equal(a->n_exported, b->n_exported);
	expect(!memcmp(a->at, b->at, sizeof(a->at)));
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/*
 * The control is where one copy is that of all, which then has the places of all.
 */
static void keep_apart(void)
{
	struct seen before, after, program;
	unsigned int n, changed = 0;

	find_other(RTLD_DEFAULT);
	if (!strcmp(static_call_backend(), "generic"))
		apart_skip("it has no places");
	change_all(0);
	before = see_other();
	program = see_program();
	printf("# %zu places of the program, %zu of the other; of its key: "
	       "%zu and %zu\n", program.n, before.n, program.n_exported,
	       before.n_exported);
	fflush(stdout);
	expect(program.n && before.n && program.n_exported);
	for (n = 1; n < 4; n++) {
		struct seen now;

		change_all(n);
		now = see_program();
		after = see_other();
		expect(same(&before, &after));
		changed += !same(&program, &now);
	}
	expect(changed > 0);
}

/* ------------------------------------------------------------- the end */

static void end_in_sandbox(void)
{
	find_other(RTLD_DEFAULT);
	change_all(1);
	sandbox_enter();
	exit(FINE);
}

/* ------------------------------------------------------------------ cases */

static void preloaded(const char *library, const char *part, int status)
{
	char output[2000];
	int got;

	expect_equal(setenv("LD_PRELOAD", apart_path(library), 1), 0);
	got = apart_run(part, output, sizeof(output));
	printf("%s", output);
	fflush(stdout);
	if (strstr(output, "skipped"))
		apart_skip(part);
	expect_equal(got, status);
}

static void updates(void)
{
	preloaded(OWN_COPY, "change often", 0);
	preloaded(OWN_COPY, "change in company", 0);
}

static void at_once(void)
{
	preloaded(OWN_COPY, "change at once", 0);
}

static void refused(void)
{
	preloaded(OWN_COPY, "refuse", 0);
}

static void apart(void)
{
	preloaded(OWN_COPY, "keep apart", 0);
}

static void at_exit(void)
{
	preloaded(OWN_COPY, "end in a sandbox", FINE);
}

static void not_patched(void)
{
	setenv("STATIC_CALL_PATCH", "0", 1);
	preloaded(OWN_COPY, "change often", 0);
}

static void copy_of_all(void)
{
	preloaded(COPY_OF_ALL, "change often", 0);
	preloaded(COPY_OF_ALL, "change in company", 0);
	preloaded(COPY_OF_ALL, "change at once", 0);
	preloaded(COPY_OF_ALL, "end in a sandbox", FINE);
}

static void one_copy_refuses(void)
{
	preloaded(COPY_OF_ALL, "refuse", 0);
}

static void one_copy_is_apart(void)
{
	if (!strcmp(static_call_backend(), "generic"))
		apart_skip("it has no places");
	preloaded(COPY_OF_ALL, "keep apart", 0);
}

/* The same library, which comes when the program's key is defined. */
static void as_plugin(void)
{
	unsigned int n;

	for (n = 0; n < 20; n++) {
		void *handle = dlopen(apart_path(OWN_COPY),
				      RTLD_NOW | RTLD_LOCAL);

		expect(handle);
		find_other(handle);
		change_all(n);
		expect_equal(other->update(&STATIC_CALL_KEY(exported), NULL),
			     -EPERM);
		change_all(n + 1);
		expect_equal(dlclose(handle), 0);
		expect_equal(exported_update(n), 0);
		expect_equal(exported_check(n), 0);
		expect_equal(program_subject()->change(n), 0);
	}
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "each copy updates what it owns", updates, APART_TEST },
		{ "both update at once, and in children", at_once,
		  APART_TEST },
		{ "each copy refuses what the other owns", refused,
		  APART_TEST },
		{ "each copy patches places of its own module", apart,
		  APART_TEST },
		{ "nothing is patched", not_patched, APART_TEST },
		{ "a preloaded copy is silent at exit", at_exit, APART_TEST },
		{ "a preloaded copy that is the copy of all", copy_of_all,
		  APART_TEST },
		{ "the same as a plugin", as_plugin, APART_TEST },
		{ "control: one copy refuses nothing", one_copy_refuses,
		  APART_CONTROL },
		{ "control: one copy has the places of all", one_copy_is_apart,
		  APART_CONTROL },
		{ "change often", change_often, APART_PART },
		{ "change in company", change_in_company, APART_PART },
		{ "change at once", change_at_once, APART_PART },
		{ "refuse", refuse, APART_PART },
		{ "keep apart", keep_apart, APART_PART },
		{ "end in a sandbox", end_in_sandbox, APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
