/* SPDX-License-Identifier: MIT */
/*
 * int3.h - what the updates of the library are compared with: the protocol
 * that kernels use, made for a program.
 *
 * It needs a signal handler, threads that do not block SIGTRAP, and text that
 * is writable and executable at once.  The library has none of these.
 */
#ifndef INT3_H
#define INT3_H

#include <stddef.h>

/* Calls in a row, like those of the library that they are compared with. */
struct int3_set {
	unsigned char *text;
	size_t n, stride;	/* sites, and bytes from one to the next */
	void (*run)(void);	/* runs all of them */
};

extern const struct int3_set int3_one, int3_100, int3_pages, int3_10000;

/* The two targets. */
void int3_target_a(void);
void int3_target_b(void);

void int3_init(void);

/* While other threads run the sites. */
void int3_update(const struct int3_set *set, void (*target)(void));

/* For one thread alone: writes in place, without synchronising. */
void int3_update_alone(const struct int3_set *set, void (*target)(void));

/* Makes all threads see new instructions; what a store to a key costs too. */
void int3_sync(void);

#endif
