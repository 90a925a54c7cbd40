/* SPDX-License-Identifier: MIT */
/*
 * usdt.h - static probes for tracers: a nop, and a note in the file that tells where
 * the arguments are.  Without <sys/sdt.h> there is neither.  libstaticcall(7) lists
 * them.
 */
#ifndef SC_USDT_H
#define SC_USDT_H

#ifdef HAVE_SYS_SDT_H
#include <sys/sdt.h>
#define SC_USDT3(name, a, b, c) \
	DTRACE_PROBE3(libstaticcall, name, a, b, c)
#define SC_USDT4(name, a, b, c, d) \
	DTRACE_PROBE4(libstaticcall, name, a, b, c, d)
#else
#define SC_USDT3(name, a, b, c) \
	((void)(a), (void)(b), (void)(c))
#define SC_USDT4(name, a, b, c, d) \
	((void)(a), (void)(b), (void)(c), (void)(d))
#endif

#endif
