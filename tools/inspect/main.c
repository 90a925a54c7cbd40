/* SPDX-License-Identifier: MIT */
/* main.c - the command line of static-call. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "annotate/annotate.h"
#include "common/tool.h"
#include "inspect/commands.h"
#include "inspect/document.h"

#ifndef SC_VERSION
#define SC_VERSION "unknown"
#endif
#ifdef HAVE_LIBDW
#define SC_WITH_LIBDW " with libdw"
#else
#define SC_WITH_LIBDW ""
#endif

static const char usage[] =
"Usage: static-call annotate OBJECT...\n"
"       static-call list|verify [--json] FILE...\n"
"       static-call status [OPTION...] PID|NAME [KEY...]\n"
"       static-call status [OPTION...] --all|--core FILE [KEY...]\n"
"Records and shows where a program makes static calls.\n"
"\n"
"Commands:\n"
"  annotate   add the records of its call sites to each object file, in place\n"
"  list       print the call sites of each object, program or library\n"
"  verify     compare the calls of each program with its records\n"
"  status     print what each static call of a process is now: its target, and\n"
"             each site that is not direct, and why; the process is not stopped\n"
"\n"
"Options of status (KEY is a name, or a pattern such as 'net_*'):\n"
"  -a, --all              all processes that make static calls\n"
"  -c, --core FILE        what a process was when it dumped this core\n"
"  -s, --sites            print the sites that are direct, too\n"
"      --check            exit with 1 if a site is not direct\n"
"  -w, --watch[=SECONDS]  again and again, every SECONDS or every 2\n"
"\n"
"Options:\n"
"  -j, --json          print one JSON document (list, verify, status)\n"
"      --color[=WHEN]  colours: auto (on a terminal), always or never\n"
"  -h, --help          print this text\n"
"  -V, --version       print the version\n"
"\n"
"Exit status: 0 all is well, 1 the answer is no (records are missing, no such\n"
"process or key, a site is not direct), 2 wrong command line, 3 something cannot\n"
"be read or written.\n";

/* What the options of the command line say. */
struct settings {
	struct sc_status_options status;
	const char *colour;
};

enum command_is { ANNOTATE, LIST, VERIFY, STATUS, N_COMMANDS };

static const struct {
	const char *name, *argument;
	const char *options;		/* those it takes */
} commands[N_COMMANDS] = {
	[ANNOTATE] = { "annotate", "an object file", "" },
	[LIST] = { "list", "an object, a program or a library", "jC" },
	[VERIFY] = { "verify", "a program or a library", "jC" },
	[STATUS] = { "status", "the number or the name of a process", "jCacskw" },
};

static const char short_options[] = ":ac:sw::jhV";

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "core", required_argument, NULL, 'c' },
	{ "sites", no_argument, NULL, 's' },
	{ "check", no_argument, NULL, 'k' },
	{ "watch", optional_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "color", optional_argument, NULL, 'C' },
	{ "colour", optional_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int annotate_file(const char *file)
{
	const char *why = NULL;

	switch (sc_annotate_path(file, &why)) {
	case SC_ANNOTATE_NOTHING:
	case SC_ANNOTATE_DONE:
		return SC_EXIT_OK;
	case SC_ANNOTATE_OTHER:
		sc_error(file, "%s", why);
		break;
	case SC_ANNOTATE_ERROR:
		break;
	}
	return SC_EXIT_TROUBLE;
}

#ifndef HAVE_STATUS
int sc_status(const struct sc_status_options *options, char **words, size_t n)
{
	(void)options;
	(void)words;
	(void)n;
	sc_error("status", "nothing patches code on this kind of machine");
	return SC_EXIT_TROUBLE;
}
#endif

/* The options that were given, each by its letter, to be checked. */
static char given[64];

static int bad_usage(const char *what, const char *arg, const char *more)
{
	sc_error(NULL, "%s%s%s", what, arg, more);
	fputs("Try 'static-call --help'.\n", stderr);
	return SC_EXIT_USAGE;
}

/* What is printed counts only if it was printed. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		sc_error_errno("standard output", "cannot write");
		return SC_EXIT_TROUBLE;
	}
	return status;
}

static int read_seconds(struct settings *settings, const char *text)
{
	char *end;

	settings->status.watch = true;
	settings->status.seconds = 2;
	if (!text)
		return SC_EXIT_OK;
	settings->status.seconds = strtod(text, &end);
	if (*end || end == text || !(settings->status.seconds >= 0.05) ||
	    settings->status.seconds > 86400)
		return bad_usage("--watch takes a number of seconds from 0.05 to 86400, not ",
				 text, ": try --watch=2");
	return SC_EXIT_OK;
}

static int read_colour(struct settings *settings, const char *text)
{
	settings->colour = text ? text : "always";
	if (strcmp(settings->colour, "auto") != 0 &&
	    strcmp(settings->colour, "always") != 0 &&
	    strcmp(settings->colour, "never") != 0)
		return bad_usage("--color takes auto, always or never, not ",
				 text, "");
	return SC_EXIT_OK;
}

/* Whether @argument is --NAME=VALUE of the option with this letter. */
static bool has_value(const char *argument, int letter)
{
	const struct option *option;
	const char *value = strchr(argument, '=');

	for (option = long_options; option->name; option++)
		if (option->val == letter && value &&
		    !strncmp(argument, "--", 2) &&
		    !strncmp(argument + 2, option->name,
			     (size_t)(value - argument) - 2))
			return true;
	return false;
}

/* What getopt_long() has refused; in "-xj" @argument is the one before. */
static int bad_option(const char *argument)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (!optopt)
		return bad_usage("unknown option ", argument, "");
	if (has_value(argument, optopt))
		return bad_usage("", argument, ": this option takes no value");
	return bad_usage("unknown option ", letter, "");
}

/* -1: another option is to be read; else the exit status. */
static int read_option(struct settings *settings, int option, char **argv)
{
	size_t n = strlen(given);

	switch (option) {
	case 'h':
		fputs(usage, stdout);
		return finish(SC_EXIT_OK);
	case 'V':
		puts("static-call (libstaticcall) " SC_VERSION SC_WITH_LIBDW);
		return finish(SC_EXIT_OK);
	case 'a':
		settings->status.all = true;
		break;
	case 'c':
		settings->status.core = optarg;
		break;
	case 's':
		settings->status.sites = true;
		break;
	case 'k':
		settings->status.check = true;
		break;
	case 'j':
		sc_report_json = true;
		break;
	case 'w':
		if (read_seconds(settings, optarg))
			return SC_EXIT_USAGE;
		break;
	case 'C':
		if (read_colour(settings, optarg))
			return SC_EXIT_USAGE;
		break;
	case ':':
		return bad_usage("option ", argv[optind - 1],
				 " takes the name of a file");
	default:
		return bad_option(argv[optind - 1]);
	}
	if (n < sizeof(given) - 1 && !strchr(given, option))
		given[n] = (char)option;
	return -1;
}

static enum command_is find_command(const char *name)
{
	int i;

	for (i = 0; i < N_COMMANDS && strcmp(commands[i].name, name); i++)
		;
	return (enum command_is)i;
}

/* The options that were given must be those of the command. */
static int check_options(enum command_is command)
{
	size_t i;

	for (i = 0; given[i]; i++) {
		const struct option *option = long_options;

		if (strchr(commands[command].options, given[i]))
			continue;
		while (option->val != given[i])
			option++;
		return bad_usage(commands[command].name, " takes no option --",
				 option->name);
	}
	return SC_EXIT_OK;
}

static void choose_colour(const struct settings *settings)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (settings->colour && strcmp(settings->colour, "auto") != 0)
		sc_report_colour = !strcmp(settings->colour, "always");
	else
		sc_report_colour = isatty(STDOUT_FILENO) && (!none || !*none) &&
				   term && strcmp(term, "dumb") != 0;
}

static int run_status(const struct settings *settings, char **words, size_t n)
{
	const struct sc_status_options *options = &settings->status;

	if (options->all && options->core)
		return bad_usage("--all and --core", " exclude each other", "");
	if (options->watch && options->core)
		return bad_usage("a core does not change:", " --watch is for processes",
				 "");
	if (!options->all && !options->core && !n)
		return bad_usage("status takes the number or the name of a process:",
				 " try 'static-call status --all'", "");
	if (n && !options->all && !options->core && strchr(words[0], '/'))
		return bad_usage("status takes the number or the name of a process, not a file: for a core try --core ",
				 words[0], "; for a program 'static-call list'");
	return sc_status(options, words, n);
}

static int run(enum command_is command, const struct settings *settings,
	       char **words, size_t n)
{
	int status = SC_EXIT_OK, one;
	size_t i;

	if (command == STATUS)
		return run_status(settings, words, n);
	if (!n)
		return bad_usage(commands[command].name, " takes ",
				 commands[command].argument);
	sc_report_begin(commands[command].name, "files");
	for (i = 0; i < n; i++) {
		one = command == ANNOTATE ? annotate_file(words[i]) :
		      command == LIST	  ? sc_list_file(words[i]) :
					    sc_verify_file(words[i]);
		if (one > status)
			status = one;
	}
	sc_report_end();
	return status;
}

int main(int argc, char **argv)
{
	struct settings settings = { .colour = NULL };
	enum command_is command;
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, short_options, long_options,
				     NULL)) != -1) {
		status = read_option(&settings, option, argv);
		if (status >= 0)
			return status;
	}
	if (optind == argc)
		return bad_usage("a command is missing:",
				 " annotate, list, verify or status", "");
	command = find_command(argv[optind++]);
	if (command == N_COMMANDS)
		return bad_usage("unknown command ", argv[optind - 1],
				 ": the commands are annotate, list, verify and status");
	if (check_options(command))
		return SC_EXIT_USAGE;
	choose_colour(&settings);
	sc_cleanup_on_signals();
	return finish(run(command, &settings, argv + optind,
			  (size_t)(argc - optind)));
}
