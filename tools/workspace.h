/* SPDX-License-Identifier: MIT */
/* workspace.h - the private copies of the inputs of one link. */
#ifndef SC_WORKSPACE_H
#define SC_WORKSPACE_H

#include "tool.h"

struct sc_workspace {
	struct sc_pool *pool;
	char *dir;		/* NULL until it is needed */
	char *shared;		/* the directory of most files in it */
	unsigned int nr;	/* of directories in it */
};

/*
 * The name of a new file that is removed when the program ends; its last part
 * is that of @path, as messages and linker scripts show it.  With @alone it is
 * the first in a directory of its own.  The caller makes it, before it asks for
 * another.  NULL: a message.
 */
char *sc_workspace_file(struct sc_workspace *workspace, const char *path,
			bool alone);

#endif /* SC_WORKSPACE_H */
