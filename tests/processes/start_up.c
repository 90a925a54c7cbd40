/* SPDX-License-Identifier: MIT */
/*
 * start_up.c - objects that were loaded with the program are told from plugins.
 *
 * The former never leave: at exit they make no system call, which a sandbox shows
 * that allows none.  The destructors of the latter do, and are killed there.  When a
 * plugin is unloaded its module is known no longer.
 *
 * Built twice: as start_up_late the program has no static calls and no library with
 * such, so the library looks at what is loaded when the first plugin is there already.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <static_call/api.h>

#include "apart.h"
#include "sandbox.h"
#include "subject.h"

/* Not in start_up_late. */
#pragma weak program_subject

#define FINE	7
#define KILLED	(-SIGSYS)

/* ------------------------------------------------- in a part: the object */

/* The path of what is opened, and whether in a namespace of its own. */
#define OBJECT		"SC_TEST_OBJECT"
#define NAMESPACE	"SC_TEST_NAMESPACE"
/* How many modules it brings; 1 if not set. */
#define MODULES		"SC_TEST_MODULES"

static void *handle;
static const struct subject *object;
static int (*get_info)(struct static_call_info *info);
/* The library stays in a new namespace, so the next round uses that one, too. */
static Lmid_t space = LM_ID_NEWLM;

static void open_object(int flags)
{
	const char *path = getenv(OBJECT);
	const struct subject *(*get)(void);

	if (!getenv(NAMESPACE))
		handle = dlopen(path, RTLD_NOW | flags);
	else
		handle = dlmopen(space, path, RTLD_NOW | flags);
	if (!handle) {
		printf("# %s\n", dlerror());
		fflush(stdout);
	}
	expect(handle);
	expect_equal(dlinfo(handle, RTLD_DI_LMID, &space), 0);
	*(void **)&get = dlsym(handle, SUBJECT_OF_PLUGIN);
	if (!get)
		*(void **)&get = dlsym(handle, "library_subject");
	*(void **)&get_info = dlsym(handle, "static_call_get_info");
	expect(get && get_info);
	object = get();
}

static long modules(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	expect_equal(get_info(&info), 0);
	return (long)info.modules;
}

static void change_all(unsigned int n)
{
	if (object)
		expect_equal(object->change(n), 0);
	if (program_subject)
		expect_equal(program_subject()->change(n), 0);
}

/* The dynamic linker goes on without what it cannot preload. */
static void expect_preloaded(void)
{
	const char *path = getenv("LD_PRELOAD");

	expect(!path || dlopen(path, RTLD_NOW | RTLD_NOLOAD));
}

static void end_in_sandbox(void)
{
	expect_preloaded();
	if (getenv(OBJECT))
		open_object(0);
	change_all(1);
	sandbox_enter();
	exit(FINE);
}

static void end_plainly(void)
{
	change_all(1);
	exit(FINE);
}

static void come_and_go(void)
{
	const char *many = getenv(MODULES);
	unsigned int n;
	long here;

	for (n = 0; n < 10; n++) {
		open_object(0);
		here = modules();
		change_all(n);
		expect_equal(dlclose(handle), 0);
		expect_equal(modules(), here - (many ? atoi(many) : 1));
		object = NULL;
		change_all(n + 1);
	}
}

static void stay(int flags)
{
	long here;

	open_object(flags);
	here = modules();
	change_all(1);
	expect_equal(dlclose(handle), 0);
	expect_equal(modules(), here);
	change_all(2);
	open_object(0);
	expect_equal(modules(), here);
	change_all(3);
}

static void come_and_stay(void)
{
	stay(0);
	sandbox_enter();
	exit(FINE);
}

static void be_kept(void)
{
	stay(RTLD_NODELETE);
}

/* --------------------------------------------------------- what is told */

static void runs(const char *part, int status)
{
	char output[2000];
	int got = apart_run(part, output, sizeof(output));

	if (got == status)
		return;
	printf("# %s:\n%s", part, output);
	fflush(stdout);
	expect_equal(got, status);
}

static void is_plugin(const char *path)
{
	expect_equal(setenv(OBJECT, path, 1), 0);
	runs("come and go", 0);
	runs("end in a sandbox", KILLED);
}

static void is_permanent(const char *variable, const char *path)
{
	expect_equal(setenv(variable, path, 1), 0);
	runs("end in a sandbox", FINE);
}

/* A name for a file, in another directory; both go at the end of the case. */
static char directory[] = "start_up-XXXXXX", name[60];

static void remove_name(void)
{
	unlink(name);
	rmdir(directory);
}

static const char *under_name(const char *as, const char *file)
{
	char *target = realpath(file, NULL);

	expect(target);
	expect(mkdtemp(directory));
	snprintf(name, sizeof(name), "./%s/%s", directory, as);
	expect_equal(symlink(target, name), 0);
	free(target);
	return name;
}

/* What runs() finds wrong ends the process, without exit handlers. */
static void named_plugin(const char *as, const char *file)
{
	pid_t pid;
	int status;

	under_name(as, file);
	pid = fork();
	if (!pid) {
		is_plugin(name);
		_exit(0);
	}
	status = apart_wait(pid);
	remove_name();
	expect_equal(status, 0);
}

/* ------------------------------------------------------------------ cases */

static void preloaded(void)
{
	is_permanent("LD_PRELOAD", apart_path("plugin.so"));
}

static void preloaded_with_needs(void)
{
	is_permanent("LD_PRELOAD", apart_path("plugin_first.so"));
}

/* In the loader's order the last of them come behind all that the program needs. */
static void preloaded_with_needs_of_needs(void)
{
	is_permanent("LD_PRELOAD", apart_path("libdeep.so"));
}

static void plugin_beside_preloaded(void)
{
	is_permanent("LD_PRELOAD", apart_path("plugin_second.so"));
	is_plugin(apart_path("plugin.so"));
}

static void plugin(void)
{
	is_plugin(apart_path("plugin.so"));
}

/* The program needs liblate.so. */
static void same_file_name(void)
{
	named_plugin("liblate.so", apart_path("plugin.so"));
}

static void same_soname(void)
{
	named_plugin("plugin_other.so", "other/.libs/liblate.so");
}

static void same_names(void)
{
	is_plugin("other/.libs/liblate.so");
}

static void plugin_with_needs(void)
{
	setenv(MODULES, "2", 1);
	is_plugin(apart_path("plugin_first.so"));
}

static void in_a_namespace(void)
{
	setenv(NAMESPACE, "1", 1);
	is_plugin(apart_path("plugin.so"));
}

/* The program has it, too, unless this is start_up_late. */
static void needed_in_a_namespace(void)
{
	setenv(NAMESPACE, "1", 1);
	is_plugin(apart_path("liblibrary.so"));
}

static void needed_opened(void)
{
	if (!program_subject)
		apart_skip("the program needs no such library");
	expect_equal(setenv(OBJECT, apart_path("liblibrary.so"), 1), 0);
	runs("come and stay", FINE);
}

static void marked_nodelete(void)
{
	expect_equal(setenv(OBJECT, apart_path("plugin_nodelete.so"), 1), 0);
	runs("come and stay", FINE);
	runs("end in a sandbox", FINE);
}

/* Nothing in the file says that it stays. */
static void opened_nodelete(void)
{
	expect_equal(setenv(OBJECT, apart_path("plugin.so"), 1), 0);
	runs("be kept", 0);
}

/* It has a namespace of its own, of which nothing is known. */
static void auditing(void)
{
	expect_equal(setenv("LD_AUDIT", apart_path("audit.so"), 1), 0);
	runs("end plainly", FINE);
	runs("end in a sandbox", KILLED);
	is_plugin(apart_path("plugin.so"));
}

static void a_plugin_is_killed(void)
{
	is_permanent(OBJECT, apart_path("plugin.so"));
}

static void one_that_stays_is_seen(void)
{
	is_plugin(apart_path("plugin_nodelete.so"));
}

static void one_that_goes_is_seen(void)
{
	expect_equal(setenv(OBJECT, apart_path("plugin.so"), 1), 0);
	runs("come and stay", FINE);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a preloaded library", preloaded, APART_TEST },
		{ "a preloaded library and what it needs",
		  preloaded_with_needs, APART_TEST },
		{ "a preloaded library, what it needs, and what that needs",
		  preloaded_with_needs_of_needs, APART_TEST },
		{ "a plugin", plugin, APART_TEST },
		{ "a plugin beside a preloaded library",
		  plugin_beside_preloaded, APART_TEST },
		{ "a plugin with the file name of a needed library",
		  same_file_name, APART_TEST },
		{ "a plugin with the soname of a needed library", same_soname,
		  APART_TEST },
		{ "a plugin with both names of a needed library", same_names,
		  APART_TEST },
		{ "a plugin and what it needs", plugin_with_needs,
		  APART_TEST },
		{ "a plugin in another namespace", in_a_namespace,
		  APART_TEST },
		{ "a needed library once more, in another namespace",
		  needed_in_a_namespace, APART_TEST },
		{ "a needed library that is opened and closed", needed_opened,
		  APART_TEST },
		{ "a plugin that is marked NODELETE", marked_nodelete,
		  APART_TEST },
		{ "a plugin that is opened with RTLD_NODELETE",
		  opened_nodelete, APART_TEST },
		{ "an auditing library", auditing, APART_TEST },
		{ "control: a plugin is not taken for permanent",
		  a_plugin_is_killed, APART_CONTROL },
		{ "control: one that stays is not taken for a plugin",
		  one_that_stays_is_seen, APART_CONTROL },
		{ "control: one that goes does not stay",
		  one_that_goes_is_seen, APART_CONTROL },
		{ "end in a sandbox", end_in_sandbox, APART_PART },
		{ "end plainly", end_plainly, APART_PART },
		{ "come and go", come_and_go, APART_PART },
		{ "come and stay", come_and_stay, APART_PART },
		{ "be kept", be_kept, APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
