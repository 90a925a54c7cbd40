/* SPDX-License-Identifier: MIT */
/* commands.h - what the sub-commands do with one file; the exit status. */
#ifndef SC_COMMANDS_H
#define SC_COMMANDS_H

int sc_list_file(const char *file);
int sc_verify_file(const char *file);

#endif /* SC_COMMANDS_H */
