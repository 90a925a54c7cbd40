/* SPDX-License-Identifier: MIT */
/*
 * unsafe.h - engines that are known to be wrong, in place of the library's own.
 *
 * The stress program must see each of them fail, or it would see nothing.
 */
#ifndef UNSAFE_H
#define UNSAFE_H

#include "plan.h"
#include "text.h"

/* Writes the changes, one way or the other; text is writable. */
void unsafe_write(const struct sc_change *changes, size_t n);

/* Once, before anything is written. */
void unsafe_start(void);

#endif
