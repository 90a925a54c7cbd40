/* SPDX-License-Identifier: MIT */
/* stephook.c - what a test sets to stop the library at a step, or break a rule. */
#include <stddef.h>

#include "step.h"

int (*sc_step_hook)(char step);
unsigned int sc_rules_off;
