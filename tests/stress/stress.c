/* SPDX-License-Identifier: MIT */
/*
 * stress.c - stress SECONDS [soak] [keys=N] [-ROLE...] [ROLE=THREADS...]: call,
 * update and disturb, and check every call.  "soak" adds the roles of soak.c, and
 * looks whether anything grows.
 *
 * A supervisor forks the process that does the work, so that a crash or a hang
 * is reported like any other fault, with the numbers up to it.  Exit status: 0
 * no fault, 1 a fault, 2 wrong usage.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"
#include "stress.h"

#define MAX_THREADS	64
/* A thread that has not ended by then hangs. */
#define GRACE_S		1200

struct role {
	const char *name;
	void *(*fn)(void *arg);
	int threads;
	bool small;
};

static struct role roles[] = {
	{ "plain", caller_plain, 2, false },
	{ "blocked", caller_blocked, 1, false },
	{ "storm", caller_storm, 2, false },
	{ "small", caller_small, 1, true },
	{ "single", updater_single, 2, false },
	{ "batch", updater_batch, 1, false },
	{ "fork", forker, 1, false },
	{ "share", sharer, 1, false },
	{ "clone", cloner, 1, false },
	{ "load", loader, 1, false },
	{ "map", mapper, 1, false },
	{ "give", giver, 1, false },
	{ "lock", locker, 1, false },
	{ "spawn", spawner, 1, false },
	{ "watch", watcher, 1, false },
	{ "copy", soak_copies, 0, false },
	{ "namespace", soak_namespaces, 0, false },
	{ "famine", soak_famine, 0, false },
};
#define N_ROLES	(sizeof(roles) / sizeof(roles[0]))
static bool is_soak;

/* ------------------------------------------------- what must not grow */

struct holdings {
	int mappings;		/* executable ones, of files */
	unsigned long bytes;	/* in them */
	long descriptors;
};

/* @list: also says which mappings they are. */
static struct holdings holdings_now(bool list)
{
	struct holdings held = { 0, 0, 0 };
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[8192], rights[8];

	if (!maps)
		fault("no /proc");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3 ||
		    rights[2] != 'x' || !strchr(line, '/'))
			continue;
		held.mappings++;
		held.bytes += end - start;
		if (list)
			fputs(line, stdout);
	}
	fclose(maps);
	fflush(stdout);
	held.descriptors = soak_descriptors();
	return held;
}

/*
 * No copy is left over, and text is one mapping again, unless the program
 * itself has cut it in pieces: the kernel may keep those apart when they have
 * moved, each by itself.
 */
static void check_holdings(const struct holdings *before)
{
	struct holdings now = holdings_now(false);
	int tries, i;

	/* The next update of a text removes what its moves left behind. */
	for (tries = 0; tries < 100 && now.bytes != before->bytes; tries++) {
		for (i = 0; i < n_keys; i++)
			key_update(keys + i);
		now = holdings_now(false);
	}
	if (now.descriptors != before->descriptors)
		fault("%ld descriptors, were %ld", now.descriptors,
		      before->descriptors);
	if (now.bytes != before->bytes ||
	    (now.mappings != before->mappings && !counted(LOCKED)))
		holdings_now(true);
	if (now.bytes != before->bytes)
		fault("%lu bytes of executable mappings, were %lu", now.bytes,
		      before->bytes);
	if (now.mappings != before->mappings && !counted(LOCKED))
		fault("%d executable mappings, were %d", now.mappings,
		      before->mappings);
}

/* --------------------------------------------------------------- worker */

static void start_thread(pthread_t *thread, const struct role *role)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	if (role->small)
		pthread_attr_setstacksize(&attr,
					  (size_t)sysconf(_SC_THREAD_STACK_MIN));
	if (pthread_create(thread, &attr, role->fn, NULL))
		fault("no thread");
	pthread_attr_destroy(&attr);
}

static void sleep_until_over(double seconds)
{
	long start = now_ns(), ticks = 0;
	struct timespec tick = { .tv_nsec = 20000000 };
	double part;

	while ((part = (double)(now_ns() - start) / 1e9 / seconds) < 1) {
		nanosleep(&tick, NULL);
		if (is_soak && ticks++ % 50 == 0)
			soak_sample(part);
	}
}

static void run_roles(double seconds)
{
	pthread_t threads[MAX_THREADS];
	size_t i, n = 0;
	int j;

	for (i = 0; i < N_ROLES; i++)
		for (j = 0; j < roles[i].threads && n < MAX_THREADS; j++)
			start_thread(threads + n++, roles + i);
	sleep_until_over(seconds);
	atomic_store(&record->stop, 1);
	while (n > 0)
		pthread_join(threads[--n], NULL);
}

static void print_info(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	static_call_get_info(&info);
	printf("backend  %s, %s; %zu keys, %zu places: %zu direct, %zu far, %zu across pages, "
	       "%zu foreign, %zu unsafe, %zu waiting\n", info.backend,
	       info.patching ? "patching" : info.reason, info.keys, info.sites,
	       info.sites_patched, info.sites_far, info.sites_crossing,
	       info.sites_foreign, info.sites_unsafe, info.sites_waiting);
	fflush(stdout);
	if (info.sites_foreign || info.sites_unsafe)
		fault("places that are never patched");
}

static void work(double seconds)
{
	struct holdings before;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	places_start();
	keys_start();
	callers_start();
	churn_start();
	check_all_exactly();
	before = holdings_now(false);
	run_roles(seconds);
	churn_end();
	check_all_exactly();
	check_holdings(&before);
	if (is_soak)
		soak_check_growth();
	print_info();
}

/* ----------------------------------------------------------- supervisor */

/* Waits for @pid; kills it when it is long overdue. */
static int wait_for(pid_t pid, double seconds)
{
	long end = now_ns() + (long)((seconds + GRACE_S) * 1e9);
	struct timespec tick = { .tv_nsec = 5000000 };
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ns() > end) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			snprintf(record->fault, sizeof(record->fault),
				 "it hangs");
			return 1;
		}
		nanosleep(&tick, NULL);
	}
	if (WIFSIGNALED(status) && !record->fault[0])
		snprintf(record->fault, sizeof(record->fault), "signal %d: %s",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (status && !record->fault[0])
		snprintf(record->fault, sizeof(record->fault), "exit status %d",
			 WEXITSTATUS(status));
	return status != 0;
}

static int supervise(double seconds)
{
	long start = now_ns();
	pid_t pid;
	int failed;

	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (record == MAP_FAILED)
		return 1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		work(seconds);
		exit(0);
	}
	failed = pid < 0 || wait_for(pid, seconds);
	report_print((double)(now_ns() - start) / 1e9);
	printf("faults   %d\n", failed);
	return failed;
}

/* ----------------------------------------------------------- arguments */

/* "name=threads": the first one leaves all others out.  "-name": all but it. */
static bool choose(const char *arg, bool first)
{
	bool without = *arg == '-';
	size_t i, len;
	bool found = false;

	arg += without;
	len = strcspn(arg, "=");
	if (!without == !arg[len])
		return false;
	for (i = 0; i < N_ROLES; i++) {
		bool same = strlen(roles[i].name) == len &&
			    strncmp(arg, roles[i].name, len) == 0;

		if (same)
			roles[i].threads = without ? 0 : atoi(arg + len + 1);
		else if (first && !without)
			roles[i].threads = 0;
		found = found || same;
	}
	return found;
}

static int usage(void)
{
	size_t i;

	fprintf(stderr, "usage: stress SECONDS [soak] [keys=N] [-ROLE...] [ROLE=THREADS...]\nroles:");
	for (i = 0; i < N_ROLES; i++)
		fprintf(stderr, " %s=%d", roles[i].name, roles[i].threads);
	fprintf(stderr, "\n");
	return 2;
}

static void choose_soak(void)
{
	size_t i;

	is_soak = true;
	soak_is_short = true;
	for (i = 0; i < N_ROLES; i++)
		if (!roles[i].threads)
			roles[i].threads = 1;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 0;
	int i, first = 2;

	if (seconds <= 0)
		return usage();
	if (argc > first && strcmp(argv[first], "soak") == 0) {
		choose_soak();
		first++;
	}
	if (argc > first && strncmp(argv[first], "keys=", 5) == 0)
		n_keys = atoi(argv[first++] + 5);
	if (n_keys < 1 || n_keys > N_KEYS)
		return usage();
	for (i = first; i < argc; i++)
		if (!choose(argv[i], i == first))
			return usage();
	return supervise(seconds);
}
