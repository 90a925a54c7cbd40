/* SPDX-License-Identifier: MIT */
/* broken_crossing.c - places that cross a page are patched like all others. */
#define SC_STEPS
#include "decode.c"

unsigned int sc_rules_off = 1u << 3;
