/* SPDX-License-Identifier: MIT */
/*
 * static_call/module.h - tells the library when a module (the program, a shared
 * library) that uses static calls is loaded and unloaded.
 *
 * Each translation unit brings a constructor and a destructor; the byte, one
 * for each module, lets only the first of them through.  Priority 101 is the
 * first that programs may use, so the calls are patched before the module's
 * other constructors run, and given back after its other destructors.
 */
#ifndef STATIC_CALL_MODULE_H
#define STATIC_CALL_MODULE_H

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((weak, visibility("hidden"))) char sc_module_state;

static __attribute__((constructor(101), used)) void sc_module_enter(void)
{
	if (sc_module_state)
		return;
	sc_module_state = 1;
	SC_BACKEND_ENTER(&sc_module_state);
}

static __attribute__((destructor(101), used)) void sc_module_leave(void)
{
	/* The library stores here whether there is anything to do. */
	if (sc_module_state == 1)
		static_call_module_leave(&sc_module_state);
}

#ifdef __cplusplus
}
#endif

#endif /* STATIC_CALL_MODULE_H */
