/* SPDX-License-Identifier: MIT */
/*
 * stopper_letters.c - the steps are the lettered ones of an update, in a library that
 * was built with them (-DSC_STEPS; src/step.h has the letters).
 */
#include <errno.h>
#include <sched.h>

#include "stopper.h"
#include "stopper_letters.h"

extern int (*sc_step_hook)(char step);

static __thread char failing;
/* Written by the thread before it stops, read by others while it is stopped. */
static char last_letter;

void stop_fail(char letter)
{
	failing = letter;
}

char stop_letter(void)
{
	return last_letter;
}

static int step(char letter)
{
	last_letter = letter;
	stop_is_here();
	return letter == failing ? -ENOMEM : 0;
}

void stop_yield(void)
{
	sched_yield();
}

void stop_find_library(void)
{
	sc_step_hook = step;
}
