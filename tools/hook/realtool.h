/* SPDX-License-Identifier: MIT */
/* realtool.h - finds the tool that the hook stands for. */
#ifndef SC_REALTOOL_H
#define SC_REALTOOL_H

#include "common/tool.h"

/* The path of the real tool @name, in memory of @pool; NULL if there is none. */
char *sc_realtool(struct sc_pool *pool, const char *name);

#endif /* SC_REALTOOL_H */
