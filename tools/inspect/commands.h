/* SPDX-License-Identifier: MIT */
/* commands.h - the sub-commands; each returns the exit status (document.h). */
#ifndef SC_COMMANDS_H
#define SC_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include <libelf.h>

/* One file: text, or a value of the array that sc_report_begin() has opened. */
int sc_list_file(const char *file);
int sc_verify_file(const char *file);

struct sc_status_options {
	bool all;			/* every process that makes static calls */
	const char *core;		/* not a process, but this file */
	bool sites;			/* show the direct ones, too */
	bool check;			/* all direct, or SC_EXIT_NO */
	bool watch;			/* again and again, ... */
	double seconds;			/* ... so far apart */
};

/*
 * What stands behind the options: numbers or names of processes (neither with
 * @all nor with @core), then patterns of keys.
 */
int sc_status(const struct sc_status_options *options, char **words, size_t n);

/* One process or core that is open, for the fuzzer. */
struct sc_process;
int sc_status_show(struct sc_process *process);

/*
 * prototypes.c: how many calls are defined to return 0 whose result type cannot,
 * or have another type in another file, each with a message; 0 too where there
 * is no debug information, or the tool was built without libdw.
 */
size_t sc_prototypes_check(const char *file, Elf *elf);

#endif /* SC_COMMANDS_H */
