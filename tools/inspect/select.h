/* SPDX-License-Identifier: MIT */
/* select.h - which processes are meant. */
#ifndef SC_SELECT_H
#define SC_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/tool.h"

struct sc_selection {
	struct sc_pool pool;
	char **pid;			/* numbers, as text */
	size_t n;
};

bool sc_select_is_number(const char *word);

/* Each adds to @selection: 0, or -1 after a message (out of memory, no /proc). */
int sc_select_pid(struct sc_selection *selection, const char *pid);
/* Processes whose program has this name, as pidof(1) takes it. */
int sc_select_name(struct sc_selection *selection, const char *name);
/* All but this one. */
int sc_select_all(struct sc_selection *selection);

void sc_select_end(struct sc_selection *selection);

#endif /* SC_SELECT_H */
