/* SPDX-License-Identifier: MIT */
/*
 * pipeline.h - operations and hooks of a pipeline for packets.
 *
 * At the start the program chooses a variant of each operation, as for a
 * processor, and switches few of the hooks on.  It does so twice: by static calls
 * and by pointers.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdint.h>

#include <static_call.h>

#define WORDS	16

struct packet {
	uint32_t word[WORDS];
	uint32_t length, seen;
};

typedef void packet_fn(struct packet *p);

#define EIGHT(x, n)	x(n##0) x(n##1) x(n##2) x(n##3) x(n##4) x(n##5) \
			x(n##6) x(n##7)
/* By octal digits: 64 operations, 32 hooks; stages.awk uses the same names. */
#define EACH_HOOK(x)	EIGHT(x, 0) EIGHT(x, 01) EIGHT(x, 02) EIGHT(x, 03)
#define EACH_OP(x)	EACH_HOOK(x) EIGHT(x, 04) EIGHT(x, 05) EIGHT(x, 06) \
			EIGHT(x, 07)

#define HOOK_IS_ON(n)	((n) % 16 == 5)

#define DECLARE_OP(n)							\
	packet_fn op_plain_##n, op_fast_##n;				\
	extern packet_fn *op_pointer_##n;				\
	DECLARE_STATIC_CALL(op_##n, op_plain_##n);

#define DECLARE_HOOK(n)							\
	extern packet_fn *hook_pointer_##n;				\
	DECLARE_STATIC_CALL(hook_##n, hook_on);

packet_fn hook_on;
EACH_OP(DECLARE_OP)
EACH_HOOK(DECLARE_HOOK)

/* At the start. */
void choose_operations(void);

#endif
