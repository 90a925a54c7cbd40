/* SPDX-License-Identifier: MIT */
/* places_c.c - call sites as compilers make them, and the list of all places. */
#include "stress.h"
#include "stress_far.h"

static __attribute__((noinline))
long plain_call(struct probe *p, unsigned long check)
{
	long result = static_call(stress_shared)(p, check);

	__asm__ volatile("" : "+r"(result));
	return result;
}

static __attribute__((noinline))
long tail_call(struct probe *p, unsigned long check)
{
	return static_call(stress_shared)(p, check);
}

static __attribute__((noinline))
long branch_call(struct probe *p, unsigned long check)
{
	if (__builtin_expect((check & 1) == 0, 0))
		return static_call(stress_shared)(p, check);
	return static_call_mod(stress_shared)(p, check);
}

/* The second call decides, so the first result is lost: let it be checked. */
static __attribute__((noinline))
long looped_call(struct probe *p, unsigned long check)
{
	long result = 0;
	int i;

	for (i = 0; i < 2; i++) {
		p->tag = TAG_NONE;
		result = static_call(stress_shared)(p, check);
		__asm__ volatile("" : "+r"(result) : : "memory");
	}
	return result;
}

const struct place places_c[] = {
	{ plain_call, KEY_SHARED, FORM_COMPILED },
	{ tail_call, KEY_SHARED, FORM_COMPILED },
	{ branch_call, KEY_SHARED, FORM_COMPILED },
	{ looped_call, KEY_SHARED, FORM_COMPILED },
	{ far_call, KEY_FAR, FORM_COMPILED },
	{ far_tail, KEY_FAR, FORM_COMPILED },
};
const size_t n_places_c = sizeof(places_c) / sizeof(places_c[0]);

#define MAX_PLACES	2048
const struct place *all_places[MAX_PLACES];
size_t n_all_places;

static void add(const struct place *place)
{
	if (place->key >= n_keys)
		return;
	if (n_all_places == MAX_PLACES)
		fault("too many places");
	all_places[n_all_places++] = place;
}

void places_start(void)
{
	const struct place *place;
	size_t i;

	for (place = places_asm; place < places_asm_end; place++)
		add(place);
	for (i = 0; i < n_places_c; i++)
		add(places_c + i);
}
