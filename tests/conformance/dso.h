/* SPDX-License-Identifier: MIT */
/* dso.h - what a shared library, its plugins and the program share. */
#ifndef CONFORMANCE_DSO_H
#define CONFORMANCE_DSO_H

#include <static_call.h>

int dso_one(int x);
int dso_two(int x);
int program_one(int x);

/* Exported by the library: for all, to call only, and not at all. */
DECLARE_STATIC_CALL(dso_open, dso_one);
DECLARE_STATIC_CALL(dso_open_gpl, dso_one);
DECLARE_STATIC_CALL(dso_tramp, dso_one);
DECLARE_STATIC_CALL(dso_tramp_gpl, dso_one);
/* Exported by the program, for the plugin. */
DECLARE_STATIC_CALL(program_call, program_one);
DECLARE_STATIC_CALL(program_tramp, program_one);

/* The same from inside the library. */
int dso_calls_open(int x);
int dso_tail_calls_open(int x);
int dso_calls_tramp(int x);
int dso_calls_private(int x);
int dso_updates_open(int (*func)(int));
int dso_updates_tramp(int (*func)(int));
int dso_updates_tramp_to_ret0(void);
void *dso_return0(void);
/* Somewhere in the library. */
const void *dso_place(void);

/* What a plugin offers, symbol "plugin_ops". */
struct plugin_ops {
	int (*call_own)(int x);
	int (*update_own)(int (*func)(int));
	int (*call_program)(int x);
	int (*update_program)(int (*func)(int));
	int (*call_program_tramp)(int x);
	int (*call_dso)(int x);
	int (*call_dso_tramp)(int x);
	int (*target)(int x);
	const int *constructed;
};

#endif /* CONFORMANCE_DSO_H */
