/* SPDX-License-Identifier: MIT */
/*
 * cleanup.c - removes temporary files also when a signal ends the program.
 *
 * Rules: the list is changed only with the fatal signals blocked, because the
 * handler walks it; the handler uses async-signal-safe calls only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/tool.h"

struct entry {
	char *path;
	bool directory;
};

static struct entry *entries;
static size_t n_entries;
static struct sc_pool pool;		/* the entries and their paths */
static volatile sig_atomic_t child;

static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

void sc_cleanup_hold(sigset_t *old)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaddset(&set, fatal[i]);
	sigprocmask(SIG_BLOCK, &set, old);
}

static void remove_all(void)
{
	size_t i = n_entries;

	while (i--) {
		if (entries[i].directory)
			rmdir(entries[i].path);
		else
			unlink(entries[i].path);
	}
}

static void die(int sig)
{
	if (child > 0)
		kill((pid_t)child, sig);
	remove_all();
	/* SA_RESETHAND: this time the default action. */
	raise(sig);
}

void sc_cleanup_on_signals(void)
{
	struct sigaction action = { .sa_handler = die }, old;
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaddset(&action.sa_mask, fatal[i]);
	action.sa_flags = (int)SA_RESETHAND;
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		/* nohup and background jobs ignore some: so do we. */
		if (!sigaction(fatal[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(fatal[i], &action, NULL);
	}
}

void sc_cleanup_child(int pid)
{
	child = pid;
}

/* With the fatal signals blocked. */
static int add(const char *path, bool directory)
{
	char *copy = sc_pool_string(&pool, "%s", path);
	struct entry *new = sc_pool_grow(&pool, entries, n_entries,
					 sizeof(*new));

	if (!copy || !new) {
		errno = ENOMEM;
		return -1;
	}
	entries = new;
	entries[n_entries++] = (struct entry){ copy, directory };
	return 0;
}

/* With the fatal signals blocked. */
static void forget_all(void)
{
	n_entries = 0;
	entries = NULL;
	sc_pool_empty(&pool);
}

int sc_cleanup_add(const char *path, bool directory)
{
	sigset_t old;
	int err;

	sc_cleanup_hold(&old);
	err = add(path, directory);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err ? sc_error(path, "out of memory") : 0;
}

int sc_cleanup_mkstemp(char *template)
{
	sigset_t old;
	int fd;

	sc_cleanup_hold(&old);
	fd = mkostemp(template, O_CLOEXEC);
	if (fd >= 0 && add(template, false)) {
		unlink(template);
		close(fd);
		errno = ENOMEM;
		fd = -1;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return fd;
}

/* With the fatal signals blocked. */
static int add_directory(const char *path)
{
	if (!add(path, true))
		return 0;
	rmdir(path);
	errno = ENOMEM;
	return -1;
}

int sc_cleanup_mkdtemp(char *template)
{
	sigset_t old;
	int err;

	sc_cleanup_hold(&old);
	err = mkdtemp(template) ? add_directory(template) : -1;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

int sc_cleanup_mkdir(const char *path)
{
	sigset_t old;
	int err;

	sc_cleanup_hold(&old);
	err = mkdir(path, 0700) ? -1 : add_directory(path);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

void sc_cleanup_forget(const char *path)
{
	sigset_t old;
	size_t i;

	sc_cleanup_hold(&old);
	for (i = n_entries; i--; ) {
		if (strcmp(entries[i].path, path))
			continue;
		memmove(&entries[i], &entries[i + 1],
			(n_entries - i - 1) * sizeof(*entries));
		n_entries--;
		break;
	}
	if (!n_entries)
		forget_all();
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void sc_cleanup_run(void)
{
	sigset_t old;

	sc_cleanup_hold(&old);
	remove_all();
	forget_all();
	sigprocmask(SIG_SETMASK, &old, NULL);
}
