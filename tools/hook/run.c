/* SPDX-License-Identifier: MIT */
/*
 * run.c - starts the real tool.
 *
 * Rules: not by fork(), whose copy of all memory is dear.  No signal comes
 * between the start and the note of what was started, and the number of a child
 * is forgotten before it can be used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook/run.h"

/* What the tool's standard output and error lead to; -1: where ours do. */
struct streams {
	int fd[2];
};

int sc_run_end_like(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	sc_cleanup_run();
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 1;
}

/* -1 with errno set if it cannot be started. */
static pid_t start(const char *path, char **argv, const struct streams *streams)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t old;
	pid_t pid = 0;
	int err, i;

	fflush(NULL);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	for (i = 0; i < 2; i++)
		if (streams->fd[i] >= 0)
			posix_spawn_file_actions_adddup2(&files, streams->fd[i],
							 STDOUT_FILENO + i);
	sc_cleanup_hold(&old);
	posix_spawnattr_setsigmask(&attributes, &old);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	err = posix_spawn(&pid, path, &files, &attributes, argv, environ);
	if (!err)
		sc_cleanup_child(pid);
	sigprocmask(SIG_SETMASK, &old, NULL);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	errno = err;
	return err ? -1 : pid;
}

static int wait_for(const char *path, pid_t pid)
{
	siginfo_t info;
	int status;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		if (errno != EINTR)
			return sc_error_errno(path, "cannot wait for it");
	sc_cleanup_child(0);
	if (waitpid(pid, &status, 0) < 0)
		return sc_error_errno(path, "cannot wait for it");
	return status;
}

static int run(const char *path, char **argv, const struct streams *streams)
{
	pid_t pid = start(path, argv, streams);

	return pid < 0 ? sc_error_errno(path, "cannot start") :
			 wait_for(path, pid);
}

int sc_run(const char *path, char **argv)
{
	const struct streams ours = { { -1, -1 } };

	return run(path, argv, &ours);
}

/* Is standard output the same file as standard error? */
static bool are_one(void)
{
	struct stat out, err;

	return !fstat(STDOUT_FILENO, &out) && !fstat(STDERR_FILENO, &err) &&
	       out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

/* A stream that is closed stays closed. */
static int open_stream(int fd)
{
	int stream = fcntl(fd, F_GETFD) < 0 ? -1 :
					      memfd_create("messages",
							   MFD_CLOEXEC);

	if (stream >= 0)
		fcntl(stream, F_SETFL, O_APPEND);
	return stream;
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void show(const struct sc_workspace *workspace, int from, int to)
{
	struct stat st;
	char *text, *new;
	size_t len;

	if (fstat(from, &st) || st.st_size <= 0)
		return;
	len = (size_t)st.st_size;
	text = mmap(NULL, len, PROT_READ, MAP_PRIVATE, from, 0);
	if (text == MAP_FAILED)
		return;
	new = sc_workspace_restore(workspace, text, &len);
	write_all(to, new ? new : text, len);
	munmap(text, (size_t)st.st_size);
}

int sc_run_restored(const struct sc_workspace *workspace, const char *path,
		    char **argv, bool twice)
{
	struct streams streams;
	bool one = are_one();
	int status, i;

	/* One file for both keeps the lines in order. */
	streams.fd[1] = open_stream(STDERR_FILENO);
	streams.fd[0] = one ? streams.fd[1] : open_stream(STDOUT_FILENO);
	status = run(path, argv, &streams);
	for (i = one; i < 2; i++) {
		if (streams.fd[i] < 0)
			continue;
		if (status || !twice)
			show(workspace, streams.fd[i], STDOUT_FILENO + i);
		close(streams.fd[i]);
	}
	return status;
}
