/* SPDX-License-Identifier: MIT */
/* apart.c - runs each case of a program in a process of its own. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"

/* Seconds: so many that no machine's load matters. */
#define LIMIT		1200
/* A control is expected to hang, so its time is short. */
#define CONTROL_LIMIT	3

#define SKIPPED		77
#define HUNG		(-1000)

extern char **environ;

static const struct apart_case *current;
static const char *program_path;

/* -------------------------------------------------------- in a case */

/* One write: other processes write as well, and stdio's locks may be held. */
static void say(const char *file, int line, const char *what, const char *more)
{
	char text[400];
	int n = snprintf(text, sizeof(text), "# %s:%d: not so: %s%s\n", file,
			 line, what, more);

	if (n > 0 && write(STDOUT_FILENO, text, (size_t)n) < 0)
		_exit(2);
}

void apart_fail(const char *file, int line, const char *what)
{
	say(file, line, what, "");
	_exit(1);
}

void apart_equal(const char *file, int line, const char *what, long a, long b)
{
	char more[80];

	if (a == b)
		return;
	snprintf(more, sizeof(more), " is %ld, not %ld", a, b);
	say(file, line, what, more);
	_exit(1);
}

void apart_skip(const char *why)
{
	printf("# skipped: %s\n", why);
	fflush(stdout);
	_exit(SKIPPED);
}

int apart_is_control(void)
{
	return current && current->kind == APART_CONTROL;
}

unsigned int apart_rounds(unsigned int full)
{
	const char *s = getenv("SC_TEST_SHORT");

	if (!s || s[0] != '1')
		return full;
	return full > 20 ? full / 20 : 1;
}

int apart_wait(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	expect(got == pid && pid > 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int apart_run(const char *name, char *output, size_t size)
{
	char *const argv[] = { (char *)program_path, (char *)name, NULL };
	posix_spawn_file_actions_t actions;
	size_t used = 0;
	ssize_t got;
	int ends[2];
	pid_t pid;

	fflush(stdout);
	expect_equal(pipe(ends), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	expect_equal(posix_spawn(&pid, program_path, &actions, NULL, argv,
				 environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while ((got = read(ends[0], output + used, size - 1 - used)) > 0)
		used += (size_t)got;
	output[used] = '\0';
	close(ends[0]);
	return apart_wait(pid);
}

const char *apart_path(const char *name)
{
	static char path[4096];
	const char *dir = getenv("SC_TEST_LIBS");

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : ".libs", name);
	return path;
}

/* --------------------------------------------------- the one that runs them */

/* In a group of its own, so that its children can be ended with it. */
static pid_t begin(const char *program, const char *name)
{
	char *const argv[] = { (char *)program, (char *)name, NULL };
	posix_spawnattr_t attr;
	pid_t pid;
	int err;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attr, 0);
	err = posix_spawn(&pid, program, NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (err) {
		printf("Bail out! %s: %s\n", program, strerror(err));
		exit(EXIT_FAILURE);
	}
	return pid;
}

static int end(pid_t pid, int seconds)
{
	const struct timespec moment = { 0, 5000000 };
	struct timespec now, last;
	int status, hung = 0;
	pid_t got;

	clock_gettime(CLOCK_MONOTONIC, &last);
	last.tv_sec += seconds;
	while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
		nanosleep(&moment, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (!hung && now.tv_sec > last.tv_sec) {
			hung = 1;
			kill(-pid, SIGKILL);
		}
	}
	kill(-pid, SIGKILL);
	if (got < 0)
		return HUNG;
	if (hung)
		return HUNG;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static const char *in_words(int status)
{
	static char text[60];

	if (status == HUNG)
		return "it hung, and was ended";
	snprintf(text, sizeof(text), status < 0 ? "signal %d" : "status %d",
		 abs(status));
	return text;
}

/* SC_TEST_LIMIT=SECONDS: for those who know that a test will hang. */
static int limit(const struct apart_case *c)
{
	const char *s = getenv("SC_TEST_LIMIT");

	if (c->kind == APART_CONTROL)
		return CONTROL_LIMIT;
	return s ? atoi(s) : LIMIT;
}

static int run(const char *program, const struct apart_case *c, unsigned int n)
{
	int control = c->kind == APART_CONTROL;
	int status = end(begin(program, c->name), limit(c));
	int fine = control ? status != 0 : status == 0;

	if (status == SKIPPED)
		printf("ok %u - %s # SKIP\n", n, c->name);
	else
		printf("%s %u - %s\n", fine ? "ok" : "not ok", n, c->name);
	if (!fine || control)
		printf("# %s\n", in_words(status));
	fflush(stdout);
	return status == SKIPPED || fine;
}

static int run_here(const struct apart_case *cases, const char *name)
{
	/* Should the parent be ended itself. */
	if (getpgrp() == getpid())
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (current = cases; current->name; current++) {
		if (strcmp(current->name, name) != 0)
			continue;
		current->run();
		return EXIT_SUCCESS;
	}
	printf("no such case: %s\n", name);
	return 2;
}

int apart_main(int argc, char **argv, const struct apart_case *cases)
{
	unsigned int n = 0;
	int fine = 1;

	program_path = argv[0];
	if (argc > 1)
		return run_here(cases, argv[1]);
	for (; cases->name; cases++)
		if (cases->kind != APART_PART)
			fine &= run(argv[0], cases, ++n);
	printf("1..%u\n", n);
	return fine && n ? EXIT_SUCCESS : EXIT_FAILURE;
}
