/* SPDX-License-Identifier: MIT */
/* early.h - what the hook does before the C library is ready. */
#ifndef SC_EARLY_H
#define SC_EARLY_H

#include <limits.h>
#include <signal.h>

struct sc_early {
	const char *name;		/* the tool the hook stands for */
	char real[PATH_MAX];		/* the real one; "" if there is none */
	int child;			/* the assembler, if it runs already */
	int error;			/* errno of what could not be started */
	sigset_t old;			/* the mask to be set, with a child */
};

/*
 * Finds the real tool and, if that is the assembler, starts it: instead of the
 * hook where nothing is to be done afterwards, as a child of it elsewhere.  The
 * fatal signals are blocked then until the hook has taken care of the child.
 * On machines that allow it this has happened before main(); then what was found
 * is returned.  argv[0] is the real tool from then on.
 */
const struct sc_early *sc_early(char **argv, char **environment);

#endif /* SC_EARLY_H */
