/* SPDX-License-Identifier: MIT */
/*
 * hook.c - stands for the assembler or a linker in a directory given to the
 * compiler with -B; by the name it is called by it knows which.
 *
 * The assembler's output is annotated.  A linker's inputs are annotated in
 * private copies, which matters for compilers that write objects themselves;
 * a linker's output if it is an object again.  Every word of the command line
 * goes to the real tool, whose messages and exit status are the hook's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "early.h"
#include "inputfile.h"
#include "linker.h"
#include "lto.h"
#include "response.h"

enum { LONG_COMMAND = 100000 };		/* bytes; then use a response file */

/* Ends as the tool ended, by its signal too. */
static int exit_like(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	sc_cleanup_run();
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 1;
}

/*
 * Starts the tool; -1 with errno set if it cannot.  Not by fork(), whose copy
 * of all memory is dear.  No signal comes between the start and the note of what
 * was started.
 */
static pid_t start(const char *path, char **argv, int messages)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t old;
	pid_t pid = 0;
	int error;

	fflush(NULL);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	if (messages >= 0)
		posix_spawn_file_actions_adddup2(&files, messages,
						 STDERR_FILENO);
	sc_cleanup_hold(&old);
	posix_spawnattr_setsigmask(&attributes, &old);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	error = posix_spawn(&pid, path, &files, &attributes, argv, environ);
	if (!error)
		sc_cleanup_child(pid);
	sigprocmask(SIG_SETMASK, &old, NULL);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	errno = error;
	return error ? -1 : pid;
}

/* The wait status of the child that was started, or -1 with a message. */
static int wait_for(const char *path, pid_t pid)
{
	siginfo_t info;
	int status;

	/* It is not reaped before it is forgotten: a number is used again. */
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		if (errno != EINTR)
			return sc_error_errno(path, "cannot wait for it");
	sc_cleanup_child(0);
	if (waitpid(pid, &status, 0) < 0)
		return sc_error_errno(path, "cannot wait for it");
	return status;
}

/*
 * Runs the tool and waits; the wait status, or -1 with a message.  What it
 * says on stderr goes to @messages if that is not negative.
 */
static int run_with(const char *path, char **argv, int messages)
{
	pid_t pid = start(path, argv, messages);

	return pid < 0 ? sc_error_errno(path, "cannot start") :
			 wait_for(path, pid);
}

static int run(const char *path, char **argv)
{
	return run_with(path, argv, -1);
}

/* The same, but what it says is shown only if it fails: it was said before. */
static int run_again(const char *path, char **argv)
{
	int messages = memfd_create("messages", MFD_CLOEXEC), status;
	char text[4096];
	ssize_t n;

	status = run_with(path, argv, messages);
	if (status && messages >= 0 && !lseek(messages, 0, SEEK_SET))
		while ((n = read(messages, text, sizeof(text))) > 0)
			fwrite(text, 1, (size_t)n, stderr);
	if (messages >= 0)
		close(messages);
	return status;
}

struct output {
	const char *name;		/* as the tool was told */
	char path[PATH_MAX];		/* the file itself, to be removed */
	off_t size;
	int fd;
};

/* From here on an error, or a signal, leaves no whole object in the file. */
static int open_output(void *context)
{
	struct output *output = context;

	if (sc_cleanup_add(output->path, false))
		return -1;
	output->fd = open(output->path, O_WRONLY | O_CLOEXEC);
	return output->fd < 0 ?
	       sc_error_errno(output->name, "cannot write") : output->fd;
}

/* 0, or -1 with a message. */
static int close_output(struct output *output)
{
	off_t end = lseek(output->fd, 0, SEEK_CUR);
	/* The old one can have been longer: it had gaps of its own. */
	int error = end < output->size && ftruncate(output->fd, end);

	/* A full disk may show itself only here. */
	if (close(output->fd) || error)
		return sc_error_errno(output->name, "cannot write");
	return 0;
}

static enum sc_annotate_result write_over(struct sc_inputfile *file,
					  struct output *output)
{
	if (!realpath(output->name, output->path)) {
		/* What is there now is no name of ours to remove. */
		output->path[0] = '\0';
		sc_error_errno(output->name, "cannot find it");
		return SC_ANNOTATE_ERROR;
	}
	if (sc_inputfile_keep(file, output->name))
		return SC_ANNOTATE_ERROR;
	return sc_inputfile_annotate(file, output->name, open_output, output);
}

/*
 * Annotates what the tool made.  Until the hook ends nobody else has to do with
 * that file, so it is written over, which is cheaper than a new one.  An object
 * half done must not stay.
 */
static int annotate_output(const char *name)
{
	struct output output = { .name = name, .fd = -1 };
	enum sc_annotate_result result = SC_ANNOTATE_OTHER;
	struct sc_inputfile file;

	if (!name || sc_inputfile_map(&file, name))
		return 0;
	output.size = (off_t)file.size;
	if (sc_inputfile_may_call(&file))
		result = write_over(&file, &output);
	if (output.fd >= 0 && close_output(&output))
		result = SC_ANNOTATE_ERROR;
	sc_inputfile_unmap(&file);
	if (result == SC_ANNOTATE_ERROR)
		unlink(output.path);
	sc_cleanup_forget(output.path);
	return result == SC_ANNOTATE_ERROR ? -1 : 0;
}

/* Where the assembler is told to write; NULL if nowhere. */
static const char *assembler_output(const struct sc_args *args)
{
	const char *output = "a.out";
	size_t i;

	for (i = 1; i < args->nr; i++) {
		if (!strcmp(args->arg[i], "--version") ||
		    !strcmp(args->arg[i], "--help"))
			return NULL;
		if (!strcmp(args->arg[i], "-o"))
			output = args->arg[i + 1];
		else if (!strncmp(args->arg[i], "-o", 2))
			output = args->arg[i] + 2;
	}
	return output;
}

/* It works already. */
static int be_assembler(struct sc_pool *pool, const struct sc_early *early,
			char **argv)
{
	struct sc_args args = { .pool = pool };
	int status;

	sc_cleanup_child(early->child);
	sigprocmask(SIG_SETMASK, &early->old, NULL);
	status = wait_for(early->real, early->child);
	if (status)
		return status < 0 ? 1 : exit_like(status);
	if (sc_args_expand(&args, argv))
		return 1;
	return annotate_output(assembler_output(&args)) ? 1 : 0;
}

/* The arguments for the linker, in a response file if they are many. */
static char **linker_arguments(struct sc_link *link, const char *real)
{
	struct sc_args *args = &link->out;
	size_t size = 0, i;
	char *file;

	args->arg[0] = sc_pool_string(link->pool, "%s", real);
	for (i = 0; i < args->nr; i++)
		size += strlen(args->arg[i]) + 1 + sizeof(char *);
	if (size < LONG_COMMAND)
		return args->arg;
	file = sc_workspace_file(&link->workspace, "arguments", false);
	if (!file || sc_args_write(args, file))
		return NULL;
	args->arg[1] = sc_pool_string(link->pool, "@%s", file);
	args->arg[2] = NULL;
	return args->arg[1] ? args->arg : NULL;
}

static int be_linker(struct sc_pool *pool, const char *real, char **argv)
{
	struct sc_link link = { .pool = pool };
	char **arguments = argv;
	struct sc_lto lto;
	int status, more = 0;

	if (sc_link_read(&link, argv))
		return 1;
	if (!link.relocatable && sc_link_annotate(&link))
		return 1;
	if (sc_lto_wanted(&link, real)) {
		if (sc_lto_begin(&lto, &link, real))
			return 1;
		more = 1;
	}
	if (link.changed) {
		arguments = linker_arguments(&link, real);
	} else if (!more && !link.relocatable && !link.workspace.dir) {
		/* Nothing is to be done afterwards.  If it fails, so will run(). */
		execv(real, argv);
	}
	if (!arguments)
		return 1;
	status = run(real, arguments);
	if (status)
		return status < 0 ? 1 : exit_like(status);
	if (more)
		more = sc_lto_continue(&lto, &link);
	if (more < 0) {
		unlink(link.output ? link.output : "a.out");
		return 1;
	}
	if (more) {
		arguments = linker_arguments(&link, real);
		status = arguments ? run_again(real, arguments) : -1;
		if (status)
			return status < 0 ? 1 : exit_like(status);
	}
	if (link.relocatable &&
	    annotate_output(link.output ? link.output : "a.out"))
		return 1;
	return 0;
}

int main(int argc, char **argv)
{
	const struct sc_early *early = sc_early(argv, environ);
	struct sc_pool pool = { NULL };
	int status;

	if (!early->real[0]) {
		sc_error(early->name, "cannot find the real one");
		return 1;
	}
	if (early->error) {
		errno = early->error;
		sc_error_errno(early->real, "cannot start");
		return 1;
	}
	sc_cleanup_on_signals();
	if (early->child)
		status = be_assembler(&pool, early, argv);
	else
		status = be_linker(&pool, early->real, argv);
	sc_cleanup_run();
	sc_pool_empty(&pool);
	return status;
}
