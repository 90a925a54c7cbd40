/* SPDX-License-Identifier: MIT */
/*
 * paper.h - a backend that only notes what it is asked, and fails when it is
 * told to.  The state of a module on paper is the plan that it begins with.
 */
#ifndef PAPER_H
#define PAPER_H

#include <stdbool.h>
#include <stddef.h>

#include <static_call/api.h>

#define MAX_KEYS 200

struct sc_module;

/* What a module defines and uses. */
struct plan {
	char state;
	struct static_call_key *defines, *uses;
	size_t n_defines, n_uses;
};

struct fake {
	/* what it shall answer */
	int read_error, add_error, prepare_error, remove_error;
	bool is_mapped, can_patch_now;
	const char *reason, *trouble;
	void (*during_prepare)(void);
	void (*during_repair)(void);
	/* what it was asked */
	const char *forbidden;
	int started, reads, forgets, adds, removes, orphans, prepares, commits,
		drops, repairs, repaired_modules, ends;
	size_t n_changing;
	struct static_call_key *changing[MAX_KEYS];
	void *targets[MAX_KEYS], *seen[MAX_KEYS];
	const char *orphan;
	/* sc_world.moving when a module came, left or was dropped */
	const struct sc_module *moving;
};
extern struct fake fake;

extern char names[MAX_KEYS][32];
extern struct static_call_site_info sites[3];

#endif
