/* SPDX-License-Identifier: MIT */
/* permanent.h - which objects were loaded with the program, and never leave. */
#ifndef SC_PERMANENT_H
#define SC_PERMANENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the object that holds @address stays to the end of the process.  Calls
 * the dynamic loader, so never with the library's lock held.
 */
bool sc_is_permanent(const void *address);

/* Gives back what is kept for that. */
void sc_permanent_end(void);

#endif
