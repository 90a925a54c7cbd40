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
 *	allowed.  (In C++ NULL is not, if the result has a destructor.)  After
 *	it returned 0 every call that begins runs @func, on any thread.  Calls
 *	that run already are not waited for.
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
 *
 * STATIC_CALL_TRAMP_ADDR(name), static_call_update_early(name, func),
 * __static_call(name), __raw_static_call(name), __STATIC_CALL_ADDRESSABLE(name),
 * __STATIC_CALL_MOD_ADDRESSABLE(name)
 *	for kernel code; static_call(3) has them.
 *
 * Every name here begins with static_call, STATIC_CALL, __static_call, __SCK__
 * or __SCT__, so that no macro of a program meets it: parameters and members,
 * too, except those that are documented.
 */
#ifndef STATIC_CALL_H
#define STATIC_CALL_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#include <static_call/config.h>
#include <static_call/types.h>
#include <static_call/api.h>

#define __static_call_str_(x)		#x
#define __static_call_str(x)		__static_call_str_(x)
#define __static_call_cat_(a, b)	a##b
#define __static_call_cat(a, b)		__static_call_cat_(a, b)

#define STATIC_CALL_KEY(name)		\
	__static_call_cat(STATIC_CALL_KEY_PREFIX, name)
#define STATIC_CALL_TRAMP(name)		\
	__static_call_cat(STATIC_CALL_TRAMP_PREFIX, name)
#define STATIC_CALL_KEY_STR(name)	__static_call_str(STATIC_CALL_KEY(name))
#define STATIC_CALL_TRAMP_STR(name)	\
	__static_call_str(STATIC_CALL_TRAMP(name))

/*
 * What belongs to no C++ module stands in a block, and is not called a struct
 * anew: some compilers take that for a declaration of the module's.
 */
#ifdef __cplusplus
#define __static_call_extern		extern "C"
#define __static_call_extern_begin	extern "C" {
#define __static_call_extern_end	}
#define __static_call_key		static_call_key
#define __static_call_definition	static_call_definition
#else
#define __static_call_extern		extern
#define __static_call_extern_begin
#define __static_call_extern_end
#define __static_call_key		struct static_call_key
#define __static_call_definition	struct static_call_definition
#endif

/*
 * Warnings that find our text in the program's line, although this is a system
 * header: a second declaration, a function without prototype, what C90 lacks, a
 * long string of asm, and C linkage, which is there for the name alone, of a
 * function that returns a class.
 */
#if defined(__clang__) && defined(__cplusplus)
#define __static_call_quiet						\
	_Pragma("clang diagnostic push")				\
	_Pragma("clang diagnostic ignored \"-Wreturn-type-c-linkage\"")
#define __static_call_quiet_end	_Pragma("clang diagnostic pop")
#elif defined(__clang__)
#define __static_call_quiet						\
	_Pragma("clang diagnostic push")				\
	_Pragma("clang diagnostic ignored \"-Woverlength-strings\"")	\
	_Pragma("clang diagnostic ignored \"-Wstrict-prototypes\"")	\
	_Pragma("clang diagnostic ignored \"-Wc99-extensions\"")	\
	_Pragma("clang diagnostic ignored \"-Wc11-extensions\"")
#define __static_call_quiet_end	_Pragma("clang diagnostic pop")
#elif defined(__cplusplus)
#define __static_call_quiet						\
	_Pragma("GCC diagnostic push")					\
	_Pragma("GCC diagnostic ignored \"-Wredundant-decls\"")
#define __static_call_quiet_end	_Pragma("GCC diagnostic pop")
#else
#define __static_call_quiet						\
	_Pragma("GCC diagnostic push")					\
	_Pragma("GCC diagnostic ignored \"-Wstrict-prototypes\"")	\
	_Pragma("GCC diagnostic ignored \"-Wredundant-decls\"")
#define __static_call_quiet_end	_Pragma("GCC diagnostic pop")
#endif

#define __static_call_default	__attribute__((__visibility__("default")))
#define __static_call_hidden	__attribute__((__visibility__("hidden")))

/*
 * The function type of whatever the argument is: a function, a function type, a
 * pointer to either, or an expression of these types.  (In C++ it may have
 * commas.)
 */
#ifdef __cplusplus
#define __static_call_type(...)						\
	__typeof__(**static_cast<__typeof__(__VA_ARGS__) *>(nullptr))
#else
#define __static_call_type(type)	__typeof__(**(__typeof__(type) *)0)
#endif

#define __static_call_key_value(target)					\
	{ __static_call_void_pointer(target), __static_call_no_pointer,	\
	  __static_call_no_pointer, __static_call_no_pointer }

/*
 * A name belongs to no namespace.  g++ lets two namespaces define one, and
 * leaves the error to the assembler: so the first definition forbids a word
 * that the second would use.
 */
#if defined(__cplusplus) && !defined(__clang__)
#define __static_call_define_once(name)					\
	__static_call_define_once_(					\
		__static_call_cat(__static_call_defined_twice__, name))
#define __static_call_define_once_(word)				\
	struct word;							\
	_Pragma(__static_call_str(GCC poison word))
#else
#define __static_call_define_once(name)
#endif

#include <static_call/group.h>
#include <static_call/arch.h>
#ifdef __cplusplus
#include <static_call/check_cxx.h>
#else
#include <static_call/check.h>
#endif

/*
 * In C++ the last argument may have commas, as template arguments do.
 */
#ifdef __cplusplus

#define DECLARE_STATIC_CALL(name, ...)					\
	__static_call_declare(name, __VA_ARGS__)

#define DEFINE_STATIC_CALL(name, ...)					\
	__static_call_define(name, (__VA_ARGS__),			\
			     __static_call_target_type(__VA_ARGS__))

#define DEFINE_STATIC_CALL_NULL(name, ...)				\
	__static_call_check_null("DEFINE_STATIC_CALL_NULL", name,	\
				 __VA_ARGS__)				\
	__static_call_define(name, &__static_call_nop, __VA_ARGS__)

#define DEFINE_STATIC_CALL_RET0(name, ...)				\
	__static_call_check_ret0(name, __VA_ARGS__);			\
	__static_call_define(name, &__static_call_return0, __VA_ARGS__)

#define DECLARE_STATIC_CALL_NULL(name, ...)				\
	DEFINE_STATIC_CALL_NULL(name, __VA_ARGS__)

#define static_call_update(name, ...)					\
	__static_call_do_update("static_call_update", name, __VA_ARGS__)

#define static_call_update_early(name, ...)				\
	static_call_update(name, __VA_ARGS__)

#define STATIC_CALL_CHANGE(name, ...)					\
	{ __static_call_key_pointer(name),				\
	  __static_call_checked_target("STATIC_CALL_CHANGE", name,	\
				       __VA_ARGS__) }

#else

#define DECLARE_STATIC_CALL(name, func)					\
	__static_call_declare(name, func)

#define DEFINE_STATIC_CALL(name, func)					\
	__static_call_define(name, func, func)

#define DEFINE_STATIC_CALL_NULL(name, type)				\
	__static_call_define(name, &__static_call_nop, type)

#define DEFINE_STATIC_CALL_RET0(name, type)				\
	__static_call_check_ret0(name, type);				\
	__static_call_define(name, &__static_call_return0, type)

#define DECLARE_STATIC_CALL_NULL(name, type)				\
	DEFINE_STATIC_CALL_NULL(name, type)

#define static_call_update(name, func)					\
	__static_call_do_update("static_call_update", name, func)

#define static_call_update_early(name, func)				\
	static_call_update(name, func)

#define STATIC_CALL_CHANGE(name, func)					\
	{ __static_call_key_pointer(name),				\
	  __static_call_checked_target("STATIC_CALL_CHANGE", name, func) }

#endif

#define static_call(name)		__static_call(name)
#define static_call_mod(name)		__static_call_mod(name)
#define static_call_cond(name)		__static_call_to_void static_call(name)
#define __raw_static_call(name)		__static_call_mod(name)

#define static_call_query(name)		__static_call_do_query(name)

/*
 * Beside asm that calls a trampoline: the first makes sure that the file which
 * defines the call is linked, the second only that the call is declared.
 */
#define __STATIC_CALL_ADDRESSABLE(name)					\
	static struct static_call_key *volatile __static_call_cat(	\
		__static_call_addressable_, __COUNTER__)		\
		__attribute__((__used__)) = &STATIC_CALL_KEY(name)
#define __STATIC_CALL_MOD_ADDRESSABLE(name)				\
	enum {								\
		__static_call_cat(__static_call_declared_, __COUNTER__) = \
			sizeof(&STATIC_CALL_TRAMP(name))		\
	}

/*
 * In one file with the definition the assembler takes the last directive: the
 * definition says hidden, the export says protected.
 */
#define EXPORT_STATIC_CALL(name)					\
	__asm__(".protected " STATIC_CALL_KEY_STR(name) "\n\t"		\
		".protected " __static_call_tramp_symbol(name))
#define EXPORT_STATIC_CALL_TRAMP(name)					\
	__asm__(".protected " __static_call_tramp_symbol(name))
#define EXPORT_STATIC_CALL_GPL(name)		EXPORT_STATIC_CALL(name)
#define EXPORT_STATIC_CALL_TRAMP_GPL(name)	EXPORT_STATIC_CALL_TRAMP(name)

#ifndef STATIC_CALL_BUILDING_LIBRARY
#include <static_call/module.h>
#endif

#endif /* STATIC_CALL_H */
