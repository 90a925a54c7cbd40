/* SPDX-License-Identifier: MIT */
/*
 * late_subject.c - a module that updates in its destructors: before the one of the
 * header has run, and after it.
 *
 * Of two destructors of one priority the one that is defined first runs last, so one
 * of them stands before <static_call.h>.
 */
#include "late_updates.h"

static const struct subject *get_subject(void);

static __attribute__((destructor(101))) void update_last(void)
{
	late_updates(get_subject());
}

#include "subject.c"

static const struct subject *get_subject(void)
{
	return SUBJECT();
}

static __attribute__((destructor)) void update_first(void)
{
	late_updates(get_subject());
}
