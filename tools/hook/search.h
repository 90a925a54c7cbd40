/* SPDX-License-Identifier: MIT */
/* search.h - finds libraries as a linker does. */
#ifndef SC_SEARCH_H
#define SC_SEARCH_H

#include "hook/response.h"

struct sc_search {
	struct sc_args dirs;		/* -L */
	const char *sysroot;
	bool statics, saved[16];	/* -Bstatic; what --push-state saved */
	unsigned int depth;
};

/*
 * Reads the directories on the command line @in: all of them count for all
 * libraries, wherever they are given.  0, or -1 with a message.
 */
int sc_search_begin(struct sc_search *search, const struct sc_args *in);

/* -Bstatic and its like say which libraries the -l after them may mean. */
void sc_search_note_state(struct sc_search *search, const char *arg);

/* The library that -l@name means here, or NULL: none that we can find. */
char *sc_search_library(struct sc_search *search, const char *name);

/*
 * The file that linker script @script means by @name, or NULL.  *@beside: it was
 * found because it lies in the script's directory.
 */
char *sc_search_in_script(struct sc_search *search, const char *script,
			  const char *name, bool *beside);

#endif /* SC_SEARCH_H */
