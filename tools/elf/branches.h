/* SPDX-License-Identifier: MIT */
/*
 * branches.h - the direct branches to trampolines in a linked x86-64 file: calls
 * that are there, whatever its records say.
 */
#ifndef SC_BRANCHES_H
#define SC_BRANCHES_H

#include "elf/binary.h"

struct sc_branch {
	uint64_t address;		/* of the opcode */
	const char *name;		/* of the static call; NULL: nothing says */
};

struct sc_branches {
	struct sc_branch *branch;	/* sorted by address; of the binary's pool */
	size_t n, n_missing;		/* all; those without a record */
	size_t n_trampolines;		/* in this file */
};

/* 0, or -1 with a message. */
int sc_branches_find(struct sc_binary *binary, struct sc_branches *branches);

/* Does the record of a branch lead to it?  Some begin with a prefix. */
bool sc_branches_recorded(const struct sc_binary *binary, uint64_t address);

/* Calls of the trampoline backend need no records. */
bool sc_branches_need_records(const struct sc_binary *binary);

/*
 * It makes static calls that need records, none of them has one, and the hook was
 * not there.
 */
bool sc_branches_without_hook(const struct sc_binary *binary,
			      const struct sc_branches *branches);

/* What is said of such a file. */
#define SC_WITHOUT_HOOK "linked without the build hook"

#endif /* SC_BRANCHES_H */
