/* SPDX-License-Identifier: MIT */
/*
 * locked.c - static calls where a system, or the program itself, forbids what
 * the library wants to do.
 *
 * Each case runs in a process of its own, once alone and once with threads that
 * call all the time: apply the restriction, update many times, and look at every
 * result.  An update must change all or nothing, every call must go where the
 * last successful update said, and static_call_get_info() must tell the truth.
 *
 *   locked                   all cases; writes TAP
 *   locked CASE alone|threads
 *                            one; exit status 0, 1, or 77: cannot be done here
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "cases.h"

#define CALLERS	2
#define ROUNDS	100

static char *self;

/* ------------------------------------------------------- threads that call */

static atomic_int go, stop;

static void *call_for_ever(void *arg)
{
	while (!atomic_load(&go) && !atomic_load(&stop))
		usleep(500);
	while (!atomic_load(&stop))
		call_and_check();
	return arg;
}

static int start_callers(pthread_t *t)
{
	int i;

	for (i = 0; i < CALLERS; i++)
		if (pthread_create(t + i, NULL, call_for_ever, NULL))
			return 1;
	return 0;
}

static void stop_callers(pthread_t *t)
{
	int i;

	atomic_store(&stop, 1);
	for (i = 0; i < CALLERS; i++)
		pthread_join(t[i], NULL);
}

/* ------------------------------------------------------------ one case */

static struct static_call_info now(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	if (static_call_get_info(&info))
		fault("static_call_get_info() failed");
	return info;
}

/* What the library says of itself, before anything was forbidden. */
static void look_at_start(const struct test *t, enum outcome outcome)
{
	struct static_call_info info = now();

#ifndef HAVE_STATIC_CALL
	if (info.patching || info.sites)
		fault("the generic backend patches");
	return;
#endif
	if (!info.sites)
		fault("no site was found");
	if (info.patching != (outcome != OFF))
		fault("patching is %d: %s", info.patching,
		      info.reason ? info.reason : "");
	if (!info.patching && (!info.reason || !t->reason ||
			       !strstr(info.reason, t->reason)))
		fault("the reason is \"%s\"", info.reason ? info.reason : "");
	if (info.patching && outcome != UNSAFE &&
	    info.sites_patched + info.sites_crossing != info.sites)
		fault("%zu of %zu sites are patched", info.sites_patched,
		      info.sites);
}

static void look_at_end(const struct test *t, const struct expect *expect)
{
	struct static_call_info info = now();

#ifndef HAVE_STATIC_CALL
	return;
#endif
	/* The last update may have found what an earlier one did not. */
	if (t->says && (expect->outcome == VIA_KEY ||
			expect->outcome == REFUSED) &&
	    (!info.reason || !strstr(info.reason, t->says)))
		fault("the reason is \"%s\", not \"%s\"",
		      info.reason ? info.reason : "", t->says);
	switch (expect->outcome) {
	case KILLED:
		fault("it lives");
		break;
	case DIRECT:
		if (info.reason)
			fault("the reason is \"%s\"", info.reason);
		if (info.sites_patched + info.sites_crossing != info.sites)
			fault("%zu of %zu sites are patched, %zu wait",
			      info.sites_patched, info.sites,
			      info.sites_waiting);
		break;
	case VIA_KEY:
		if (!info.sites_waiting && expect->err == 0)
			fault("no site waits, %zu of %zu are patched",
			      info.sites_patched, info.sites);
		break;
	case UNSAFE:
		if (info.sites_unsafe != info.sites)
			fault("%zu of %zu sites are unsafe",
			      info.sites_unsafe, info.sites);
		break;
	case OFF:
		if (info.sites_patched)
			fault("%zu sites are patched", info.sites_patched);
		break;
	case REFUSED:
		if (info.sites_waiting || info.sites_unsafe)
			fault("something has changed");
		break;
	}
}

static int run(const struct test *t, int threads)
{
	const struct expect *expect = threads ? &t->threads : &t->alone;
	const char *why = NULL;
	pthread_t callers[CALLERS];

	look_at_start(t, expect->outcome);
	change_and_check(20, 0);
	if (threads && start_callers(callers))
		return 1;
	if (!(t->flags & QUIET)) {
		atomic_store(&go, 1);
		usleep(2000);
	}
	if (t->after)
		why = t->after();
	else if (t->deny)
		why = deny_calls(t->deny, t->err);
	if (!why) {
		change_and_check(t->flags & QUIET ? 8 : ROUNDS / 2,
				 expect->err);
		atomic_store(&go, 1);
		change_and_check(ROUNDS, expect->err);
		look_at_end(t, expect);
		if (t->finally)
			t->finally();
	}
	/* A thread that ends makes system calls, and these may kill. */
	if (t->err == DENY_KILL) {
		fflush(stdout);
		_exit(faults() ? 1 : 0);
	}
	if (threads)
		stop_callers(callers);
	if (why) {
		printf("%s\n", why);
		return 77;
	}
	return faults() ? 1 : 0;
}

/* ----------------------------------------------------------- all cases */

static void child(const struct test *t, const char *how, int out)
{
	const char *why = NULL;

	alarm(1200);
	dup2(out, STDOUT_FILENO);
	close(out);
	if ((t->flags & NOT_SANITIZED) && getenv("SC_TEST_SANITIZER")) {
		printf("the sanitizer's runtime does not allow it\n");
		exit(77);
	}
	if (t->flags & NO_PATCH)
		setenv("STATIC_CALL_PATCH", "0", 1);
	if (t->preload) {
		if (!getenv("SYSTEM_PRELOAD")) {
			printf("SYSTEM_PRELOAD is not set\n");
			exit(77);
		}
		setenv("LD_PRELOAD", getenv("SYSTEM_PRELOAD"), 1);
		setenv("PRELOAD_DOES", t->preload, 1);
	}
	if (t->before)
		why = t->before();
	if (why) {
		printf("%s\n", why);
		fflush(stdout);
		_exit(77);
	}
	execl(self, self, t->name, how, (char *)NULL);
	printf("exec: %s\n", strerror(errno));
	fflush(stdout);
	_exit(1);
}

/* The generic backend does nothing that it could be killed for. */
static int is_killed(const struct test *t, const char *how)
{
#ifdef HAVE_STATIC_CALL
	const struct expect *expect = strcmp(how, "threads") ? &t->alone :
							       &t->threads;

	return expect->outcome == KILLED;
#else
	(void)t;
	(void)how;
	return 0;
#endif
}

static int report(const struct test *t, const char *how, int n, int status,
		  char *text)
{
	char *line = strtok(text, "\n");

	if (is_killed(t, how))
		status = !WIFEXITED(status) && WTERMSIG(status) == SIGSYS ?
				 0 : status ? status : 256;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		printf("ok %d - %s, %s # SKIP %s\n", n, t->name, how,
		       line ? line : "");
		return 0;
	}
	printf("%sok %d - %s, %s\n", status ? "not " : "", n, t->name, how);
	for (; line && status; line = strtok(NULL, "\n"))
		printf("# %s\n", line);
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	return status != 0;
}

static int run_child(const struct test *t, const char *how, int n)
{
	char text[4096];
	size_t used = 0;
	ssize_t got;
	int ends[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(ends) || (pid = fork()) < 0)
		return 1;
	if (!pid) {
		close(ends[0]);
		child(t, how, ends[1]);
	}
	close(ends[1]);
	while (used < sizeof(text) - 1 &&
	       (got = read(ends[0], text + used,
			   sizeof(text) - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	close(ends[0]);
	waitpid(pid, &status, 0);
	return report(t, how, n, status, text);
}

int main(int argc, char **argv)
{
	int n = 0, failed = 0;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	self = argv[0];
	for (i = 0; i < n_cases; i++) {
		if (argc == 3 && !strcmp(argv[1], cases[i].name))
			return run(cases + i, !strcmp(argv[2], "threads"));
		if (argc > 1)
			continue;
		failed += run_child(cases + i, "alone", ++n);
		failed += run_child(cases + i, "threads", ++n);
	}
	printf("1..%d\n", n);
	return failed || !n ? EXIT_FAILURE : EXIT_SUCCESS;
}
