/* SPDX-License-Identifier: MIT */
/*
 * workspace.h - the private copies of the inputs of one link, and the way back
 * from their names to the user's.
 */
#ifndef SC_WORKSPACE_H
#define SC_WORKSPACE_H

#include "common/tool.h"

struct sc_workspace {
	struct sc_pool *pool;
	char *top;		/* a directory; NULL until it is needed */
	unsigned int stage;	/* copies of one file in two stages differ */
	const char *dir;	/* the last that was made in it */
	bool memory_read;	/* a file in memory was read by its name */
};

struct sc_copy {
	char *name;
	int fd;			/* to write to; -1: none */
	bool had;		/* named twice, an input is copied once */
	bool in_memory;		/* for as long as fd is open */
};

/*
 * Makes the file for the copy of @path, empty and in memory where that can be.
 * It is gone when the program ends.  0, or -1 with a message.
 */
int sc_workspace_open(struct sc_workspace *workspace, const char *path,
		      struct sc_copy *copy);

/* 0, or -1 with a message: what was written did not all arrive. */
int sc_workspace_close(const struct sc_copy *copy);

/*
 * The name of a file that some program will make; removed when this one ends.
 * NULL: a message.
 */
char *sc_workspace_scratch(struct sc_workspace *workspace, const char *name);

/*
 * Text with the users' names in the place of those of copies, in memory of the
 * pool; NULL: nothing is to be replaced.  *@len is that of the text.
 */
char *sc_workspace_restore(const struct sc_workspace *workspace,
			   const char *text, size_t *len);

/* The same in a file, if it is there. */
void sc_workspace_restore_file(const struct sc_workspace *workspace,
			       const char *path);

#endif /* SC_WORKSPACE_H */
