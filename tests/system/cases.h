/* SPDX-License-Identifier: MIT */
/* cases.h - the restrictions under which locked.c tries, and what must happen. */
#ifndef SYSTEM_CASES_H
#define SYSTEM_CASES_H

#include <stddef.h>

#include "restrict.h"

enum outcome {
	DIRECT,		/* all sites are patched, as ever */
	VIA_KEY,	/* updates work; changed sites go through the key */
	REFUSED,	/* updates fail, nothing changes */
	UNSAFE,		/* the program's text is never touched */
	OFF,		/* patching is off from the start */
	KILLED,		/* the filter kills it */
};

/* An update may return this, or 0. */
#define OR_DONE(err)	(-(err))

struct expect {
	enum outcome outcome;
	int err;
};

enum {
	QUIET = 1,	/* no other thread calls until after the next updates */
	NO_PATCH = 2,	/* STATIC_CALL_PATCH=0 */
	/*
	 * Not under a sanitizer (SC_TEST_SANITIZER): its runtime ends the
	 * program where it gets no memory, and its mlockall() locks nothing.
	 */
	NOT_SANITIZED = 4,
};

struct test {
	const char *name;
	struct expect alone, threads;
	const char *(*before)(void);	/* before the program starts */
	const char *(*after)(void);	/* after it has started */
	const char *deny;		/* system calls, after it has started */
	int err;
	const char *preload;		/* what the preloaded library does */
	const char *reason;		/* part of why patching is off */
	const char *says;		/* why an update was refused, or the like */
	void (*finally)(void);
	int flags;
};

extern const struct test cases[];
extern const size_t n_cases;

#endif /* SYSTEM_CASES_H */
