/* SPDX-License-Identifier: MIT */
/* run.h - runs the real tool and waits for it. */
#ifndef SC_RUN_H
#define SC_RUN_H

#include "hook/workspace.h"

/* The wait status, or -1 with a message. */
int sc_run(const char *path, char **argv);

/*
 * The same for a tool that is given private copies: what it says names the
 * user's files, and is shown when the tool has ended.  @twice: it was said
 * before, and is shown only if the tool fails.
 */
int sc_run_restored(const struct sc_workspace *workspace, const char *path,
		    char **argv, bool twice);

/* Ends as the tool ended, by its signal too; the exit status for main(). */
int sc_run_end_like(int status);

#endif /* SC_RUN_H */
