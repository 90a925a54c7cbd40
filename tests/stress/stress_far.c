/* SPDX-License-Identifier: MIT */
/* stress_far.c - see stress_far.h. */
#include "stress_far.h"

#define EXPORT	__attribute__((visibility("default")))

static long hit(struct probe *p, unsigned long check, long tag)
{
	p->tag = check == ~(unsigned long)p ? tag : TAG_GARBLED;
	return 2000 + tag;
}

#define AIM(n)								\
	static __attribute__((noinline))				\
	long aim_##n(struct probe *p, unsigned long check)		\
	{								\
		return hit(p, check, 0x##n);				\
	}
/* The three of sixteen numbers that are far. */
#define AIMS(row)	AIM(row##2) AIM(row##7) AIM(row##d)
AIMS(0) AIMS(1) AIMS(2) AIMS(3)

#define NAMES(row)							\
	[0x##row##2] = aim_##row##2, [0x##row##7] = aim_##row##7,		\
	[0x##row##d] = aim_##row##d
static hook_fn *const aims[N_AIMS] = { NAMES(0), NAMES(1), NAMES(2), NAMES(3) };

EXPORT hook_fn *far_aim(long tag)
{
	return aims[tag];
}

/* The program gives it its first target. */
DEFINE_STATIC_CALL_NULL(stress_far, hook_fn);
EXPORT_STATIC_CALL(stress_far);

EXPORT struct static_call_key *far_key(void)
{
	return &STATIC_CALL_KEY(stress_far);
}

EXPORT long far_call(struct probe *p, unsigned long check)
{
	long result = static_call(stress_far)(p, check);

	__asm__ volatile("" : "+r"(result));
	return result;
}

EXPORT long far_tail(struct probe *p, unsigned long check)
{
	return static_call(stress_far)(p, check);
}
