/* SPDX-License-Identifier: MIT */
/* stress_copy.h - a plugin that has the library inside. */
#ifndef STRESS_COPY_H
#define STRESS_COPY_H

struct stress_copy {
	/*
	 * Updates its calls and makes them; NULL, or what was wrong.  @is_hungry:
	 * whether the program has taken all descriptors.
	 */
	const char *(*use)(_Bool (*is_hungry)(void));
};

#endif
