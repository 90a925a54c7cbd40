/* SPDX-License-Identifier: MIT */
/* stress_copy.h - a plugin that has the library inside. */
#ifndef STRESS_COPY_H
#define STRESS_COPY_H

struct stress_copy {
	/* Updates its calls and makes them; NULL, or what was wrong. */
	const char *(*use)(void);
};

/* The program's: whether it has taken all descriptors. */
_Bool soak_is_hungry(void);

#endif
