/* SPDX-License-Identifier: MIT */
/* linker.h - the command line of a linker, and its inputs annotated. */
#ifndef SC_LINKER_H
#define SC_LINKER_H

#include "response.h"
#include "workspace.h"

struct sc_link {
	struct sc_pool *pool;
	struct sc_workspace workspace;
	struct sc_args in;		/* as given, @files expanded */
	struct sc_args out;		/* with private copies */
	const char *output;		/* -o */
	bool relocatable;		/* -r */
	bool changed;			/* out differs from in */
	size_t nr_bitcode;		/* modules of LLVM bitcode */

	/*
	 * Instead of all bitcode, these objects are linked, where the first of
	 * it was; NULL: bitcode stays.
	 */
	const struct sc_args *instead;
};

/* Reads the command line.  0, or -1 with a message. */
int sc_link_read(struct sc_link *link, char *const *argv);

/* Makes the copies and link->out anew.  0, or -1 with a message. */
int sc_link_annotate(struct sc_link *link);

#endif /* SC_LINKER_H */
