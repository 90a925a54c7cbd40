/* SPDX-License-Identifier: MIT */
/*
 * fallback.c - each macro of static_call_fallback.h in strict C99 and C++11; linked
 * with itself, compiled with OTHER_FILE.  Exits 0 if all is right.
 */
#include "static_call_fallback.h"

static int plus_two(int x)
{
	return x + 2;
}

typedef int (*int_pointer)(int);
typedef void void_function(int *);

DECLARE_STATIC_CALL(number, int_pointer);
/* Once more, as headers do. */
DECLARE_STATIC_CALL(number, plus_two);
DECLARE_STATIC_CALL(nothing, void_function);

#ifdef OTHER_FILE

/* Says what the other file sees. */
#ifdef __cplusplus
extern "C"
#endif
int other_file(int update);

int other_file(int update)
{
	static int calls;

	if (update < 0)
		return static_call_update(nothing, NULL);
	if (update && static_call_update(number, plus_two))
		return -1;
	static_call_cond(nothing)(&calls);
	return static_call(number)(calls);
}

#else

#ifdef __cplusplus
extern "C"
#endif
int other_file(int update);

static int plus_one(int x)
{
	return x + 1;
}

struct pair {
	long a, b;
};

static struct pair pair_of(long a, long b)
{
	struct pair p;

	p.a = a;
	p.b = b;
	return p;
}

static void count(int *calls)
{
	++*calls;
}

DEFINE_STATIC_CALL(number, plus_one);
EXPORT_STATIC_CALL(number);
DEFINE_STATIC_CALL_NULL(nothing, void_function);
EXPORT_STATIC_CALL_TRAMP_GPL(nothing);
DEFINE_STATIC_CALL_RET0(zero, int_pointer);
DEFINE_STATIC_CALL(pair, pair_of);

static int wrong;

#define expect(right)	(wrong += (right) ? 0 : (__LINE__))

static void updates(void)
{
	const struct static_call_change both[] = {
		STATIC_CALL_CHANGE(number, plus_one),
		STATIC_CALL_CHANGE(zero, &plus_two),
	};
	const struct static_call_change twice[] = {
		STATIC_CALL_CHANGE(number, plus_two),
		STATIC_CALL_CHANGE(number, plus_two),
	};

	expect(static_call_update_batch(both, 2) == 0);
	expect(static_call(zero)(1) == 3);
	expect(static_call_update_batch(twice, 2) == -EINVAL);
	expect(static_call_update_batch(NULL, 1) == -EINVAL);
	expect(static_call_update_batch(NULL, 0) == 0);
	expect(static_call_query(number) == plus_one);
	expect(__static_call_update(NULL, NULL, NULL) == -EINVAL);
	/* The new target is evaluated once. */
	{
		static int (*const targets[])(int) = { plus_two, plus_one };
		int i = 0;

		expect(static_call_update(number, targets[i++]) == 0);
		expect(i == 1 && static_call(number)(1) == 3);
	}
}

static void null_calls(void)
{
	int calls = 0, evaluated = 0;

	static_call(nothing)((evaluated++, &calls));
	static_call_cond(nothing)((evaluated++, &calls));
	expect(evaluated == 2 && calls == 0);
	expect(static_call_query(nothing) == NULL);
	expect(static_call_update(nothing, count) == 0);
	static_call(nothing)(&calls);
	expect(other_file(0) == 3 + 1 - 1);
	expect(static_call_update(nothing, NULL) == 0);
	static_call_cond(nothing)(&calls);
	expect(calls == 1);
	expect(static_call_query(nothing) == NULL);
	/* Also where another file says NULL. */
	expect(static_call_update(nothing, count) == 0);
	expect(other_file(-1) == 0);
	expect(static_call_query(nothing) == NULL);
}

int main(void)
{
	expect(static_call(number)(1) == 2);
	expect(static_call_mod(number)(1) == 2);
	expect(static_call(zero)(41) == 0);
	expect(static_call(pair)(3, 4).b == 4);
	expect(other_file(0) == 1);
	expect(other_file(1) == 2);
	expect(static_call(number)(1) == 3);
	updates();
	null_calls();
	expect(static_call_init() == 0 && static_call_initialized);
	expect(static_call_backend()[0] == 'f');
	return wrong != 0;
}

#endif
