/* SPDX-License-Identifier: MIT */
/*
 * hook.c - stands for a linker, or for the assembler that gcc's link-time
 * optimiser runs inside a link, in a directory given to the compiler with -B; by
 * the name it is called by it knows which.
 *
 * A linker's inputs are annotated in private copies; a linker's output if it is
 * an object again; the assembler's output in place.  Every word of the command
 * line goes to the real tool, whose messages and exit status are the hook's.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/linker.h"
#include "hook/lto.h"
#include "hook/output.h"
#include "hook/realtool.h"
#include "hook/run.h"

enum { LONG_COMMAND = 100000 };		/* bytes; then use a response file */

/* Where the assembler is told to write; NULL if nowhere. */
static const char *assembler_output(const struct sc_args *args)
{
	const char *output = "a.out";
	size_t i;

	for (i = 1; i < args->n; i++) {
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

static int be_assembler(struct sc_pool *pool, const char *real, char **argv)
{
	struct sc_args args = { .pool = pool };
	const char *output;
	int status;

	status = sc_run(real, argv);
	if (status)
		return status < 0 ? 1 : sc_run_end_like(status);
	if (sc_args_expand(&args, argv))
		return 1;
	output = assembler_output(&args);
	return output && sc_output_annotate(output) ? 1 : 0;
}

static bool is_long(const struct sc_args *args)
{
	size_t size = 0, i;

	for (i = 0; i < args->n; i++)
		size += strlen(args->arg[i]) + 1 + sizeof(char *);
	return size >= LONG_COMMAND;
}

/* The arguments for the linker, in a response file if they are many. */
static char **linker_arguments(struct sc_link *link, struct sc_args *args)
{
	char *file;

	if (!is_long(args))
		return args->arg;
	file = sc_workspace_scratch(&link->workspace, "arguments");
	if (!file || sc_args_write(args, file))
		return NULL;
	args->arg[1] = sc_pool_string(link->pool, "@%s", file);
	args->arg[2] = NULL;
	return args->arg[1] ? args->arg : NULL;
}

/* Runs the linker with link->out; the exit status for main(). */
static int run_linker(struct sc_link *link, bool twice)
{
	char **arguments = linker_arguments(link, &link->out);
	size_t i;
	int status;

	if (!arguments)
		return 1;
	status = sc_run_restored(&link->workspace, arguments[0], arguments,
				 twice);
	for (i = 0; i < link->texts.n; i++)
		sc_workspace_restore_file(&link->workspace, link->texts.arg[i]);
	return status < 0 ? 1 : sc_run_end_like(status);
}

/*
 * Makes the archive that was asked for by --reproduce, of the user's own files.
 * The records are missing from what is linked here; the next run writes it anew.
 */
static int reproduce(struct sc_link *link)
{
	struct sc_args args = { .pool = link->pool };
	char **arguments;
	int status;
	size_t i;

	for (i = 0; i < link->in.n; i++)
		if (sc_args_add(&args, link->in.arg[i]))
			return 1;
	if (link->definition && sc_args_add(&args, link->definition))
		return 1;
	arguments = linker_arguments(link, &args);
	if (!arguments)
		return 1;
	status = sc_run_restored(&link->workspace, arguments[0], arguments,
				 true);
	unsetenv("LLD_REPRODUCE");
	return status < 0 ? 1 : sc_run_end_like(status);
}

/* Two stages, where the linker makes code of bitcode that has static calls. */
static int link_bitcode(struct sc_link *link)
{
	struct sc_lto lto;
	int status, more;

	if (sc_lto_begin(&lto, link))
		return 1;
	status = run_linker(link, false);
	if (status)
		return status;
	more = sc_lto_continue(&lto, link);
	if (more < 0)
		unlink(link->output);
	if (more <= 0)
		return more ? 1 : 0;
	return run_linker(link, true);
}

static int be_linker(struct sc_pool *pool, const char *hook, char *real,
		     char **argv)
{
	struct sc_link link = { .pool = pool };
	int status;

	argv[0] = real;
	if (sc_link_read(&link, hook, argv))
		return 1;
	if (link.relocatable) {
		status = sc_run(real, argv);
		if (status)
			return status < 0 ? 1 : sc_run_end_like(status);
		return sc_output_annotate(link.output) ? 1 : 0;
	}
	if (sc_link_annotate(&link))
		return 1;
	if (link.reproduce && link.workspace.top) {
		status = reproduce(&link);
		if (status)
			return status;
	}
	if (sc_lto_wanted(&link))
		return link_bitcode(&link);
	/* Nothing is to be done afterwards.  If it fails, so will the other way. */
	if (!link.workspace.top && !(link.changed && is_long(&link.out)))
		execv(real, link.changed ? link.out.arg : argv);
	return run_linker(&link, false);
}

int main(int argc, char **argv)
{
	const char *hook = argc ? argv[0] : "as", *name = strrchr(hook, '/');
	struct sc_pool pool = { NULL };
	int status = 1;
	char *real;

	name = name ? name + 1 : hook;
	real = sc_realtool(&pool, name);
	if (!real) {
		sc_error(name, "cannot find the real one in the directories of -B, beside the compiler or in PATH: is it installed?");
		return 1;
	}
	sc_cleanup_on_signals();
	if (strcmp(name, "as") != 0)
		status = be_linker(&pool, hook, real, argv);
	else if (argc)
		status = be_assembler(&pool, (argv[0] = real), argv);
	sc_cleanup_run();
	sc_pool_empty(&pool);
	return status;
}
