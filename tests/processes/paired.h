/* SPDX-License-Identifier: MIT */
/*
 * paired.h - two modules, each of which has a static call and calls the other's:
 * plugin_first.so, which brings libsecond.so; and plugin_second.so, which brings
 * libfirst.so.
 */
#ifndef PROCESSES_PAIRED_H
#define PROCESSES_PAIRED_H

#define PAIRED_TARGETS	3u

struct paired {
	/* Its own static call. */
	int (*update)(unsigned int n);
	/* 0: its sites of the first call run target @first, those of the second
	   @second. */
	int (*check)(unsigned int first, unsigned int second);
	/* @func is called when its "leave" has run, while it is still mapped. */
	void (*at_end)(void (*func)(void));
};

/* To be looked up by dlsym(). */
#define PAIRED_FIRST	"paired_first"
#define PAIRED_SECOND	"paired_second"

#endif /* PROCESSES_PAIRED_H */
