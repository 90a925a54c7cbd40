/* SPDX-License-Identifier: MIT */
/* keys.c - the static calls of the stress program, and how they are updated. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "soak.h"
#include "stress.h"
#include "stress_far.h"

static long first_aim(struct probe *p, unsigned long check)
{
	(void)check;
	p->tag = TAG_GARBLED;
	return -1;
}

#define DEFINE_KEY(n)	DEFINE_STATIC_CALL(k##n, first_aim);
FOR_EACH_KEY(DEFINE_KEY)
DEFINE_STATIC_CALL(stress_shared, first_aim);
EXPORT_STATIC_CALL(stress_shared);

struct key_state keys[N_KEYS] = {
#define KEY_STATE(n)	[n] = { .key = &STATIC_CALL_KEY(k##n) },
	FOR_EACH_KEY(KEY_STATE)
	[KEY_SHARED] = { .key = &STATIC_CALL_KEY(stress_shared) },
};

int n_keys = N_KEYS;

bool key_take(struct key_state *k)
{
	return !atomic_flag_test_and_set(&k->busy);
}

void key_release(struct key_state *k)
{
	atomic_flag_clear(&k->busy);
}

bool steps_fail;

/*
 * The library may refuse only if memory or descriptors are short for a moment,
 * or if steps are made to fail.  A famine lasts as long as the machine likes.
 */
static bool may_retry(int err, int *tries)
{
	const struct timespec moment = { .tv_nsec = 100000 };

	if (!err)
		return false;
	count(RETRIES, 1);
	*tries += !(err == -EMFILE && soak_is_hungry());
	if (*tries > 1000 ||
	    (!steps_fail && err != -ENOMEM &&
	     !(soak_is_short && err == -EMFILE)))
		fault("update refused: %s", strerror(-err));
	if (err == -EMFILE)
		nanosleep(&moment, NULL);
	else
		sched_yield();
	return true;
}

void key_update(struct key_state *k)
{
	struct key_state *one = k;

	keys_update(&one, 1);
}

void keys_update(struct key_state **k, size_t n)
{
	struct static_call_change changes[N_KEYS];
	int err, tries = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		long number = atomic_load(&k[i]->done) + 1;

		/* In a child of fork() its parent may have begun the number. */
		if (number <= atomic_load(&k[i]->begun))
			number = atomic_load(&k[i]->begun) + 1;
		changes[i].key = k[i]->key;
		changes[i].func = aim_of(number);
		atomic_store(&k[i]->begun, number);
	}
	do {
		err = n == 1 ? __static_call_update(changes[0].key, NULL,
						    changes[0].func) :
			       static_call_update_batch(changes, n);
	} while (may_retry(err, &tries));
	for (i = 0; i < n; i++)
		atomic_store(&k[i]->done, atomic_load(&k[i]->begun));
}

void keys_start(void)
{
	size_t i;

	keys[KEY_FAR].key = far_key();
	for (i = 0; i < N_KEYS; i++) {
		atomic_flag_clear(&keys[i].busy);
		key_update(keys + i);
	}
}
