/* SPDX-License-Identifier: MIT */
/*
 * stress_far.h - the shared library of the stress program: targets that the
 * program cannot reach directly, and a static call with its places there.
 */
#ifndef STRESS_FAR_H
#define STRESS_FAR_H

#include "stress.h"

DECLARE_STATIC_CALL(stress_far, hook_fn);

hook_fn *far_aim(long tag);
struct static_call_key *far_key(void);
/* A call at a place in the library, of the program's shared key, and tail. */
long far_call(struct probe *p, unsigned long check);
long far_tail(struct probe *p, unsigned long check);

#endif
