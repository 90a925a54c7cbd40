/* SPDX-License-Identifier: MIT */
/*
 * edited.c - a program, or with -DPLUGIN a library, whose file a tool edits after
 * the link: calls that check themselves, and what the library says of them.
 *
 * An update may be refused, then the old target stays; any other result than
 * that of the target in force is wrong, and so is a place that is reported as
 * direct and is not.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <static_call.h>

static int seen;

static int one(int x)
{
	return x + 1;
}

static int two(int x)
{
	return x + 2;
}

static int ten(int x)
{
	return x * 10;
}

static long seven(int x)
{
	(void)x;
	return 7;
}

static void see(int x)
{
	seen += x;
}

DEFINE_STATIC_CALL(edited, one);
DEFINE_STATIC_CALL(other, ten);
DEFINE_STATIC_CALL_RET0(zeroed, seven);
DEFINE_STATIC_CALL_NULL(nulled, void (*)(int));

/* What is in force. */
static int (*now_edited)(int) = one;
static int (*now_other)(int) = ten;
static long (*now_zeroed)(int);
static void (*now_nulled)(int);

#define APART	static __attribute__((noinline))

APART int call(int x)
{
	return static_call(edited)(x) * 2;
}

APART int tail(int x)
{
	return static_call(edited)(x);
}

APART int either(int x)
{
	if (x > 5)
		return static_call(edited)(x);
	return static_call(other)(x);
}

APART int call_other(int x)
{
	return static_call(other)(x) + 1;
}

APART long zero(int x)
{
	return static_call(zeroed)(x) + 1;
}

APART long zero_tail(int x)
{
	return static_call(zeroed)(x);
}

APART int null(int x)
{
	static_call_cond(nulled)(x);
	return x;
}

APART void null_tail(int x)
{
	static_call_cond(nulled)(x);
}

/* Returns how many calls went wrong. */
static int look(void)
{
	const long zeroed = now_zeroed ? now_zeroed(3) : 0;
	const int before = seen, x = 3 + (seen & 1);
	int wrong = null(x) != x;

	null_tail(5);
	wrong += seen - before != (now_nulled ? x + 5 : 0);
	wrong += call(10) != 2 * now_edited(10);
	wrong += tail(10) != now_edited(10);
	wrong += either(10) != now_edited(10);
	wrong += either(2) != now_other(2);
	wrong += call_other(4) != now_other(4) + 1;
	wrong += zero(3) != zeroed + 1;
	wrong += zero_tail(3) != zeroed;
	wrong += static_call_query(edited) != now_edited;
	wrong += static_call_query(nulled) != now_nulled;
	return wrong;
}

/* In force only if the update returned 0.  Returns how many were refused. */
static int change(int round)
{
	int (*edited)(int) = round & 1 ? two : one;
	int (*other)(int) = round & 2 ? one : ten;
	long (*zeroed)(int) = round & 1 ? seven : NULL;
	void (*nulled)(int) = round & 2 ? see : NULL;
	const struct static_call_change both[] = {
		STATIC_CALL_CHANGE(edited, edited),
		STATIC_CALL_CHANGE(other, other),
	};
	int refused = 0;

	if (round & 4) {
		if (!static_call_update_batch(both, 2)) {
			now_edited = edited;
			now_other = other;
		} else {
			refused++;
		}
	} else if (!static_call_update(edited, edited)) {
		now_edited = edited;
	} else {
		refused++;
	}
	if (!static_call_update(zeroed, zeroed ? zeroed :
				(void *)&__static_call_return0))
		now_zeroed = zeroed;
	else
		refused++;
	if (!static_call_update(nulled, nulled))
		now_nulled = nulled;
	else
		refused++;
	return refused;
}

/* A place that is said to be direct leads to its target. */
static int look_at(const struct static_call_site_info *s, void *arg)
{
	const unsigned char *p = s->addr, *end = p + 5;
	const void *func = s->key ? __static_call_query(s->key) : NULL;
	int *wrong = arg;
	int32_t rel;

	if (s->state != STATIC_CALL_SITE_PATCHED)
		return 0;
	if (s->kind == STATIC_CALL_KIND_CALL6 ||
	    s->kind == STATIC_CALL_KIND_COND)
		end++;
	memcpy(&rel, end - sizeof(rel), sizeof(rel));
	if (!s->key)
		++*wrong;
	else if (func && func != (void *)&__static_call_return0)
		*wrong += end + rel != func;
	else if (s->kind == STATIC_CALL_KIND_CALL)
		*wrong += *p == 0xe8;
	return 0;
}

/* It calls nothing of another library that look() does not. */
static int look_at_key(const struct static_call_key_info *k, void *arg)
{
	int *wrong = arg;

	*wrong += k->func != __static_call_query(k->key) ||
		  k->sites_patched > k->sites || !k->name[0];
	return 0;
}

int go(void);

int go(void)
{
	struct static_call_info info = { .size = sizeof(info) };
	int round, refused = 0, wrong = look();

	for (round = 0; round < 16; round++) {
		refused += change(round);
		wrong += look();
	}
	change(3);
	if (static_call_get_info(&info) ||
	    static_call_for_each_site(look_at, &wrong) ||
	    static_call_for_each_key(look_at_key, &wrong))
		return EXIT_FAILURE;
	wrong += look();
	printf("keys %zu, sites %zu, patched or crossing %zu, refused %d, wrong %d\n",
	       info.keys, info.sites, info.sites_patched + info.sites_crossing,
	       refused, wrong);
	if (info.reason)
		printf("%s\n", info.reason);
	fflush(stdout);
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

#ifndef PLUGIN
int main(void)
{
	return go();
}
#endif
