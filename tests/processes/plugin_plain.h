/* SPDX-License-Identifier: MIT */
/* plugin_plain.h - a plugin with static calls and ordinary ones. */
#ifndef PROCESSES_PLUGIN_PLAIN_H
#define PROCESSES_PLUGIN_PLAIN_H

/* So many static calls, and so many ordinary ones, in functions plain_0, ... */
#define PLAIN_CALLS	8u
#define PLAIN_PREFIX	"plain_"
#define PLAIN_TARGET	"plain_target"

/* To be looked up by dlsym(): the first target, or the second. */
typedef int plugin_plain_update_func(unsigned int n);
/* How many calls of either kind ran another function than they should. */
typedef unsigned int plugin_plain_wrong_func(unsigned int n);

#endif /* PROCESSES_PLUGIN_PLAIN_H */
