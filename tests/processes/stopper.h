/* SPDX-License-Identifier: MIT */
/*
 * stopper.h - stops a thread in the middle of what it does in the library: at the
 * first, the second, ... of its steps there.
 *
 * One of two files defines a step: a call of the C library (stopper_calls.c), or
 * a lettered step of an update (stopper_letters.c).
 */
#ifndef PROCESSES_STOPPER_H
#define PROCESSES_STOPPER_H

/*
 * Runs @act(@n) in a thread of its own, which stops at step number @step (from 1)
 * of the library.  If it does, runs @meanwhile(@n) here, and lets the thread go on.
 * Ends the case unless @act returns 0.  Returns whether it stopped.
 */
int stop_at_step(unsigned int step, int (*act)(unsigned int n),
		 void (*meanwhile)(unsigned int n), unsigned int n);

/* stop_at_step() at each step; the number of steps. */
unsigned int stop_at_each_step(int (*act)(unsigned int n),
			       void (*meanwhile)(unsigned int n));

/*
 * The same in two halves: whether it stopped; then it goes on to its end.
 */
int stop_begin(unsigned int step, int (*act)(unsigned int n), unsigned int n);
void stop_end(void);

/* Lets the thread go on; stop_end() waits for it. */
void stop_no_longer(void);

/* ---- between stopper.c and the file that knows the steps */

/* Called at each step, in any thread. */
void stop_is_here(void);
/* Before the first stop. */
void stop_find_library(void);
/* sched_yield(), which is no step. */
void stop_yield(void);

#endif /* PROCESSES_STOPPER_H */
