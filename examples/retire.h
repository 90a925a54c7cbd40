/* SPDX-License-Identifier: MIT */
/*
 * retire.h - what the examples of replacing and freeing have in common: a static call
 * whose targets use memory, threads that make it, and a main() that replaces the target
 * many times and frees the memory of the old one.
 *
 * A call that began before an update may still run the old target when the update has
 * returned.  So the memory is freed, or the library of the target unloaded, when no
 * thread can be inside any more.  How that is known is the program's choice; each
 * example has one.
 */
#ifndef RETIRE_H
#define RETIRE_H

#include <stdatomic.h>

/* Runs in each thread until @stop: makes the call, in the way of the example. */
void caller(int thread);
/* Waits until no thread is in a target that was replaced before. */
void wait_for_callers(void);

/* Makes the call: a target whose memory was freed ends the program with status 1. */
void call(void);

#define CALLERS	3
extern atomic_int stop;

#endif
