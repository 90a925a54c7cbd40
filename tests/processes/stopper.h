/* SPDX-License-Identifier: MIT */
/*
 * stopper.h - stops a thread in the middle of what it does in the library: at the
 * first, the second, ... of the C library's functions that the library calls there.
 *
 * The program defines these functions, and the library's calls are bound to them.
 * So a test can look at each moment between two system calls, with the library as
 * it is installed.
 */
#ifndef PROCESSES_STOPPER_H
#define PROCESSES_STOPPER_H

/*
 * Runs @act(@n) in a thread of its own, which stops at the library's call number
 * @step (from 1).  If it does, runs @meanwhile(@n) here, and lets the thread go on.
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

#endif /* PROCESSES_STOPPER_H */
