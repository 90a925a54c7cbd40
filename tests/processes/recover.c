/* SPDX-License-Identifier: MIT */
/*
 * recover.c - files below /proc cannot be opened as the library starts, or as a plugin
 * comes: calls are right and not direct, and the next update makes them direct.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* The functions are defined under their plain names. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <static_call.h>

#include "apart.h"
#include "subject.h"

#define EXPORT	__attribute__((visibility("default")))

/* What open() below /proc fails with; at first, for the library's start. */
static int refusal = EMFILE;

/* Stands in for the C library's; the dynamic loader has one of its own. */
EXPORT int open(const char *path, int flags, ...)
{
	int mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, int);
		va_end(args);
	}
	if (refusal && strncmp(path, "/proc/", 6) == 0) {
		errno = refusal;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
	__attribute__((alias("open")));

EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
	__attribute__((alias("__open_2")));

static struct static_call_info get_info(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	expect_equal(static_call_get_info(&info), 0);
	return info;
}

/* All are direct, where the backend patches at all. */
static void expect_direct(void)
{
	struct static_call_info info = get_info();

	expect_equal(info.sites_waiting, 0);
	expect_equal(info.sites_unsafe, 0);
#ifdef HAVE_STATIC_CALL
	expect(info.patching);
	expect(info.sites_patched);
#endif
}

static void expect_waiting(void)
{
	struct static_call_info info = get_info();

	expect_equal(info.sites_unsafe, 0);
#ifdef HAVE_STATIC_CALL
	expect(info.sites_waiting);
#endif
}

static void at_start(void)
{
	expect_waiting();
	expect(!get_info().patching);
	expect(get_info().reason);
	expect_equal(program_subject()->change(1), 0);
	expect_waiting();
	if (!apart_is_control())
		refusal = 0;
	expect_equal(program_subject()->change(2), 0);
	expect_equal(program_subject()->check(2), 0);
	expect_direct();
}

/* Also a plugin that is updated by nobody: the first update of any call is enough. */
static void as_a_plugin_comes(void)
{
	static const int errors[] = { EMFILE, ENFILE, ENOENT, EACCES, ENOMEM };
	const struct subject *s;
	void *handle;
	size_t i;

	refusal = 0;
	expect_equal(program_subject()->change(1), 0);
	expect_direct();
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		refusal = errors[i];
		s = subject_load("plugin_both.so", &handle);
		expect_waiting();
		expect(s->number() >= 0);
		if (!apart_is_control())
			refusal = 0;
		expect_equal(program_subject()->update_other((unsigned int)i),
			     0);
		expect_direct();
		expect_equal(s->change(2), 0);
		expect_equal(s->check(2), 0);
		expect_equal(dlclose(handle), 0);
	}
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "no descriptor at start", at_start, APART_TEST },
		{ "no /proc as a plugin comes", as_a_plugin_comes, APART_TEST },
#ifdef HAVE_STATIC_CALL
		{ "control: calls that still wait are seen", at_start,
		  APART_CONTROL },
		{ "control: a plugin that still waits is seen",
		  as_a_plugin_comes, APART_CONTROL },
#endif
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
