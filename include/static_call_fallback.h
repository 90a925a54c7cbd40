/* SPDX-License-Identifier: MIT */
/*
 * static_call_fallback.h - the macros of <static_call.h> over plain pointers,
 * without the library.
 *
 * For a project that uses static calls where libstaticcall is installed, and must
 * build where it is not.  It ships this one file and says
 *
 *	#ifdef HAVE_STATIC_CALL
 *	#include <static_call.h>
 *	#else
 *	#include "static_call_fallback.h"
 *	#endif
 *
 * The same source works with both.  Each static call is a pointer to a function
 * here, and each call goes through it.  static_call_fallback(3) has recipes for
 * build systems.
 *
 * C99 and C++11; a compiler with __typeof__, typeof or decltype: gcc, clang, tcc, icc,
 * Visual Studio 2022 (17.9 and later).
 *
 * As with the library: what static_call(3) says of
 *
 *	DECLARE_STATIC_CALL()	DEFINE_STATIC_CALL()	DEFINE_STATIC_CALL_NULL()
 *	DEFINE_STATIC_CALL_RET0()	static_call()	static_call_cond()
 *	static_call_mod()	static_call_update()	static_call_query()
 *	STATIC_CALL_CHANGE()	static_call_update_batch()
 *	__static_call_update()	__static_call_query()
 *
 * and the other names for kernel code.  Different:
 *
 *   - An update never fails, but for a batch with a key twice or a NULL pointer.
 *   - A call that begins after an update sees it as C11's release and acquire
 *     promise.  With a compiler that has no __atomic builtins (tcc 0.9.27, Visual
 *     Studio) pointers are volatile instead: that is enough on x86.
 *   - A new target of a wrong type is what a wrong argument of a function would be:
 *     a warning or an error of the compiler.  C++ takes no void *.
 *   - A result that RET0 cannot produce is not refused.
 *   - What EXPORT_STATIC_CALL_TRAMP() exports can be updated, too.
 *   - There are no static_call_get_info(), static_call_for_each_key(),
 *     static_call_for_each_site(), static_call_find() and
 *     static_call_text_reserved(), for nothing is patched and nobody has a list.
 *   - With decltype alone (C++ of Visual Studio) the second argument is a function or
 *     an expression, not a type.
 *
 * Threads and signals: all may be used by any thread and in signal handlers.
 */
#ifndef STATIC_CALL_FALLBACK_H
#define STATIC_CALL_FALLBACK_H

#ifdef STATIC_CALL_H
#error "<static_call.h> is included already: one of the two is enough"
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC system_header
#endif

#include <errno.h>
#include <stddef.h>

#define STATIC_CALL_FALLBACK	1

/* ------------------------------------------------------------- the compiler */

#if defined(__GNUC__) || defined(__clang__) || defined(__TINYC__) ||	\
	defined(__INTEL_COMPILER) ||					\
	(defined(_MSC_VER) && _MSC_VER >= 1939 && !defined(__cplusplus))
#define __static_call_typeof	__typeof__
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L
#define __static_call_typeof	typeof
#elif defined(__cplusplus) && (__cplusplus >= 201103L || defined(_MSC_VER))
#define __static_call_typeof	decltype
#define __static_call_decltype	1
#else
#error "static_call_fallback.h needs a compiler with __typeof__, typeof or decltype"
#endif

/* One function for all files of a module, although each has it; not so in tcc. */
#if defined(__TINYC__)
#define __static_call_one	static
#define __static_call_default
#define __static_call_extension	__extension__
#elif defined(__GNUC__) || defined(__clang__)
#define __static_call_one	\
	__attribute__((__weak__, __visibility__("hidden"), __unused__))
#define __static_call_default	__attribute__((__visibility__("default")))
#define __static_call_extension	__extension__
#else
#define __static_call_one	__inline
#define __static_call_default
#define __static_call_extension
#endif

#if defined(__ATOMIC_ACQUIRE) && !defined(__TINYC__)
#define __static_call_load(pointer)	\
	__atomic_load_n(&(pointer), __ATOMIC_ACQUIRE)
#define __static_call_store(pointer, value)	\
	__atomic_store_n(&(pointer), value, __ATOMIC_RELEASE)
#else
#define __static_call_load(pointer)	(*(void *const volatile *)&(pointer))
#define __static_call_store(pointer, value)	\
	(*(void *volatile *)&(pointer) = (value))
#endif

#ifdef __cplusplus
#define __static_call_extern	extern "C"
#define __static_call_key	static_call_key
extern "C" {
#else
#define __static_call_extern	extern
#define __static_call_key	struct static_call_key
#endif

/* ------------------------------------------------------------ the functions */

/* The target of a RET0 call. */
__static_call_one long __static_call_return0(void);
__static_call_one long __static_call_return0(void)
{
#if defined(__m68k__) && defined(__GNUC__)
	/* Pointers return in another register. */
	__asm__ volatile("suba.l %%a0, %%a0" : : : "a0");
#endif
	return 0;
}

/* What a NULL call calls; not for programs. */
__static_call_one void __static_call_nop(void);
__static_call_one void __static_call_nop(void)
{
}

/* A static call; @null is what stands for NULL in @func. */
struct static_call_key {
	void *func, *null;
};

static inline int __static_call_update(struct static_call_key *key, void *tramp,
				       void *func)
{
	(void)tramp;
	if (!key)
		return -EINVAL;
	__static_call_store(key->func, func ? func : key->null);
	return 0;
}

/* What is called.  The first target may be a weak function that is missing. */
static inline void *__static_call_target(const struct static_call_key *key)
{
	void *func = __static_call_load(key->func);

	return func ? func : key->null;
}

static inline void *__static_call_query(const struct static_call_key *key)
{
	void *func = __static_call_load(key->func);

	return func == key->null ? (void *)0 : func;
}

/* One change of a batch; written with STATIC_CALL_CHANGE(). */
struct static_call_change {
	struct static_call_key *key;
	void *func;
};

/* 0, or -EINVAL for a key that is there twice or a NULL pointer. */
static inline int
static_call_update_batch(const struct static_call_change *changes, size_t n)
{
	size_t i, j;

	if (!changes && n)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (!changes[i].key)
			return -EINVAL;
		for (j = 0; j < i; j++)
			if (changes[i].key == changes[j].key)
				return -EINVAL;
	}
	for (i = 0; i < n; i++)
		__static_call_update(changes[i].key, (void *)0, changes[i].func);
	return 0;
}

static inline int static_call_init(void)
{
	return 0;
}

static inline int static_call_is_initialized(void)
{
	return 1;
}
#define static_call_initialized	(static_call_is_initialized())

static inline const char *static_call_backend(void)
{
	return "fallback";
}

#ifdef __cplusplus
}
#endif

/* ---------------------------------------------------------------- the types */

/* The function type of a function, a function type, or a pointer to either. */
#ifdef __static_call_decltype
template <typename T> struct static_call_fallback_type {
	typedef T type;
};
template <typename T> struct static_call_fallback_type<T *> {
	typedef T type;
};
template <typename T> struct static_call_fallback_type<T *const> {
	typedef T type;
};
template <typename T> struct static_call_fallback_type<T &> {
	typedef typename static_call_fallback_type<T>::type type;
};
#define __static_call_type(...)	\
	static_call_fallback_type<decltype(__VA_ARGS__)>::type
#elif defined(__cplusplus)
#define __static_call_type(...)						\
	__typeof__(**static_cast<__typeof__(__VA_ARGS__) *>(nullptr))
#else
#define __static_call_type(...)						\
	__static_call_typeof(**(__static_call_typeof(__VA_ARGS__) *)0)
#endif

/* --------------------------------------------------------------- the macros */

#define __static_call_cat_(a, b)	a##b
#define __static_call_cat(a, b)		__static_call_cat_(a, b)
#define __static_call_str_(x)		#x
#define __static_call_str(x)		__static_call_str_(x)

#define STATIC_CALL_KEY(name)		__static_call_cat(__SCK__, name)
#define STATIC_CALL_TRAMP(name)		__static_call_cat(__SCT__, name)
#define STATIC_CALL_KEY_STR(name)	__static_call_str(STATIC_CALL_KEY(name))
#define STATIC_CALL_TRAMP_STR(name)	__static_call_str(STATIC_CALL_TRAMP(name))
#define STATIC_CALL_TRAMP_ADDR(name)	((void *)0)

/* The second is there for its type; nobody defines it. */
#define __static_call_declare(name, ...)				\
	__static_call_extern __static_call_default			\
		__static_call_key STATIC_CALL_KEY(name);		\
	__static_call_extern __static_call_type(__VA_ARGS__)		\
		*const STATIC_CALL_TRAMP(name)

#define __static_call_define(name, func, ...)				\
	__static_call_declare(name, __VA_ARGS__);			\
	__static_call_key STATIC_CALL_KEY(name) = {			\
		__static_call_extension (void *)(func),			\
		__static_call_extension (void *)&__static_call_nop,	\
	}

#define DECLARE_STATIC_CALL(name, ...)	__static_call_declare(name, __VA_ARGS__)
#define DEFINE_STATIC_CALL(name, ...)	\
	__static_call_define(name, (__VA_ARGS__), __VA_ARGS__)
#define DEFINE_STATIC_CALL_NULL(name, ...)	\
	__static_call_define(name, &__static_call_nop, __VA_ARGS__)
#define DEFINE_STATIC_CALL_RET0(name, ...)	\
	__static_call_define(name, &__static_call_return0, __VA_ARGS__)
#define DECLARE_STATIC_CALL_NULL(name, ...)	\
	DEFINE_STATIC_CALL_NULL(name, __VA_ARGS__)

#define __static_call_typed(name, pointer)				\
	(__static_call_extension					\
		(__static_call_typeof(&*STATIC_CALL_TRAMP(name)))(pointer))

#define static_call(name)	\
	__static_call_typed(name, __static_call_target(&STATIC_CALL_KEY(name)))
/*
 * On i386 a function takes the address of a structure that it returns off the stack,
 * and an empty function does not: so this takes any result but a structure.
 */
#if defined(__i386__) && !defined(__cplusplus)
#define static_call_cond(name)		0 ? 0 : static_call(name)
#else
#define static_call_cond(name)		(void)static_call(name)
#endif
#define static_call_mod(name)		static_call(name)
#define __static_call(name)		static_call(name)
#define __raw_static_call(name)		static_call(name)
#define static_call_query(name)		\
	__static_call_typed(name, __static_call_query(&STATIC_CALL_KEY(name)))

/* As an argument of a function that is never called. */
#define __static_call_check(name, ...)					\
	((void)sizeof(((int (*)(__static_call_typeof(			\
		&*STATIC_CALL_TRAMP(name))))0)(__VA_ARGS__)))
#define static_call_update(name, ...)					\
	(__static_call_check(name, __VA_ARGS__),			\
	 __static_call_update(&STATIC_CALL_KEY(name), (void *)0,	\
			      __static_call_extension (void *)(__VA_ARGS__)))
#define static_call_update_early(name, ...)	\
	static_call_update(name, __VA_ARGS__)
#define STATIC_CALL_CHANGE(name, ...)					\
	{ (__static_call_check(name, __VA_ARGS__),			\
	   &STATIC_CALL_KEY(name)),					\
	  __static_call_extension (void *)(__VA_ARGS__) }

/* Nothing is to be done; what stands behind it is one declaration more. */
#define EXPORT_STATIC_CALL(name)		struct static_call_change
#define EXPORT_STATIC_CALL_TRAMP(name)		struct static_call_change
#define EXPORT_STATIC_CALL_GPL(name)		struct static_call_change
#define EXPORT_STATIC_CALL_TRAMP_GPL(name)	struct static_call_change
#define __STATIC_CALL_ADDRESSABLE(name)		struct static_call_change
#define __STATIC_CALL_MOD_ADDRESSABLE(name)	struct static_call_change

#endif /* STATIC_CALL_FALLBACK_H */
