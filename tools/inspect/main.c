/* SPDX-License-Identifier: MIT */
/* main.c - the command line of static-call. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotate/annotate.h"
#include "inspect/commands.h"
#include "common/tool.h"

#ifndef SC_VERSION
#define SC_VERSION "unknown"
#endif
#ifdef HAVE_LIBDW
#define SC_WITH_LIBDW " with libdw"
#else
#define SC_WITH_LIBDW ""
#endif

static const char usage[] =
"Usage: static-call COMMAND [OPTION...] FILE...\n"
"       static-call status PID...\n"
"Records and shows where a program makes static calls.\n"
"\n"
"Commands:\n"
"  annotate   add the records of its call sites to each object file, in place\n"
"  list       print the call sites of each object, program or library\n"
"  verify     compare the calls of each program with its records\n"
"  status     print what each call site of a running process holds now\n"
"\n"
"Options:\n"
"  -h, --help     print this text\n"
"  -V, --version  print the version\n"
"\n"
"Exit status: 0 if all is well, 1 if not; verify: 0 complete, 1 records are\n"
"missing, a call's type is wrong, or the file is bad.\n";

static int annotate_file(const char *file)
{
	const char *why = NULL;

	switch (sc_annotate_path(file, &why)) {
	case SC_ANNOTATE_NOTHING:
	case SC_ANNOTATE_DONE:
		return 0;
	case SC_ANNOTATE_OTHER:
		sc_error(file, "%s", why);
		break;
	case SC_ANNOTATE_ERROR:
		break;
	}
	return 1;
}

#ifndef HAVE_STATUS
int sc_status_process(const char *pid)
{
	sc_error(pid, "nothing patches code on this kind of machine");
	return 1;
}
#endif

static const struct command {
	const char *name, *argument;
	int (*run)(const char *argument);
} commands[] = {
	{ "annotate", "file", annotate_file },
	{ "list", "file", sc_list_file },
	{ "verify", "file", sc_verify_file },
	{ "status", "process", sc_status_process },
};

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int bad_usage(const char *what, const char *arg, const char *name)
{
	sc_error(NULL, "%s%s%s", what, arg, name);
	fputs("Try 'static-call --help'.\n", stderr);
	return 1;
}

/* What is printed counts only if it was printed. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		sc_error_errno("standard output", "cannot write");
		return 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const struct command *command;
	int option, status = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(usage, stdout);
			return finish(0);
		case 'V':
			puts("static-call (libstaticcall) " SC_VERSION
			     SC_WITH_LIBDW);
			return finish(0);
		default:
			return bad_usage("unknown option ", argv[optind - 1],
					 "");
		}
	}
	if (optind == argc)
		return bad_usage("no command", "", "");
	command = find_command(argv[optind]);
	if (!command)
		return bad_usage("unknown command ", argv[optind], "");
	if (++optind == argc)
		return bad_usage(command->argument, " expected by ",
				 command->name);
	sc_cleanup_on_signals();
	for (; optind < argc; optind++) {
		if (command->run(argv[optind]))
			status = 1;
	}
	return finish(status);
}
