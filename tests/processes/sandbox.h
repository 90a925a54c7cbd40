/* SPDX-License-Identifier: MIT */
/* sandbox.h - a sandbox that a program enters after its start. */
#ifndef PROCESSES_SANDBOX_H
#define PROCESSES_SANDBOX_H

/*
 * From now on any system call but write() and the end of the process kills it.  Skips
 * the case where this machine has no such filters.
 */
void sandbox_enter(void);

#endif /* PROCESSES_SANDBOX_H */
