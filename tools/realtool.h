/* SPDX-License-Identifier: MIT */
/* realtool.h - finds the assembler or linker that the hook stands for. */
#ifndef SC_REALTOOL_H
#define SC_REALTOOL_H

#include "tool.h"

/* The path of the real @name, or NULL where there is none. */
char *sc_realtool(struct sc_pool *pool, const char *name);

#endif /* SC_REALTOOL_H */
