/* SPDX-License-Identifier: MIT */
/* assembler.h - what an assembler's command line says. */
#ifndef SC_ASSEMBLER_H
#define SC_ASSEMBLER_H

#include "response.h"

/* The object it makes; NULL: it makes none. */
const char *sc_assembler_output(const struct sc_args *args);

/* False if all it reads is known, and no static call is in that. */
bool sc_assembler_may_call(const struct sc_args *args);

#endif /* SC_ASSEMBLER_H */
