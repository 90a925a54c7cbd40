/* SPDX-License-Identifier: MIT */
/* script.h - the inputs that a linker script names. */
#ifndef SC_SCRIPT_H
#define SC_SCRIPT_H

#include <stdint.h>

#include "common/tool.h"

/* False for what is no text, or names no inputs. */
bool sc_script_has_inputs(const uint8_t *text, size_t size);

/*
 * Calls @input with @context for each name in INPUT(...) and GROUP(...).  It
 * returns the name to be put in its place, "" for none; the same name where it
 * stays; NULL after a message.  The new script, in memory of @pool; NULL: a
 * message.
 */
char *sc_script_rewrite(struct sc_pool *pool, const uint8_t *text, size_t size,
			const char *(*input)(void *context, const char *name),
			void *context);

#endif /* SC_SCRIPT_H */
