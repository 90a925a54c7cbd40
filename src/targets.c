/* SPDX-License-Identifier: MIT */
/*
 * targets.c - the two functions with a meaning, and how to recognise them.
 *
 * A program that is not position independent may see the address of its own PLT
 * entry as the address of such a function, and then the library sees the same
 * through its GOT, unless it was linked -Bsymbolic.  The hidden alias is the
 * address that the library sees in that case; both are recognised.
 */
#include "sc_config.h"

#include <static_call/api.h>

#include "targets.h"

long __static_call_return0(void)
{
	return 0;
}

void __static_call_nop(void)
{
}

extern long sc_return0_here(void)
	__attribute__((alias("__static_call_return0"), visibility("hidden")));
extern void sc_nop_here(void)
	__attribute__((alias("__static_call_nop"), visibility("hidden")));

enum sc_target_kind sc_target_kind(const void *func)
{
	if (func == (const void *)&__static_call_nop ||
	    func == (const void *)&sc_nop_here)
		return SC_TARGET_NULL;
	if (func == (const void *)&__static_call_return0 ||
	    func == (const void *)&sc_return0_here)
		return SC_TARGET_RET0;
	return SC_TARGET_FUNC;
}
