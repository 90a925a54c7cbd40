/* SPDX-License-Identifier: MIT */
/* steps.h - the steps of an update: written down, watched, made to fail. */
#ifndef STEPS_H
#define STEPS_H

/* The letters of the steps taken since steps_clear(). */
extern char steps_seen[4096];
void steps_clear(void);

/*
 * Of the steps named in @letters, the one after @skip others fails with @err,
 * and so do those that follow, @times in all.
 */
void steps_fail(const char *letters, int skip, int times, int err);

/* Called before each step. */
extern void (*steps_watch)(char step);

#endif
