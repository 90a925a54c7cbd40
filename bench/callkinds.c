/* SPDX-License-Identifier: MIT */
/*
 * callkinds.c - what a call costs that can be changed later: static, through
 * pointers, IFUNC, PLT; and a hook that is off.  In a hot loop, and in straight
 * code with many call sites.
 *
 * Built plainly with each backend, and with the inline backend as compilers
 * harden calls through pointers; BUILD then names it.
 */
#include <stdio.h>

#include <static_call.h>

#include "callee.h"
#include "compare.h"
#include "measure.h"

#ifndef BUILD
#define BUILD	static_call_backend()
#endif

#define CALLS	4000

typedef unsigned int fn(unsigned int x);

/* Text for each of ten, statements or definitions. */
#define TEN(x)	x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9)

/* ------------------------------------------------------------ what is called */

#define TARGET(n)							\
	OPAQUE static unsigned int callee##n(unsigned int x)		\
	{								\
		__asm__ volatile("" : "+r"(x));				\
		return x + 1;						\
	}								\
	DEFINE_STATIC_CALL(near##n, callee##n);				\
	static fn *volatile pointer##n = callee##n;

TEN(TARGET)

static fn *atomic_pointer = callee0;

DEFINE_STATIC_CALL(far_call, shared_callee);

/* As compilers make it of a virtual function of C++: object, table, function. */
struct object {
	const struct table *table;
};

struct table {
	unsigned int (*fn)(struct object *object, unsigned int x);
};

OPAQUE static unsigned int method(struct object *object, unsigned int x)
{
	(void)object;
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

static const struct table table = { method };
static struct object object = { &table };
static struct object *volatile any_object = &object;

static inline unsigned int call_virtual(unsigned int x)
{
	struct object *o = any_object;

	return o->table->fn(o, x);
}

#ifdef __GLIBC__
#define HAVE_IFUNC
__attribute__((used)) static fn *choose(void)
{
	return callee0;
}

unsigned int by_ifunc(unsigned int x) __attribute__((ifunc("choose")));
#endif

/* A hook that is off: nothing to do, and a way to find that out. */
OPAQUE static void empty(unsigned int x)
{
	__asm__ volatile("" : : "r"(x));
}

DEFINE_STATIC_CALL_NULL(null_call, void (*)(unsigned int));
DEFINE_STATIC_CALL_RET0(ret0_call, unsigned int (*)(unsigned int));
static void (*volatile empty_pointer)(unsigned int) = empty;
static void (*volatile null_pointer)(unsigned int);

static inline void call_if_set(unsigned int x)
{
	void (*hook)(unsigned int) = null_pointer;

	if (hook)
		hook(x);
}

#ifdef __x86_64__
#define HAVE_FLAG
static unsigned char flag;

/* What is left of a kernel's static branch where no code is changed. */
static inline void call_if_flag(unsigned int x)
{
	__asm__ goto("cmpb $0, %0\n\tjne %l1" : : "m"(flag) : "cc" : on);
	return;
on:
	empty(x);
}
#endif

/* -------------------------------------------------------------- who calls */

/* Functions of one shape: they differ from each other in the call alone. */
#define LOOP(name, statement)						\
	OPAQUE static unsigned int loop_##name(unsigned int x)		\
	{								\
		int i;							\
									\
		for (i = 0; i < CALLS; i++)				\
			statement;					\
		return x;						\
	}

/*
 * 4000 sites, of ten statements, in ten functions: compilers take long over large
 * functions.
 */
#define PART(name, n, ten)						\
	OPAQUE static unsigned int part##n##_##name(unsigned int x)	\
	{								\
		TIMES10(ten ten ten ten)				\
		return x;						\
	}

#define MANY(name, ten)							\
	PART(name, 0, ten) PART(name, 1, ten) PART(name, 2, ten)	\
	PART(name, 3, ten) PART(name, 4, ten) PART(name, 5, ten)	\
	PART(name, 6, ten) PART(name, 7, ten) PART(name, 8, ten)	\
	PART(name, 9, ten)						\
	OPAQUE static unsigned int many_##name(unsigned int x)		\
	{								\
		x = part1_##name(part0_##name(x));			\
		x = part3_##name(part2_##name(x));			\
		x = part5_##name(part4_##name(x));			\
		x = part7_##name(part6_##name(x));			\
		return part9_##name(part8_##name(x));			\
	}

#define DIRECT(n)	x = callee##n(x);
#define STATIC(n)	x = static_call(near##n)(x);
#define POINTER(n)	x = pointer##n(x);

LOOP(direct, DIRECT(0))
LOOP(static, STATIC(0))
LOOP(far, x = static_call(far_call)(x))
LOOP(plt, x = shared_callee(x))
LOOP(pointer, POINTER(0))
LOOP(atomic, x = __atomic_load_n(&atomic_pointer, __ATOMIC_ACQUIRE)(x))
LOOP(virtual, x = call_virtual(x))
MANY(direct, TEN(DIRECT))
MANY(static, TEN(STATIC))
MANY(plt, TIMES10(x = shared_callee(x);))
MANY(pointer, TEN(POINTER))
MANY(virtual, TIMES10(x = call_virtual(x);))
#ifdef HAVE_IFUNC
LOOP(ifunc, x = by_ifunc(x))
#endif

LOOP(empty, empty(x))
LOOP(null, static_call_cond(null_call)(x))
LOOP(ret0, x += static_call(ret0_call)(x))
LOOP(empty_pointer, empty_pointer(x))
LOOP(null_pointer, call_if_set(x))
MANY(empty, TIMES10(empty(x);))
MANY(null, TIMES10(static_call_cond(null_call)(x);))
MANY(null_pointer, TIMES10(call_if_set(x);))
#ifdef HAVE_FLAG
LOOP(flag, call_if_flag(x))
#endif

/* The first of each is what the others are compared with. */
#define UNUSED	__attribute__((unused))
static const struct kind calls[] = {
	{ "direct call", loop_direct },
	{ "static call", loop_static },
	{ "static call to a shared library", loop_far },
	{ "PLT", loop_plt },
#ifdef HAVE_IFUNC
	{ "IFUNC", loop_ifunc },
#endif
	{ "function pointer", loop_pointer },
	{ "atomic function pointer", loop_atomic },
	{ "virtual function", loop_virtual },
};

static const struct kind sites[] = {
	{ "direct call", many_direct },
	{ "static call", many_static },
	{ "PLT", many_plt },
	{ "function pointer", many_pointer },
	{ "virtual function", many_virtual },
};

UNUSED static const struct kind hooks[] = {
	{ "direct call of an empty function", loop_empty },
	{ "static call that is NULL", loop_null },
	{ "static call that is RET0", loop_ret0 },
#ifdef HAVE_FLAG
	{ "flag and asm goto", loop_flag },
#endif
	{ "function pointer tested for NULL", loop_null_pointer },
	{ "pointer to an empty function", loop_empty_pointer },
};

UNUSED static const struct kind hook_sites[] = {
	{ "direct call of an empty function", many_empty },
	{ "static call that is NULL", many_null },
	{ "function pointer tested for NULL", many_null_pointer },
};

#define COMPARE(group, kinds)						\
	compare(group, BUILD, kinds, sizeof(kinds) / sizeof((kinds)[0]), CALLS)

int main(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	/* No compiler may take it for a constant. */
	__asm__ volatile("" : "+m"(atomic_pointer));
	static_call_get_info(&info);
	printf("%zu sites, %zu patched, %zu crossing a page, %zu far\n",
	       info.sites, info.sites_patched, info.sites_crossing,
	       info.sites_far);
	COMPARE("call in a loop", calls);
	COMPARE("4000 call sites", sites);
	COMPARE("hook that is off in a loop", hooks);
	COMPARE("4000 hooks that are off", hook_sites);
	return 0;
}
