/* SPDX-License-Identifier: MIT */
/* stopper_letters.h - what a test can do beside where the steps are lettered ones. */
#ifndef PROCESSES_STOPPER_LETTERS_H
#define PROCESSES_STOPPER_LETTERS_H

/* From now on the step @letter fails in this thread; 0: none does. */
void stop_fail(char letter);

/* The last step of the thread that is stopped. */
char stop_letter(void);

#endif /* PROCESSES_STOPPER_LETTERS_H */
