/* SPDX-License-Identifier: MIT */
/* watch.h - for the debug log: keys whose target goes with its library. */
#ifndef SC_WATCH_H
#define SC_WATCH_H

#include <static_call/api.h>

/*
 * After an update: when a library is unloaded that holds one of the new targets,
 * the keys whose target it is are logged.  Calls the dynamic loader, so never
 * with the library's lock held.
 */
void sc_watch_targets(const struct static_call_change *changes, size_t n);

#endif
