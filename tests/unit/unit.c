/* SPDX-License-Identifier: MIT */
/* unit.c - runs the one case of a white-box program and writes TAP. */
#include "sc_config.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "valgrind.h"

static Suite *suite;
static int left_out;

/* Not in every test program. */
__attribute__((weak)) void sc_text_rest(void);
__attribute__((weak)) extern bool sc_alloc_apart;

TCase *unit_begin(const char *name)
{
	TCase *tc = tcase_create(name);

	suite = suite_create(name);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 1800);
	/* What is not given back is seen so (traces_same()). */
	if (&sc_alloc_apart)
		sc_alloc_apart = true;
	return tc;
}

int unit_end(void)
{
	SRunner *sr = srunner_create(suite);
	int failed, run;

	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	run = srunner_ntests_run(sr);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	/* A program that ran nothing has shown nothing, and must say why. */
	return failed || (!run && !left_out) ? EXIT_FAILURE : EXIT_SUCCESS;
}

bool unit_can(bool (*can)(void), const char *test, const char *what)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(can() ? 0 : 1);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status != 0) {
		left_out++;
		printf("# left out: %s (%s: no)\n", test, what);
		fflush(stdout);
	}
	return status == 0;
}

bool outside_of_valgrind(void)
{
	return !RUNNING_ON_VALGRIND;
}

/* ------------------------------------------------------------- traces */

/*
 * Without stdio or malloc: the look must not change what it sees.  Adjacent
 * mappings of the heap and the stack may grow; they do not count.
 */
static size_t slurp(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	/* Not Check's: this also runs in children that it knows nothing of. */
	if (fd < 0)
		abort();
	while ((got = read(fd, to + used, size - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	if (used >= size - 1)
		abort();
	to[used] = '\0';
	return used;
}

static char text[1 << 18];

bool memory_is_ours(void)
{
	return outside_of_valgrind() && !getenv("SC_TEST_SANITIZER");
}

bool maps_are_ours(void)
{
	const char *list = "/proc/thread-self/maps";
	char path[] = "/tmp/unit-maps.XXXXXX", start[32], *line;
	int fd = mkstemp(path);
	void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);

	snprintf(start, sizeof(start), "%lx-", (unsigned long)page);
	slurp(access(list, R_OK) ? "/proc/self/maps" : list, text, sizeof(text));
	munmap(page, 1);
	close(fd);
	unlink(path);
	line = strstr(text, path);
	while (line && line > text && line[-1] != '\n')
		line--;
	return line && strncmp(line, start, strlen(start)) == 0;
}

/* What a sanitizer maps for itself is of no file. */
static void count_mappings(struct traces *t)
{
	bool files_only = !memory_is_ours();
	char *line, *next;

	slurp("/proc/self/maps", text, sizeof(text));
	for (line = text; *line; line = next) {
		unsigned long start, end;

		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		if (strstr(line, "[heap]") || strstr(line, "[stack]"))
			continue;
		if (files_only && !strchr(line, '/'))
			continue;
		start = strtoul(line, &line, 16);
		end = strtoul(line + 1, NULL, 16);
		t->vmas++;
		t->bytes += end - start;
	}
}

static void count_locked(struct traces *t)
{
	const char *s;

	slurp("/proc/self/status", text, sizeof(text));
	s = strstr(text, "VmLck:");
	t->locked_kb = s ? strtoul(s + 6, NULL, 10) : 0;
}

/* As where the lock is let go, which closes what the visit has opened. */
void traces_look(struct traces *t)
{
	int fd;

	if (sc_text_rest)
		sc_text_rest();
	*t = (struct traces){ 0 };
	for (fd = 0; fd < 1024; fd++)
		t->fds += fcntl(fd, F_GETFD) >= 0;
	count_mappings(t);
	count_locked(t);
}

void traces_same(const struct traces *before)
{
	struct traces now;

	traces_look(&now);
	ck_assert_uint_eq(now.fds, before->fds);
	if (!outside_of_valgrind())
		return;
	ck_assert_uint_eq(now.bytes, before->bytes);
	ck_assert_uint_eq(now.vmas, before->vmas);
}

/* ----------------------------------------------------------- children */

void child_end(int status, const char *why, const char *file, int line)
{
	fprintf(stderr, "# child: %s:%d: not so: %s\n", file, line, why);
	_exit(status);
}

/* SIGKILL when the time is over: it ends also one that waits for memory. */
static int wait_and_kill(pid_t pid, int seconds)
{
	const struct timespec moment = { 0, 1000000 };
	int status, moments = 0;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0) {
		if (moments++ == seconds * 1000)
			kill(pid, SIGKILL);
		nanosleep(&moment, NULL);
	}
	ck_assert_int_eq(got, pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run_for(int seconds, void (*fn)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		fn();
		_exit(CHILD_FINE);
	}
	ck_assert_int_gt(pid, 0);
	return wait_and_kill(pid, seconds);
}

int child_run(void (*fn)(void))
{
	return child_run_for(1200, fn);
}

bool can_be_alone(void)
{
	return unshare(CLONE_VM) == 0;
}

static pthread_t company;
static int company_pipe[2];

static void *wait_for_end(void *arg)
{
	char c;

	if (read((int)(intptr_t)arg, &c, 1) != 0)
		abort();
	return arg;
}

void company_start(void)
{
	ck_assert_int_eq(pipe(company_pipe), 0);
	ck_assert_int_eq(pthread_create(&company, NULL, wait_for_end,
					(void *)(intptr_t)company_pipe[0]), 0);
}

void company_end(void)
{
	close(company_pipe[1]);
	pthread_join(company, NULL);
	close(company_pipe[0]);
}
