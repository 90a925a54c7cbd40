/* SPDX-License-Identifier: MIT */
/*
 * late_subject.c - a module that updates in its destructors: before the one of the
 * header has run, and after it.
 */
#include "late_updates.h"

#include "subject.c"

static __attribute__((destructor)) void update_first(void)
{
	late_updates(SUBJECT());
}

static void update_last(void)
{
	late_updates(SUBJECT());
}

/* Runs after the header's destructor, whose priority is the first for programs. */
static void (*at_last)(void)
	__attribute__((used, section(".fini_array.00100"))) = update_last;
