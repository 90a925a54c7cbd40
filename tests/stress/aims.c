/* SPDX-License-Identifier: MIT */
/*
 * aims.c - the targets of the stress program: functions quick and slow, near
 * and out of a direct call's reach, NULL, and RET0.
 */
#include "stress.h"
#include "stress_far.h"

/* Slow ones return long after the place they return to has changed. */
static long hit(struct probe *p, unsigned long check, long tag)
{
	int turns;

	p->tag = check == ~(unsigned long)p ? tag : TAG_GARBLED;
	if (tag % 8 == 3)
		for (turns = 0; turns < 200; turns++)
			__builtin_ia32_pause();
	return 1000 + tag;
}

#define AIM(n)								\
	static __attribute__((noinline, aligned(16)))			\
	long aim_##n(struct probe *p, unsigned long check)		\
	{								\
		return hit(p, check, 0x##n);				\
	}
#define AIMS(row)								\
	AIM(row##0) AIM(row##1) AIM(row##2) AIM(row##3)				\
	AIM(row##4) AIM(row##5) AIM(row##6) AIM(row##7)				\
	AIM(row##8) AIM(row##9) AIM(row##a) AIM(row##b)				\
	AIM(row##c) AIM(row##d) AIM(row##e) AIM(row##f)
AIMS(0) AIMS(1) AIMS(2) AIMS(3)

#define NAMES(row)							\
	aim_##row##0, aim_##row##1, aim_##row##2, aim_##row##3,			\
	aim_##row##4, aim_##row##5, aim_##row##6, aim_##row##7,			\
	aim_##row##8, aim_##row##9, aim_##row##a, aim_##row##b,			\
	aim_##row##c, aim_##row##d, aim_##row##e, aim_##row##f
static hook_fn *const near_aims[N_AIMS] = {
	NAMES(0), NAMES(1), NAMES(2), NAMES(3)
};

enum kind { NEAR, FAR, NIL, RET0 };

/*
 * Two far ones are never neighbours: such an update changes no text, and a
 * process that was copied meanwhile could not tell the old number from the new.
 */
static enum kind kind_of(long number)
{
	static const enum kind kinds[16] = {
		NEAR, NEAR, FAR, NEAR, NIL, NEAR, RET0, FAR,
		NIL, RET0, NEAR, NEAR, NEAR, FAR, RET0, NIL,
	};

	return kinds[number % 16];
}

void *aim_of(long number)
{
	switch (kind_of(number)) {
	case NIL:
		return NULL;
	case RET0:
		return (void *)&__static_call_return0;
	case FAR:
		return (void *)far_aim(number % N_AIMS);
	default:
		return (void *)near_aims[number % N_AIMS];
	}
}

bool aim_explains(long number, long tag, long result)
{
	switch (kind_of(number)) {
	case NIL:
		return tag == TAG_NONE;
	case RET0:
		return tag == TAG_NONE && result == 0;
	case FAR:
		return tag == number % N_AIMS && result == 2000 + tag;
	default:
		return tag == number % N_AIMS && result == 1000 + tag;
	}
}
