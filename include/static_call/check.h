/* SPDX-License-Identifier: MIT */
/*
 * static_call/check.h - compile-time checks in C: the type of a new target, and
 * the type of a result that a RET0 call can produce.
 */
#ifndef STATIC_CALL_CHECK_H
#define STATIC_CALL_CHECK_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#define __static_call_void_pointer(x)	(__extension__ (void *)(x))
#define __static_call_no_pointer	((void *)0)
#define __static_call_target_type(func)	__static_call_type(func)

/*
 * What a target points to.  Numbers have no such type, and one that no call
 * has stands in for it; whether a number is NULL is another question.
 */
#define __static_call_pointee(func)					\
	__typeof__(*__builtin_choose_expr(				\
		__builtin_classify_type(func) ==			\
			__builtin_classify_type((void *)0),		\
		(func), (void **)0))

/* Is it a null pointer constant?  Only these convert to int *. */
#define __static_call_is_null(func)					\
	_Generic(1 ? (void *)(uintptr_t)(func) : (int *)0,		\
		 int *: 1, default: 0)

/*
 * An update takes what an assignment takes without a warning.  The message
 * comes from an assertion, so that it names the call and is an error with every
 * compiler.  Where the call is not declared there shall be no message but that:
 * so the key is declared on the spot, and the condition is an enumerator, which
 * is 0 if its value is an error.
 */
#define __static_call_check_target(what, name, func)			\
	extern struct static_call_key STATIC_CALL_KEY(name);		\
	enum {								\
		__static_call_wrong_type = !(				\
			__builtin_types_compatible_p(			\
				__static_call_pointee(func),		\
				__typeof__(*(__static_call_typeof_target( \
					name))0)) ||			\
			__builtin_types_compatible_p(			\
				__static_call_pointee(func), void) ||	\
			__static_call_is_null(func))			\
	};								\
	_Static_assert(!__static_call_wrong_type,			\
		       what "(" #name "): the new target has not the type "\
		       "that the static call was declared with")

#define __static_call_checked_target(what, name, func)			\
	__extension__({							\
		__static_call_check_target(what, name, func);		\
		(void *)(func);						\
	})

#define __static_call_do_update(what, name, func)			\
	__extension__({							\
		__static_call_check_target(what, name, func);		\
		__static_call_update(__static_call_key_pointer(name),	\
				     (void *)0, (void *)(func));	\
	})

#define __static_call_do_query(name)					\
	__extension__({							\
		extern struct static_call_key STATIC_CALL_KEY(name);	\
		(__static_call_typeof_target(name))			\
			__static_call_query(				\
				__static_call_key_pointer(name));	\
	})

#define __static_call_check_null(what, name, type)	/* C has no destructors */

/*
 * C cannot name the result type of a function type.  What it can tell is
 * whether the type is compatible with an unprototyped function of a given
 * result, which it is when no parameter is changed by default promotion.  The
 * rest is for the `verify' command of the tool: the pointer puts the whole
 * prototype into the debug information.
 */
#define __static_call_is_unprototyped(type, result)			\
	__builtin_types_compatible_p(__static_call_type(type), result())
#if defined(__SIZEOF_INT128__)
__extension__ typedef __int128 __static_call_int128;
__extension__ typedef unsigned __int128 __static_call_uint128;
#define __static_call_returns_int128(type)				\
	(__static_call_is_unprototyped(type, __static_call_int128) ||	\
	 __static_call_is_unprototyped(type, __static_call_uint128))
#else
#define __static_call_returns_int128(type)	0
#endif
#define __static_call_check_ret0(name, type)				\
	__static_call_quiet						\
	_Static_assert(							\
		!__static_call_is_unprototyped(type, float) &&		\
		!__static_call_is_unprototyped(type, double) &&		\
		!__static_call_is_unprototyped(type, long double) &&	\
		!__static_call_is_unprototyped(type, float _Complex) &&	\
		!__static_call_is_unprototyped(type, double _Complex) && \
		!__static_call_is_unprototyped(type,			\
					       long double _Complex) &&	\
		!__static_call_returns_int128(type),			\
		"DEFINE_STATIC_CALL_RET0(" #name "): the result is "	\
		"not an integer of at most long, an enumeration, a "	\
		"pointer or void");					\
	__static_call_quiet_end						\
	static __static_call_type(type)					\
		*const __static_call_cat(__static_call_ret0_type_, name) \
		__attribute__((__used__)) = (void *)0

#endif /* STATIC_CALL_CHECK_H */
