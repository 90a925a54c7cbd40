/* SPDX-License-Identifier: MIT */
/* realtool.h - finds the tool that the hook stands for. */
#ifndef SC_REALTOOL_H
#define SC_REALTOOL_H

#include <limits.h>
#include <stdbool.h>

/* Its path; false if there is none, with @path empty. */
bool sc_realtool(char path[PATH_MAX], const char *name, char **environment);

#endif /* SC_REALTOOL_H */
