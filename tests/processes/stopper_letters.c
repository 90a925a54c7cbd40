/* SPDX-License-Identifier: MIT */
/*
 * stopper_letters.c - the steps are the lettered ones of an update, in a library that
 * was built with them (-DSC_STEPS; src/step.h has the letters).
 */
#include <sched.h>

#include "stopper.h"

extern int (*sc_step_hook)(char step);

static int step(char letter)
{
	(void)letter;
	stop_is_here();
	return 0;
}

void stop_yield(void)
{
	sched_yield();
}

void stop_find_library(void)
{
	sc_step_hook = step;
}
