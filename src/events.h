/* SPDX-License-Identifier: MIT */
/*
 * events.h - what the debug log says of updates and of modules.
 *
 * With the lock held, but for sc_events_refused(); only where the log is enabled.
 */
#ifndef SC_EVENTS_H
#define SC_EVENTS_H

#include <stddef.h>

struct sc_module;
struct sc_plan;
struct static_call_change;

/* Microseconds from some time on. */
unsigned long sc_events_now(void);

/* The keys are about to be stored: what they hold is kept until they are. */
void sc_events_before(const struct sc_plan *plan);

/* An update that took @us microseconds: a line for each key. */
void sc_events_updated(const struct sc_plan *plan, unsigned long us);

/* An update that failed, also one that did not get the lock: the same. */
void sc_events_refused(const struct static_call_change *changes, size_t n,
		       const char *why, int err);

/* A module: "added", with what is in it, or why it was not. */
void sc_events_module(const struct sc_module *m, const char *what, int err);

#endif
