/* SPDX-License-Identifier: MIT */
/*
 * lto.h - links of LLVM bitcode, in two stages: the linker makes objects of it
 * and keeps them; they are annotated, and linked in place of the bitcode.
 */
#ifndef SC_LTO_H
#define SC_LTO_H

#include "hook/linker.h"

struct sc_lto {
	struct sc_pool *pool;
	char **object;		/* names that the linker may give to objects */
	size_t n;
	struct sc_args made;	/* those that are there after the first stage */
};

/* False if no bitcode here makes static calls, or its objects cannot be kept. */
bool sc_lto_wanted(const struct sc_link *link);

/* Adds what makes the linker keep the objects.  0, or -1 with a message. */
int sc_lto_begin(struct sc_lto *lto, struct sc_link *link);

/*
 * After the first stage: annotates the objects.  1: there are sites in them
 * and link->out is the second stage; 0: nothing more to do; -1: a message.
 */
int sc_lto_continue(struct sc_lto *lto, struct sc_link *link);

#endif /* SC_LTO_H */
