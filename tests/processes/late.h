/* SPDX-License-Identifier: MIT */
/*
 * late.h - a library without static calls that the program's other modules need, so
 * that its destructor runs after theirs: there it calls back.
 */
#ifndef PROCESSES_LATE_H
#define PROCESSES_LATE_H

void late_set(void (*func)(void));

#endif /* PROCESSES_LATE_H */
