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
#include <unistd.h>

#include "tool.h"

struct entry {
	char *path;
	bool directory;
};

static struct entry *entries;
static size_t nr_entries, room;
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
	size_t i = nr_entries;

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
	char *copy = strdup(path);

	if (copy && nr_entries == room) {
		size_t more = room ? 2 * room : 16;
		struct entry *new = realloc(entries, more * sizeof(*new));

		if (new) {
			entries = new;
			room = more;
		}
	}
	if (!copy || nr_entries == room) {
		free(copy);
		errno = ENOMEM;
		return -1;
	}
	entries[nr_entries++] = (struct entry){ copy, directory };
	return 0;
}

int sc_cleanup_add(const char *path, bool directory)
{
	sigset_t old;
	int error;

	sc_cleanup_hold(&old);
	error = add(path, directory);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return error ? sc_error(path, "out of memory") : 0;
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

int sc_cleanup_mkdtemp(char *template)
{
	sigset_t old;
	int error;

	sc_cleanup_hold(&old);
	error = mkdtemp(template) ? 0 : -1;
	if (!error && add(template, true)) {
		rmdir(template);
		errno = ENOMEM;
		error = -1;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return error;
}

void sc_cleanup_forget(const char *path)
{
	sigset_t old;
	size_t i;

	sc_cleanup_hold(&old);
	for (i = nr_entries; i--; ) {
		if (strcmp(entries[i].path, path))
			continue;
		free(entries[i].path);
		memmove(&entries[i], &entries[i + 1],
			(nr_entries - i - 1) * sizeof(*entries));
		nr_entries--;
		break;
	}
	if (!nr_entries) {
		free(entries);
		entries = NULL;
		room = 0;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void sc_cleanup_run(void)
{
	sigset_t old;

	sc_cleanup_hold(&old);
	remove_all();
	while (nr_entries)
		free(entries[--nr_entries].path);
	free(entries);
	entries = NULL;
	room = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
}
