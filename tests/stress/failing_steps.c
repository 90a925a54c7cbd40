/* SPDX-License-Identifier: MIT */
/*
 * failing_steps.c - the library's engine, but its steps fail at
 * random.  An update may then be refused; calls must be right all the same.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "step.h"

int (*sc_step_hook)(char step);
unsigned int sc_rules_off;

/* Only ever run with the library's lock held. */
static int fail_sometimes(char step)
{
	static uint32_t state = 88172645u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	switch (step) {
	case 'B':
	case 'C':
		return state % 64 ? 0 : -EMFILE;
	case 'A':
	case 'R':
		return state % 8 ? 0 : -EACCES;
	default:
		return state % 4 ? 0 : -ENOMEM;
	}
}

/* Tells the stress program. */
extern bool steps_fail;

/* After the library has probed the system: that must succeed. */
__attribute__((constructor(2000))) static void set_hook(void)
{
	steps_fail = true;
	sc_step_hook = fail_sometimes;
}
