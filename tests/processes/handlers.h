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
 * What was set once more, after the constructors, without the mutex: these handlers
 * run before all others before the fork, and after all others after it.
 */
void handlers_register(void);

#endif /* PROCESSES_HANDLERS_H */
