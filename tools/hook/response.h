/* SPDX-License-Identifier: MIT */
/* response.h - command lines, with the @FILE arguments of GNU tools. */
#ifndef SC_RESPONSE_H
#define SC_RESPONSE_H

#include "common/tool.h"

struct sc_args {
	struct sc_pool *pool;
	char **arg;		/* NULL-terminated */
	size_t n;
	unsigned int n_files;	/* that were read */
};

/* Appends @arg, which is not copied.  0, or -1 with a message. */
int sc_args_add(struct sc_args *args, const char *arg);

/* All of @argv, with each @FILE that can be read replaced by what it says. */
int sc_args_expand(struct sc_args *args, char *const *argv);

/* Writes @args[1...] to @path so that sc_args_expand() reads the same. */
int sc_args_write(const struct sc_args *args, const char *path);

#endif /* SC_RESPONSE_H */
