/* SPDX-License-Identifier: MIT */
/* assembler.h - reads the command line of an assembler. */
#ifndef SC_ASSEMBLER_H
#define SC_ASSEMBLER_H

#include <stdbool.h>

/* False if no static call can be in what it is to read. */
bool sc_assembler_may_call(char *const *argv);

#endif /* SC_ASSEMBLER_H */
