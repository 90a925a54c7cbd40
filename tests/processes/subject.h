/* SPDX-License-Identifier: MIT */
/*
 * subject.h - the static calls that these tests update: an ordinary one, one that
 * may be NULL and one that may be RET0, with sites of each kind.
 *
 * subject.c is compiled into programs, libraries and plugins; each has keys and
 * sites of its own, and hands out its functions in a table.
 */
#ifndef PROCESSES_SUBJECT_H
#define PROCESSES_SUBJECT_H

/* Target number n is in force where every call runs target n % SUBJECT_TARGETS. */
#define SUBJECT_TARGETS	4u

struct subject {
	/* One key after the other; 0 or the first error. */
	int (*update)(unsigned int n);
	/* All keys at once. */
	int (*update_batch)(unsigned int n);
	/* Another key, which check() does not look at, and a call of it. */
	int (*update_other)(unsigned int n);
	/* 0: all calls run target @n. */
	int (*check)(unsigned int n);
	/* 0: all sites of the ordinary call run one of the targets. */
	int (*call)(void);
	/* The number that all calls agree on; -1: they do not. */
	int (*number)(void);
	/* Updates in both ways, the last time to @n, and checks after each. */
	int (*change)(unsigned int n);
};

const struct subject *program_subject(void);
const struct subject *library_subject(void);
/* To be looked up by dlsym(). */
#define SUBJECT_OF_PLUGIN	"plugin_subject"

/* Loads a plugin that was built beside the program; ends the case if it cannot. */
const struct subject *subject_load(const char *name, void **handle);

#endif /* PROCESSES_SUBJECT_H */
