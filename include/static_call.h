/* SPDX-License-Identifier: MIT */
/*
 * static_call.h - static calls: function pointers at the price of a direct
 * call.  The only header a program includes.
 *
 * In a header of yours:
 *
 *	DECLARE_STATIC_CALL(hook, default_hook);
 *
 * In one source file:
 *
 *	DEFINE_STATIC_CALL(hook, default_hook);
 *
 * Anywhere:
 *
 *	static_call(hook)(x);
 *	static_call_update(hook, other_hook);
 *
 * Names are global: unique in the program or shared library that defines them
 * (two definitions of one name do not link).
 *
 * DECLARE_STATIC_CALL(name, func)
 *	declares the static call @name with the type of @func: a function, a
 *	function type, a pointer type such as void (*)(int), or an expression
 *	such as *ops.member; only its type is used.  At file scope.
 *
 * DEFINE_STATIC_CALL(name, func)
 *	defines it, with the function @func as first target.
 *
 * DEFINE_STATIC_CALL_NULL(name, type)
 *	defines it as a NULL call.  A NULL call evaluates its arguments and
 *	calls nothing.  If it has a result, that is indeterminate.  Code that
 *	is meant for the kernel too must use static_call_cond() on it.
 *	DECLARE_STATIC_CALL_NULL() is another name of this macro.
 *
 * DEFINE_STATIC_CALL_RET0(name, type)
 *	defines it as a call that evaluates its arguments and returns 0.  The
 *	type of the result must be void, bool, an integer no wider than long,
 *	an enumeration or a pointer; C++ refuses others, C refuses what it can
 *	tell (floating point and __int128 where the prototype has no parameter
 *	that default promotion changes).
 *
 * static_call(name)(args...)
 *	makes the call; has the type of the result.  Lock-free, may be used in
 *	signal handlers, in constructors, in a forked child, from any thread.
 *
 * static_call_cond(name)(args...)
 *	the same for a call that may be NULL; the result is void.
 *
 * static_call_mod(name)(args...)
 *	the same as static_call().  (In the kernel, the form for modules that
 *	were given the trampoline alone.)
 *
 * static_call_update(name, func)
 *	makes @func the target: an expression of type int, 0 or a negative
 *	error (static_call/api.h lists them), after which nothing has changed.
 *	@func is checked against the declared type; NULL and void * are
 *	allowed.  After it returned 0 every call that begins runs @func, on
 *	any thread.  Calls that run already are not waited for.
 *
 * STATIC_CALL_CHANGE(name, func)
 *	initialiser of a struct static_call_change, inside a function, for
 *	static_call_update_batch().
 *
 * static_call_query(name)
 *	the current target, a pointer of the declared type; NULL for a NULL
 *	call.
 *
 * EXPORT_STATIC_CALL(name), EXPORT_STATIC_CALL_TRAMP(name)
 *	after the definition, in the same file: lets other modules (the
 *	program, other shared libraries) use the call; with _TRAMP they can
 *	call but not update: an update does not link.  Without either the call
 *	belongs to its module alone.  The _GPL forms mean the same and exist
 *	for source compatibility.
 *
 * STATIC_CALL_KEY(name), STATIC_CALL_TRAMP(name) and the _STR forms
 *	the names of the symbols.  Do not take their address in code that is
 *	not position independent.
 */
#ifndef STATIC_CALL_H
#define STATIC_CALL_H

#include <static_call/config.h>
#include <static_call/types.h>
#include <static_call/api.h>

#define SC_STR_(x)	#x
#define SC_STR(x)	SC_STR_(x)
#define SC_CAT_(a, b)	a##b
#define SC_CAT(a, b)	SC_CAT_(a, b)

#define STATIC_CALL_KEY(name)		SC_CAT(STATIC_CALL_KEY_PREFIX, name)
#define STATIC_CALL_TRAMP(name)		SC_CAT(STATIC_CALL_TRAMP_PREFIX, name)
#define STATIC_CALL_KEY_STR(name)	SC_STR(STATIC_CALL_KEY(name))
#define STATIC_CALL_TRAMP_STR(name)	SC_STR(STATIC_CALL_TRAMP(name))

#ifdef __cplusplus
#define SC_EXTERN	extern "C"
#else
#define SC_EXTERN	extern
#endif

#define SC_DEFAULT	__attribute__((visibility("default")))
#define SC_HIDDEN	__attribute__((visibility("hidden")))

/*
 * The function type of whatever the second argument is: a function, a function
 * type, a pointer to either, or an expression of these types.
 */
#define SC_FUNC_TYPE(type)	__typeof__(**(__typeof__(type) *)0)

#include <static_call/check.h>
#include <static_call/arch.h>

#define DECLARE_STATIC_CALL(name, func)		SC_DECLARE(name, func)

#define DEFINE_STATIC_CALL(name, func)					\
	SC_DEFINE(name, func, func)

#define DEFINE_STATIC_CALL_NULL(name, type)				\
	SC_DEFINE(name, type, &__static_call_nop)

#define DECLARE_STATIC_CALL_NULL(name, type)				\
	DEFINE_STATIC_CALL_NULL(name, type)

#define DEFINE_STATIC_CALL_RET0(name, type)				\
	SC_CHECK_RET0(name, type);					\
	SC_DEFINE(name, type, &__static_call_return0)

#define static_call(name)		SC_CALL(name)
#define static_call_mod(name)		SC_CALL_MOD(name)
#define static_call_cond(name)		(void)static_call(name)

#define static_call_update(name, func)					\
	SC_UPDATE(name, func)

#define STATIC_CALL_CHANGE(name, func)					\
	{ SC_KEY_POINTER(name), SC_CHECKED_TARGET(name, func) }

#define static_call_query(name)						\
	(__extension__ (SC_TYPEOF_TARGET(name))				\
		__static_call_query(SC_KEY_POINTER(name)))

/*
 * In one file with the definition the assembler takes the last directive: the
 * definition says hidden, the export says protected.
 */
#define EXPORT_STATIC_CALL(name)					\
	__asm__(".protected " STATIC_CALL_KEY_STR(name) "\n\t"		\
		".protected " STATIC_CALL_TRAMP_STR(name))
#define EXPORT_STATIC_CALL_TRAMP(name)					\
	__asm__(".protected " STATIC_CALL_TRAMP_STR(name))
#define EXPORT_STATIC_CALL_GPL(name)		EXPORT_STATIC_CALL(name)
#define EXPORT_STATIC_CALL_TRAMP_GPL(name)	EXPORT_STATIC_CALL_TRAMP(name)

#ifndef SC_BUILDING_LIBRARY
#include <static_call/module.h>
#endif

#endif /* STATIC_CALL_H */
