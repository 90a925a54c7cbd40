/* SPDX-License-Identifier: MIT */
/* linker.h - the command line of a linker, and its inputs annotated. */
#ifndef SC_LINKER_H
#define SC_LINKER_H

#include "hook/response.h"
#include "hook/workspace.h"

struct sc_link {
	struct sc_pool *pool;
	struct sc_workspace workspace;
	struct sc_args in;		/* as given, @files expanded */
	struct sc_args out;		/* with private copies */
	struct sc_args texts;		/* files in which the linker names inputs */
	const char *output;		/* -o */
	bool relocatable;		/* -r */
	bool reproduce;			/* an archive of the inputs is asked for */
	bool changed;			/* out differs from in */
	bool bitcode_calls;		/* there are static calls in bitcode */
	size_t n_bitcode;		/* modules of LLVM bitcode */

	/* The library with the symbol that says "linked with the hook". */
	char *hook_library;
	char *definition;		/* the same, if an input wants it */

	/*
	 * Instead of all bitcode, these objects are linked, where the first of
	 * it was; NULL: bitcode stays.
	 */
	const struct sc_args *instead;
};

/*
 * Reads the command line of the linker that was called by the name @hook.
 * 0, or -1 with a message.
 */
int sc_link_read(struct sc_link *link, const char *hook, char *const *argv);

/* Makes the copies and link->out anew.  0, or -1 with a message. */
int sc_link_annotate(struct sc_link *link);

#endif /* SC_LINKER_H */
