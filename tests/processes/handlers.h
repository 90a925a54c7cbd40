/* SPDX-License-Identifier: MIT */
/* handlers.h - a library that calls the program back in its fork handlers. */
#ifndef PROCESSES_HANDLERS_H
#define PROCESSES_HANDLERS_H

struct handlers {
	void (*before_the_mutex)(void);
	/* With the library's mutex. */
	void (*before)(void);
	void (*in_parent)(void);
	void (*in_child)(void);
};

void handlers_set(const struct handlers *set);
int handlers_with_mutex(int (*func)(unsigned int n), unsigned int n);
/*
 * Set once more, after the constructors and without the mutex: these handlers run
 * first before the fork, and last after it.
 */
void handlers_register(void);

#endif /* PROCESSES_HANDLERS_H */
