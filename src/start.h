/* SPDX-License-Identifier: MIT */
/* start.h - the first use of the library. */
#ifndef SC_START_H
#define SC_START_H

#include <stdbool.h>

/* Without the lock. */
bool sc_has_started(void);

/* With the lock held; what has been done is not done again. */
void sc_start(void);

#endif
