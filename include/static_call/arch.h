/* SPDX-License-Identifier: MIT */
/*
 * static_call/arch.h - the one place that looks at the architecture: picks the
 * header of the backend that the library was built with.
 */
#ifndef STATIC_CALL_ARCH_H
#define STATIC_CALL_ARCH_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#if !defined(__ELF__)
#error "libstaticcall needs an ELF system"
#endif

/* How to reach a symbol whose address code must not hold (see below). */
#if defined(__x86_64__)
#define __static_call_reach_got_x86_64 1
#elif defined(__PIC__) && \
	!(defined(__PIE__) && defined(__GNUC__) && !defined(__clang__) && \
	  defined(__i386__))
#define __static_call_reach_direct 1
#elif defined(__m68k__)
#define __static_call_reach_got_m68k 1
#elif defined(__arm__)
#define __static_call_reach_got_arm 1
#else
#define __static_call_reach_pointer 1
#endif

/* The calling conventions that are part of a function's type in C++. */
#if defined(__x86_64__) && defined(__clang__)
#define __static_call_conventions(each)					\
	each(__attribute__((__ms_abi__)))				\
	each(__attribute__((__regcall__)))				\
	each(__attribute__((__preserve_most__)))
#elif defined(__x86_64__)
#define __static_call_conventions(each)	each(__attribute__((__ms_abi__)))
#else
#define __static_call_conventions(each)
#endif

/*
 * What makes the result of static_call_cond() void.  On i386 the callee takes the
 * address of a structure that it returns off the stack, and an empty function does
 * not: so what stands there takes any result but a structure.
 */
#if defined(__i386__)
#define __static_call_null_in_memory	0
#define __static_call_or_memory		" or is a structure on i386"
#if defined(__cplusplus)
#define __static_call_to_void	(void)
#else
#define __static_call_to_void	0 ? 0 :
#endif
#else
#define __static_call_null_in_memory	1
#define __static_call_or_memory
#define __static_call_to_void	(void)
#endif

#include <static_call/reach.h>

#if defined(STATIC_CALL_BACKEND_GENERIC)
#include <static_call/generic.h>
#elif defined(__x86_64__) && defined(__linux__) && defined(__LP64__)
#include <static_call/x86_64.h>
#else
#error "this copy of libstaticcall is for x86-64 Linux; compile for that, or use a copy built with --with-backend=generic"
#endif

#endif /* STATIC_CALL_ARCH_H */
