/* SPDX-License-Identifier: MIT */
/*
 * targets.c - the two functions with a meaning, and how to recognise them.
 *
 * A program that is not position independent may see the address of its own PLT
 * entry as the address of such a function.  A pointer in data sees the same,
 * for the dynamic linker fills it, unless the library was linked -Bsymbolic;
 * code may hold the address here, which is the other.  Both are recognised.
 */
#include "sc_config.h"

#include <static_call/api.h>

#include "targets.h"

/*
 * It stands in for functions that return an integer and for those that return a
 * pointer.  On m68k these use two registers, and one that returns a pointer
 * clears both: so it is one.
 */
void *sc_return0_here(void) __attribute__((visibility("hidden")));
void *sc_return0_here(void)
{
	return NULL;
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattribute-alias"
#endif
long __static_call_return0(void) __attribute__((alias("sc_return0_here")));
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

void __static_call_nop(void)
{
}

/* Volatile, or compilers take them for constants that they know. */
static long (*volatile return0_everywhere)(void) = __static_call_return0;
static void (*volatile nop_everywhere)(void) = __static_call_nop;

extern void sc_nop_here(void)
	__attribute__((alias("__static_call_nop"), visibility("hidden")));

enum sc_target_kind sc_target_kind(const void *func)
{
	if (func == (const void *)nop_everywhere ||
	    func == (const void *)&sc_nop_here)
		return SC_TARGET_NULL;
	if (func == (const void *)return0_everywhere ||
	    func == (const void *)&sc_return0_here)
		return SC_TARGET_RET0;
	return SC_TARGET_FUNC;
}
