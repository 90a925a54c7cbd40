/* SPDX-License-Identifier: MIT */
/* many.h - 200 static calls that several files define, call and update. */
#ifndef CONFORMANCE_MANY_H
#define CONFORMANCE_MANY_H

#include <static_call.h>

int many_default(int x);
int many_other(int x);

/* M(i) for i in 000 ... 199; the digits make the names. */
#define MANY_TEN(M, i)							\
	M(i##0) M(i##1) M(i##2) M(i##3) M(i##4)				\
	M(i##5) M(i##6) M(i##7) M(i##8) M(i##9)
#define MANY_HUNDRED(M, i)						\
	MANY_TEN(M, i##0) MANY_TEN(M, i##1) MANY_TEN(M, i##2)		\
	MANY_TEN(M, i##3) MANY_TEN(M, i##4) MANY_TEN(M, i##5)		\
	MANY_TEN(M, i##6) MANY_TEN(M, i##7) MANY_TEN(M, i##8)		\
	MANY_TEN(M, i##9)
#define MANY_FIRST_HALF(M)	MANY_HUNDRED(M, 0)
#define MANY_SECOND_HALF(M)	MANY_HUNDRED(M, 1)
#define MANY(M)			MANY_FIRST_HALF(M) MANY_SECOND_HALF(M)
#define MANY_KEYS		200

#define MANY_DECLARE(i)	DECLARE_STATIC_CALL(many_##i, many_default);
MANY(MANY_DECLARE)
#undef MANY_DECLARE

/* Sum of all 200 calls, made from one file each. */
long many_sum_here(int x);
long many_sum_there(int x);
long many_sum_twice(int x);

/* A site in each file that includes this. */
static inline int many_inline(int x)
{
	return static_call(many_000)(x) + static_call(many_199)(x);
}

int many_inline_there(int x);

#endif /* CONFORMANCE_MANY_H */
