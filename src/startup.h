/* SPDX-License-Identifier: MIT */
/* startup.h - which objects were loaded with the program, and never leave. */
#ifndef SC_STARTUP_H
#define SC_STARTUP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether the object that holds @address stays to the end of the process.  Calls
 * the dynamic loader, so never with the library's lock held.
 */
bool sc_startup_stays(const void *address);

/* Gives back what is kept for that. */
void sc_startup_end(void);

#endif
