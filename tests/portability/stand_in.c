/* SPDX-License-Identifier: MIT */
/* stand_in.c - runs tests as the library Check does, and writes TAP. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

struct planned {
	const TTest *test;
	int start, end;
};

struct ck_case {
	const char *name;
	double timeout;
	void (*setup)(void);
	void (*teardown)(void);
	struct planned planned[256];
	int n_planned;
};

struct ck_suite {
	TCase *tc;
};

struct ck_runner {
	TCase *tc;
	int n_run, n_failed;
};

/* Static, so that a test which counts allocations sees none of these. */
static TCase the_case = { .timeout = 4 };
static Suite the_suite;
static SRunner the_runner;

static bool forks = true;
static sigjmp_buf after_failure;
static volatile pid_t running;

TCase *tcase_create(const char *name)
{
	if (the_case.name)
		abort();
	the_case.name = name;
	return &the_case;
}

void tcase_set_timeout(TCase *tc, double seconds)
{
	tc->timeout = seconds;
}

void tcase_add_checked_fixture(TCase *tc, void (*setup)(void),
			       void (*teardown)(void))
{
	if (tc->setup || tc->teardown)
		abort();
	tc->setup = setup;
	tc->teardown = teardown;
}

void ck_add_test(TCase *tc, const TTest *test, int start, int end)
{
	const int room = sizeof(tc->planned) / sizeof(tc->planned[0]);

	if (tc->n_planned == room)
		abort();
	tc->planned[tc->n_planned++] = (struct planned){ test, start, end };
}

Suite *suite_create(const char *name)
{
	(void)name;
	return &the_suite;
}

void suite_add_tcase(Suite *s, TCase *tc)
{
	s->tc = tc;
}

SRunner *srunner_create(Suite *s)
{
	const char *mode = getenv("CK_FORK");

	forks = !mode || strcmp(mode, "no") != 0;
	the_runner.tc = s->tc;
	return &the_runner;
}

/* To standard output, wherever the tests want it. */
void srunner_set_tap(SRunner *sr, const char *file)
{
	(void)sr;
	(void)file;
}

int srunner_ntests_run(SRunner *sr)
{
	return sr->n_run;
}

int srunner_ntests_failed(SRunner *sr)
{
	return sr->n_failed;
}

void srunner_free(SRunner *sr)
{
	(void)sr;
}

void ck_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	if (forks)
		exit(EXIT_FAILURE);
	siglongjmp(after_failure, 1);
}

static void run_here(const TCase *tc, const TTest *test, int i)
{
	if (tc->setup)
		tc->setup();
	test->run(i);
	if (tc->teardown)
		tc->teardown();
}

static void end_what_hangs(int signo)
{
	if (running > 0)
		kill(-running, SIGKILL);
	if (signo == SIGTERM)
		_exit(EXIT_FAILURE);
}

/* What is left of the group, too: a child that a failed test has left. */
static bool run_in_child(const TCase *tc, const TTest *test, int i)
{
	int status = 0;

	fflush(stdout);
	running = fork();
	if (running == 0) {
		setpgid(0, 0);
		run_here(tc, test, i);
		exit(EXIT_SUCCESS);
	}
	if (running < 0)
		return false;
	setpgid(running, running);
	alarm((unsigned int)tc->timeout);
	while (waitpid(running, &status, 0) < 0)
		;
	alarm(0);
	kill(-running, SIGKILL);
	running = 0;
	if (WIFSIGNALED(status))
		printf("# ended by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static bool passes(const TCase *tc, const TTest *test, int i)
{
	if (forks)
		return run_in_child(tc, test, i);
	if (sigsetjmp(after_failure, 1))
		return false;
	run_here(tc, test, i);
	return true;
}

void srunner_run_all(SRunner *sr, enum print_output mode)
{
	const TCase *tc = sr->tc;
	struct sigaction action = { 0 };
	int i, n;

	(void)mode;
	action.sa_handler = end_what_hangs;
	sigaction(SIGALRM, &action, NULL);
	/* What ends this program from outside knows nothing of the child. */
	sigaction(SIGTERM, &action, NULL);
	for (n = 0; n < tc->n_planned; n++) {
		const struct planned *p = &tc->planned[n];

		for (i = p->start; i < p->end; i++) {
			bool ok = passes(tc, p->test, i);

			sr->n_run++;
			sr->n_failed += !ok;
			printf("%s %d - %s:%s:%d\n", ok ? "ok" : "not ok",
			       sr->n_run, tc->name, p->test->name, i);
			fflush(stdout);
		}
	}
	printf("1..%d\n", sr->n_run);
	fflush(stdout);
}
