/* SPDX-License-Identifier: MIT */
/*
 * static_call/arch.h - the one place that looks at the architecture: picks the
 * header of the backend that the library was built with.
 */
#ifndef STATIC_CALL_ARCH_H
#define STATIC_CALL_ARCH_H

#if !defined(__ELF__)
#error "libstaticcall needs an ELF system"
#endif

/* How to reach a symbol whose address code must not hold (see below). */
#if defined(__x86_64__)
#define SC_REACH_GOT_X86_64 1
#elif defined(__PIC__) && \
	!(defined(__PIE__) && defined(__GNUC__) && !defined(__clang__) && \
	  defined(__i386__))
#define SC_REACH_DIRECT 1
#else
#define SC_REACH_POINTER 1
#endif

#include <static_call/reach.h>

#if !defined(HAVE_STATIC_CALL)
#include <static_call/generic.h>
#elif defined(__x86_64__) && defined(__linux__) && defined(__LP64__)
#include <static_call/x86_64.h>
#else
#error "this copy of libstaticcall is for x86-64 Linux; compile for that, or use a copy built with --with-backend=generic"
#endif

#endif /* STATIC_CALL_ARCH_H */
