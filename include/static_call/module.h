/* SPDX-License-Identifier: MIT */
/*
 * static_call/module.h - tells the library when a module (the program, a shared
 * library) that uses static calls is loaded and unloaded.
 *
 * A module has one constructor and one destructor, whatever the number of its
 * objects: all bring the same two pointers in one COMDAT group, of which the
 * linker keeps one.  Where it keeps more (lld, for objects that its link-time
 * optimiser made one by one), the byte lets only the first through.  Priority
 * 101 is the first that programs may use, so the calls are patched before the
 * module's other constructors run, and given back after its other destructors.
 *
 * The functions are C, so that link-time optimisers see what they need.  They
 * are `used' and keep their names, which the pointers go by.  In C++ all is
 * inline: a header may come into one translation unit twice, through modules.
 */
#ifndef STATIC_CALL_MODULE_H
#define STATIC_CALL_MODULE_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#ifdef __cplusplus
#define __static_call_once	inline
extern "C" {
#else
#define __static_call_once	__attribute__((__weak__))
#endif

/*
 * lld's link-time optimiser loses a weak variable that asm names.  clang reads
 * asm, so there asm defines it; gcc does not, and would pull it from archives.
 */
#if defined(__clang__)
__asm__(".ifndef __static_call_module_state\n\t"
	".pushsection .bss.__static_call_module_state,\"awG\",%nobits,"
	"__static_call_module_state,comdat\n\t"
	".weak __static_call_module_state\n\t"
	".hidden __static_call_module_state\n\t"
	".type __static_call_module_state, %object\n\t"
	".size __static_call_module_state, 1\n"
	"__static_call_module_state:\n\t"
	".zero 1\n\t"
	".popsection\n\t"
	".endif");
extern __static_call_hidden char __static_call_module_state;
#else
__static_call_once __static_call_hidden __attribute__((__used__))
char __static_call_module_state = 0;
#endif

__static_call_once __static_call_hidden __attribute__((__used__))
void __static_call_module_enter(void)
{
	if (__static_call_module_state)
		return;
	__static_call_module_state = 1;
	__static_call_backend_enter(&__static_call_module_state);
}

__static_call_once __static_call_hidden __attribute__((__used__))
void __static_call_module_leave(void)
{
	/* The library stores here whether there is anything to do. */
	if (__static_call_module_state == 1)
		static_call_module_leave(&__static_call_module_state);
}

#ifdef __cplusplus
}
#endif

#endif /* STATIC_CALL_MODULE_H */
