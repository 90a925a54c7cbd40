/* SPDX-License-Identifier: MIT */
/*
 * forker.c - processes: copies that call and update and go on without the
 * parent, and ones that run in the parent's memory.
 */
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"
#include "stress.h"

#define PEER_STACK	65536
#define PEER_CALLS	2000

extern char **environ;

static void expect_success(pid_t pid, const char *what)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		;
	if (WIFSIGNALED(status))
		fault("%s died of signal %d", what, WTERMSIG(status));
	if (status)
		fault("%s failed", what);
}

/* The child repairs what it inherited; then all is as in any process. */
static void run_fork(void)
{
	pid_t pid;
	size_t i;

	/* In a child that is born in a famine it lasts for ever. */
	soak_need_descriptors();
	pid = fork();
	soak_need_no_more();
	if (pid < 0)
		fault("no fork");
	if (pid == 0) {
		for (i = 0; i < n_all_places; i++)
			check_call(all_places[i]);
		for (i = 0; i < 4 * N_KEYS; i++)
			key_update(keys + i % N_KEYS);
		check_all_exactly();
		count(CALLS_CHILD, 2 * (long)n_all_places);
		count(UPDATES_CHILD, 4 * N_KEYS);
		_exit(0);
	}
	expect_success(pid, "a child");
	count(FORKS, 1);
}

/*
 * The child may be born at any moment of an update.  It only calls, so it repairs
 * nothing; children that update are in tests/processes.  The numbers
 * are still good: the kernel copies with the lock that moving text needs, so an
 * update cannot become done meanwhile.  That does not hold for the far key, whose
 * updates often change no text.
 */
static void run_raw_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	size_t i;

	if (pid < 0)
		fault("no clone");
	if (pid == 0) {
		for (i = 0; i < n_all_places; i++)
			if (all_places[i]->key != KEY_FAR)
				check_call(all_places[i]);
		count(CALLS_CHILD, (long)n_all_places);
		_exit(0);
	}
	expect_success(pid, "a raw clone");
	count(RAW_FORKS, 1);
}

static int peer(void *arg)
{
	unsigned int seed = (unsigned int)(unsigned long)arg;
	int i;

	for (i = 0; i < PEER_CALLS; i++)
		check_call(all_places[next_random(&seed) % n_all_places]);
	count(CALLS_CHILD, PEER_CALLS);
	return 0;
}

/* Processes in this memory, which are in no list of its threads. */
static void run_peer(void *stack, unsigned int seed, int flags)
{
	char *top = (char *)stack + PEER_STACK;
	pid_t pid = clone(peer, top, CLONE_VM | flags | SIGCHLD,
			  (void *)(unsigned long)seed);

	if (pid < 0)
		fault("no clone");
	expect_success(pid, flags ? "a vfork child" : "a peer");
	count(flags ? VFORKS : PEERS, 1);
}

static void run_spawn(void)
{
	char *argv[] = { (char *)"true", NULL };
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
		fault("no spawn");
	expect_success(pid, "true");
	count(SPAWNS, 1);
}

static void *map_stack(void)
{
	void *stack = mmap(NULL, PEER_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED)
		fault("no memory");
	return stack;
}

void *forker(void *arg)
{
	unsigned int seed = thread_seed();

	(void)arg;
	while (!stopped()) {
		run_fork();
		if (next_random(&seed) % 8 == 0)
			run_spawn();
	}
	return NULL;
}

/*
 * A role of its own, for it must be left out under TSan, whose locks may be held
 * as a raw clone() copies them.
 */
void *cloner(void *arg)
{
	unsigned int seed = thread_seed();
	void *stack = map_stack();

	(void)arg;
	while (!stopped()) {
		run_peer(stack, next_random(&seed), CLONE_VFORK);
		run_raw_fork();
	}
	munmap(stack, PEER_STACK);
	return NULL;
}

/*
 * A role of its own: valgrind knows no such processes, and TSan takes them for
 * children of fork().
 */
void *sharer(void *arg)
{
	unsigned int seed = thread_seed();
	void *stack = map_stack();

	(void)arg;
	while (!stopped())
		run_peer(stack, next_random(&seed), 0);
	munmap(stack, PEER_STACK);
	return NULL;
}
