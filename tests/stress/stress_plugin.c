/* SPDX-License-Identifier: MIT */
/* stress_plugin.c - a module with places, loaded and unloaded all the time. */
#include "stress_plugin.h"

static long first_aim(struct probe *p, unsigned long check)
{
	(void)check;
	p->tag = TAG_GARBLED;
	return -1;
}

DEFINE_STATIC_CALL(stress_plugin_own, first_aim);

#define CALLER(name, what)						\
	static __attribute__((noinline))				\
	long name(struct probe *p, unsigned long check)			\
	{								\
		long result = static_call(what)(p, check);		\
									\
		__asm__ volatile("" : "+r"(result));			\
		return result;						\
	}
#define TAIL_CALLER(name, what)						\
	static __attribute__((noinline))				\
	long name(struct probe *p, unsigned long check)			\
	{								\
		return static_call(what)(p, check);			\
	}

CALLER(own_call, stress_plugin_own)
TAIL_CALLER(own_tail, stress_plugin_own)
CALLER(shared_call, stress_shared)
TAIL_CALLER(shared_tail, stress_shared)
/* On pages of their own. */
__attribute__((aligned(4096))) CALLER(shared_call2, stress_shared)
__attribute__((aligned(4096))) TAIL_CALLER(shared_tail2, stress_shared)

/* Calls are right before the module's constructors run. */
static __attribute__((constructor)) void on_load(void)
{
	check_key_call(shared_call, keys + KEY_SHARED, FORM_COMPILED);
}

extern const struct stress_plugin stress_plugin;
__attribute__((visibility("default")))
const struct stress_plugin stress_plugin = {
	&STATIC_CALL_KEY(stress_plugin_own),
	{ own_call, own_tail },
	{ shared_call, shared_tail, shared_call2, shared_tail2 },
};
