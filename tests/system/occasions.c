/* SPDX-License-Identifier: MIT */
/*
 * occasions.c - a preloaded library that stands between a program and the functions
 * of libstaticcall.  It marks where each begins and ends by a system call that fails,
 * for whoever traces the program: write(-1, "begin update").
 *
 * The occasions are those of the table in libstaticcall(7):
 *
 *   start	the library starts, for whatever comes first
 *   load	another module comes
 *   unload	a module goes
 *   update	an update
 *   report	the rest: what can be asked
 *   child	the first of these in a child of fork(), whatever it is; and all that
 *		is asked there, for what comes first may return before it does anything
 *
 * What the library calls of its own meanwhile has no marks.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* After vfork() the memory is shared, and a call of the parent counts as a child's. */
static pid_t origin, here;
/* How many of these functions this thread is in. */
static __thread int depth;

static void mark(const char *word, const char *occasion)
{
	char text[32];
	size_t at = strlen(word), len = strlen(occasion);

	memcpy(text, word, at);
	text[at++] = ' ';
	memcpy(text + at, occasion, len);
	syscall(SYS_write, -1, text, at + len);
}

/* The next definition of @name; the program does not run without it. */
static void *next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

static int is_started(void)
{
	static int (*real)(void);

	if (!real)
		*(void **)&real = next("static_call_is_initialized");
	return real();
}

static const char *begin(const char *occasion)
{
	pid_t now;

	/* To start what has started does nothing. */
	if (depth++ || (!strcmp(occasion, "start") && is_started()))
		return NULL;
	now = (pid_t)syscall(SYS_getpid);
	if (!is_started())
		occasion = "start";
	else if (now != here || (now != origin && !strcmp(occasion, "report")))
		occasion = "child";
	if (!origin)
		origin = now;
	here = now;
	mark("begin", occasion);
	return occasion;
}

static void end(const char *occasion)
{
	depth--;
	if (occasion)
		mark("end", occasion);
}

#define EXPORTED	__attribute__((visibility("default")))

/* ------------------------------------------------------------- functions */

#define BETWEEN(type, name, occasion, parameters, arguments)		\
	EXPORTED type name parameters;					\
	type name parameters						\
	{								\
		static type (*real) parameters;				\
		const char *what;					\
		type ret;						\
									\
		if (!real)						\
			*(void **)&real = next(#name);			\
		what = begin(occasion);					\
		ret = real arguments;					\
		end(what);						\
		return ret;						\
	}

BETWEEN(int, __static_call_update, "update",
	(void *key, void *tramp, void *func), (key, tramp, func))
BETWEEN(int, static_call_update_batch, "update", (const void *changes, size_t n),
	(changes, n))
BETWEEN(int, static_call_init, "start", (void), ())
BETWEEN(int, static_call_get_info, "report", (void *info), (info))
BETWEEN(int, static_call_text_reserved, "report",
	(const void *from, const void *to), (from, to))

/* These call the program back, with no lock held. */
struct callback {
	int (*f)(const void *info, void *arg);
	void *arg;
};

static int call_back(const void *info, void *arg)
{
	const struct callback *callback = arg;
	int ret;

	mark("begin", "callback");
	ret = callback->f(info, callback->arg);
	mark("end", "callback");
	return ret;
}

#define WALK(name)							\
	EXPORTED int name(int (*f)(const void *, void *), void *arg);	\
	int name(int (*f)(const void *, void *), void *arg)		\
	{								\
		static int (*real)(int (*)(const void *, void *),	\
				   void *);				\
		struct callback callback = { f, arg };			\
		const char *what;					\
		int ret;						\
									\
		if (!real)						\
			*(void **)&real = next(#name);			\
		what = begin("report");					\
		ret = real(f ? call_back : NULL, &callback);		\
		end(what);						\
		return ret;						\
	}

WALK(static_call_for_each_key)
WALK(static_call_for_each_site)

/* ------------------------------------------------------- modules come, go */

#define COMES(backend)							\
	EXPORTED void static_call_headers_are_for_backend_##backend(char *);\
	void static_call_headers_are_for_backend_##backend(char *state)	\
	{								\
		static void (*real)(char *);				\
		const char *what;					\
									\
		if (!real)						\
			*(void **)&real = next(				\
				"static_call_headers_are_for_backend_"	\
				#backend);				\
		what = begin("load");		\
		real(state);						\
		end(what);						\
	}

COMES(generic)
COMES(trampoline)
COMES(inline)

EXPORTED void static_call_module_leave(char *state);
void static_call_module_leave(char *state)
{
	static void (*real)(char *);
	const char *what;

	if (!real)
		*(void **)&real = next("static_call_module_leave");
	what = begin("unload");
	real(state);
	end(what);
}
