/* SPDX-License-Identifier: MIT */
/*
 * oldlock.h - for controls: a library keeps fork() and its updates apart by a lock,
 * which its fork handlers hold while the process is copied.
 */
#ifndef PROCESSES_OLDLOCK_H
#define PROCESSES_OLDLOCK_H

/* Registers the handlers, as the library would when it starts. */
void old_lock_start(void);
/* Around each update. */
void old_lock(void);
void old_unlock(void);

#endif /* PROCESSES_OLDLOCK_H */
