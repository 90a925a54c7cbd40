/* SPDX-License-Identifier: MIT */
/* commands.h - what the sub-commands do with one argument; the exit status. */
#ifndef SC_COMMANDS_H
#define SC_COMMANDS_H

#include <stddef.h>

#include <libelf.h>

int sc_list_file(const char *file);
int sc_verify_file(const char *file);

/* For x86-64 alone, where the tool was built for it. */
int sc_status_process(const char *pid);

struct sc_process;
int sc_status_show(struct sc_process *process);

/*
 * prototypes.c: how many calls are defined to return 0 whose result type cannot,
 * or have another type in another file, each with a message; 0 too where there
 * is no debug information, or the tool was built without libdw.
 */
size_t sc_prototypes_check(const char *file, Elf *elf);

#endif /* SC_COMMANDS_H */
