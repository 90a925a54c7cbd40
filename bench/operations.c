/* SPDX-License-Identifier: MIT */
/* operations.c - what a pipeline does with packets; see pipeline.h. */
#include "measure.h"
#include "pipeline.h"

static uint32_t rotate(uint32_t x, unsigned int bits)
{
	return x << bits | x >> (32 - bits);
}

/* Both variants do the same: what is measured is the call. */
#define WORK(n)								\
	p->word[(n) % WORDS] += rotate(p->word[(n) * 7 % WORDS],	\
				       (n) % 31 + 1)

#define DEFINE_OP(n)							\
	void op_plain_##n(struct packet *p)				\
	{								\
		WORK(n);						\
	}								\
	void op_fast_##n(struct packet *p)				\
	{								\
		WORK(n);						\
	}								\
	DEFINE_STATIC_CALL(op_##n, op_plain_##n);			\
	packet_fn *op_pointer_##n = op_plain_##n;

#define DEFINE_HOOK(n)							\
	DEFINE_STATIC_CALL_NULL(hook_##n, packet_fn);			\
	packet_fn *hook_pointer_##n;

void hook_on(struct packet *p)
{
	p->seen++;
}

EACH_OP(DEFINE_OP)
EACH_HOOK(DEFINE_HOOK)

#define CHOOSE_OP(n)							\
	op_pointer_##n = op_fast_##n;					\
	failed |= static_call_update(op_##n, op_fast_##n);

#define CHOOSE_HOOK(n)							\
	if (HOOK_IS_ON(n)) {						\
		hook_pointer_##n = hook_on;				\
		failed |= static_call_update(hook_##n, hook_on);	\
	}

void choose_operations(void)
{
	int failed = 0;

	EACH_OP(CHOOSE_OP)
	EACH_HOOK(CHOOSE_HOOK)
	if (failed)
		fail("an update failed");
}
