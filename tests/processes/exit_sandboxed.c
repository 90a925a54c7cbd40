/* SPDX-License-Identifier: MIT */
/*
 * exit_sandboxed.c - a program that entered a sandbox after its start ends in peace:
 * its destructors, and those of what was loaded with it, make no system call.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "sandbox.h"
#include "subject.h"

/* Stays in a buffer until exit() writes it. */
#define WORDS	"the buffer is written\n"
#define FINE	7

static noreturn void end_in_sandbox(void)
{
	printf(WORDS);
	sandbox_enter();
	exit(FINE);
}

static void make_a_call(void)
{
	syscall(SYS_getppid);
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

static void start_idle_thread(void)
{
	pthread_t thread;

	expect_equal(pthread_create(&thread, NULL, idle, NULL), 0);
}

/* ------------------------------------------------------- who ends so */

static void never_updated(void)
{
	expect_equal(program_subject()->check(0), 0);
	end_in_sandbox();
}

static void updated(void)
{
	expect_equal(program_subject()->change(3), 0);
	expect_equal(library_subject()->change(2), 0);
	end_in_sandbox();
}

static void updated_beside_a_thread(void)
{
	start_idle_thread();
	updated();
}

static void forked(void)
{
	pid_t pid;

	expect_equal(program_subject()->change(3), 0);
	pid = fork();
	if (!pid)
		end_in_sandbox();
	/* The child's words are enough. */
	_exit(apart_wait(pid));
}

static void forked_and_updated(void)
{
	pid_t pid = fork();

	if (!pid)
		updated();
	_exit(apart_wait(pid));
}

static void calls_at_exit(void)
{
	atexit(make_a_call);
	end_in_sandbox();
}

static void ends_well(const char *name)
{
	char output[200];

	expect_equal(apart_run(name, output, sizeof(output)), FINE);
	expect(!strcmp(output, WORDS));
}

/* ------------------------------------------------------------------ cases */

static void plain(void)
{
	ends_well("never updated");
	ends_well("updated");
	ends_well("updated beside a thread");
}

static void of_children(void)
{
	ends_well("forked");
	ends_well("forked and updated");
}

static void not_patched(void)
{
	setenv("STATIC_CALL_PATCH", "0", 1);
	plain();
}

/* The log is written, which the sandbox allows; not to what is looked at. */
static void logged(void)
{
	setenv("STATIC_CALL_DEBUG", "1", 1);
	expect(freopen("/dev/null", "w", stderr));
	plain();
}

static void preloaded(void)
{
	setenv("LD_PRELOAD", apart_path("plugin.so"), 1);
	plain();
	of_children();
}

static void a_call_is_seen(void)
{
	ends_well("a call at exit");
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "the program and its library", plain, APART_TEST },
		{ "children", of_children, APART_TEST },
		{ "nothing is patched", not_patched, APART_TEST },
		{ "with the log on", logged, APART_TEST },
		{ "a preloaded library", preloaded, APART_TEST },
		{ "control: a system call at exit is seen", a_call_is_seen,
		  APART_CONTROL },
		{ "never updated", never_updated, APART_PART },
		{ "updated", updated, APART_PART },
		{ "updated beside a thread", updated_beside_a_thread,
		  APART_PART },
		{ "forked", forked, APART_PART },
		{ "forked and updated", forked_and_updated, APART_PART },
		{ "a call at exit", calls_at_exit, APART_PART },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
