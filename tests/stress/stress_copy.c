/* SPDX-License-Identifier: MIT */
/* stress_copy.c - a plugin that has the library inside, and calls of its own. */
#include <errno.h>
#include <time.h>

#include <static_call.h>

#include "stress_copy.h"

#define ROUNDS	20
#define TRIES	1000

static __attribute__((noinline)) long one(long x)
{
	return x + 1;
}

static __attribute__((noinline)) long two(long x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(copied, one);
DEFINE_STATIC_CALL_RET0(copied_ret0, long(long));

static __attribute__((noinline)) long call(long x)
{
	return static_call(copied)(x) * 10 + static_call(copied_ret0)(x);
}

/* Descriptors or memory may be short for a moment. */
static int update(struct static_call_key *key, void *func,
		  _Bool (*is_hungry)(void))
{
	const struct timespec moment = { .tv_nsec = 100000 };
	int err, tries = 0;

	for (;;) {
		err = __static_call_update(key, NULL, func);
		tries += !is_hungry();
		if ((err != -EMFILE && err != -ENOMEM) || tries > TRIES)
			return err;
		nanosleep(&moment, NULL);
	}
}

static const char *use(_Bool (*is_hungry)(void))
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (update(&STATIC_CALL_KEY(copied), (void *)two, is_hungry) ||
		    update(&STATIC_CALL_KEY(copied_ret0), (void *)one,
			   is_hungry))
			return "an update was refused";
		if (call(i) != (i + 2) * 10 + i + 1)
			return "a call after the first updates";
		if (update(&STATIC_CALL_KEY(copied), (void *)one, is_hungry) ||
		    update(&STATIC_CALL_KEY(copied_ret0),
			   (void *)__static_call_return0, is_hungry))
			return "an update was refused";
		if (call(i) != (i + 1) * 10)
			return "a call after the last updates";
	}
	return 0;
}

extern const struct stress_copy stress_copy;
__attribute__((visibility("default")))
const struct stress_copy stress_copy = { use };
