/* SPDX-License-Identifier: MIT */
/*
 * units.h - sandboxes as real services have them: what systemd makes of the settings of
 * a unit file, and filters that a program or a container brings.
 */
#ifndef SYSTEM_UNITS_H
#define SYSTEM_UNITS_H

enum {
	MEMORY_DENY_WRITE_EXECUTE = 1,
	RESTRICT_NAMESPACES = 2,
	PROC_SUBSET_PID = 4,
	PROTECT_PROC = 8,	/* invisible */
	ANOTHER_USER = 16,	/* before the program starts, as systemd does */
	NEEDS_PROC = 32,	/* without a /proc of its own there is nothing to test */
};

struct unit {
	/*
	 * Groups and system calls by number, as systemd has them: what is
	 * allowed, beside @default; or, behind "~", what is not; behind a list of
	 * what is allowed, "~" takes away again.  NULL: no filter.
	 */
	const char *filter;
	int settings;
};

/* What becomes of a refused call of the filter: an errno, or DENY_KILL. */
const char *unit_enter(const struct unit *unit, int refused);

#endif /* SYSTEM_UNITS_H */
