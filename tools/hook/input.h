/* SPDX-License-Identifier: MIT */
/* input.h - one input of a link, and the private copy that it needs. */
#ifndef SC_INPUT_H
#define SC_INPUT_H

#include "hook/linker.h"
#include "hook/search.h"

/* What all inputs of one link share. */
struct sc_inputs {
	struct sc_link *link;
	struct sc_search search;
	unsigned int depth;		/* of scripts that name scripts */
	bool wants_hook;		/* an input may refer to its symbol */
	bool placed;			/* link->instead is in link->out */
};

struct sc_input {
	char *copy;			/* annotated; NULL: needs none */
	size_t n_bitcode;		/* modules of it */
	bool all_bitcode;		/* it is nothing else */
};

/* @input is zeroed.  0, or -1 with a message. */
int sc_input_annotate(struct sc_inputs *inputs, const char *path,
		      struct sc_input *input);

#endif /* SC_INPUT_H */
