/* SPDX-License-Identifier: MIT */
/*
 * paper_text.h - a text engine that only notes what it is asked.  A commit changes
 * what the places are said to hold; text itself stays as it is.
 */
#ifndef PAPER_TEXT_H
#define PAPER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sc_change;

struct paper_text {
	/* what it shall answer */
	const char *reason;	/* why nothing is patched */
	bool passes;		/* that is over at the next try */
	bool blind;		/* what text is mapped from cannot be asked */
	bool unfit;		/* text may not be patched */
	bool stays;		/* text cannot be given back to its file */
	uintptr_t gone;		/* text from here on is not mapped any more */
	int prepare_error;
	size_t fails_after;	/* so many transactions: with that error */
	/* what it was asked */
	size_t starts, tries, registers, arenas, forgets, prepares, commits,
		restores, engine_repairs, repairs, ends;
	size_t room;
	/* the changes that were prepared last */
	const struct sc_change *changes;
	size_t n_changes;
	bool prepared;
	size_t changed;		/* by all commits */
};
extern struct paper_text paper_text;

#endif
