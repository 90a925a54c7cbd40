/* SPDX-License-Identifier: MIT */
/*
 * static_call/check.h - compile-time checks: the type of a new target, and the
 * type of a result that a RET0 call can produce.
 */
#ifndef STATIC_CALL_CHECK_H
#define STATIC_CALL_CHECK_H

#if defined(__cplusplus)

#define SC_VOID_POINTER(x)	reinterpret_cast<void *>(x)
#define SC_NO_POINTER		nullptr

extern "C++" {

/*
 * What static_call_update() takes for a call of type F *: whatever converts to
 * F * by itself, and void * (the kernel's code passes that).
 */
template <class T> struct sc_is_void {
};
template <> struct sc_is_void<void> {
	typedef int yes;
};
template <> struct sc_is_void<const void> {
	typedef int yes;
};
template <class F> struct sc_target {
	F fn;
	sc_target(F f) : fn(f)
	{
	}
	template <class V, class = typename sc_is_void<V>::yes>
	sc_target(V *p)
		: fn(reinterpret_cast<F>(const_cast<void *>(
			  static_cast<const void *>(p))))
	{
	}
};

/* Results that clearing the first integer register produces. */
template <class R> struct sc_ret0_result {
	static const bool ok = __is_enum(R);
};
template <class R> struct sc_ret0_result<R *> {
	static const bool ok = true;
};
template <class R> struct sc_ret0_result<const R> : sc_ret0_result<R> {
};
template <class R> struct sc_ret0_result<volatile R> : sc_ret0_result<R> {
};
#define SC_RET0_OK(type, yes)						\
	template <> struct sc_ret0_result<type> {			\
		static const bool ok = yes;				\
	}
SC_RET0_OK(void, true);
SC_RET0_OK(bool, true);
SC_RET0_OK(char, true);
SC_RET0_OK(signed char, true);
SC_RET0_OK(unsigned char, true);
SC_RET0_OK(wchar_t, true);
SC_RET0_OK(char16_t, true);
SC_RET0_OK(char32_t, true);
SC_RET0_OK(short, true);
SC_RET0_OK(unsigned short, true);
SC_RET0_OK(int, true);
SC_RET0_OK(unsigned int, true);
SC_RET0_OK(long, true);
SC_RET0_OK(unsigned long, true);
SC_RET0_OK(long long, sizeof(long long) <= sizeof(long));
SC_RET0_OK(unsigned long long, sizeof(long long) <= sizeof(long));
#undef SC_RET0_OK

template <class F> struct sc_ret0 {
	static const bool ok = false;
};
template <class R, class... A>
struct sc_ret0<R(A...)> : sc_ret0_result<R> {
};
template <class R, class... A>
struct sc_ret0<R(A..., ...)> : sc_ret0_result<R> {
};
#if defined(__cpp_noexcept_function_type)
template <class R, class... A>
struct sc_ret0<R(A...) noexcept> : sc_ret0_result<R> {
};
template <class R, class... A>
struct sc_ret0<R(A..., ...) noexcept> : sc_ret0_result<R> {
};
#endif

} /* extern "C++" */

#define SC_CHECKED_TARGET(name, func)					\
	reinterpret_cast<void *>(					\
		sc_target<SC_TYPEOF_TARGET(name)>(func).fn)

#define SC_UPDATE(name, func)						\
	__static_call_update(SC_KEY_POINTER(name), nullptr,		\
			     SC_CHECKED_TARGET(name, func))

#define SC_CHECK_RET0(name, type)					\
	static_assert(sc_ret0<SC_FUNC_TYPE(type)>::ok,			\
		      "DEFINE_STATIC_CALL_RET0(" #name "): the result is "\
		      "not an integer of at most long, an enumeration, a "\
		      "pointer or void")

#else /* C */

#define SC_VOID_POINTER(x)	(__extension__ (void *)(x))
#define SC_NO_POINTER		((void *)0)

/* An assignment, checked as any assignment in C is. */
#define SC_CHECKED_TARGET(name, func)					\
	__extension__({							\
		SC_TYPEOF_TARGET(name) sc_target_ = (func);		\
		(void *)sc_target_;					\
	})

#define SC_UPDATE(name, func)						\
	__extension__({							\
		SC_TYPEOF_TARGET(name) sc_target_ = (func);		\
		__static_call_update(SC_KEY_POINTER(name), (void *)0,	\
				     (void *)sc_target_);		\
	})

/*
 * C cannot name the result type of a function type.  What it can tell is
 * whether the type is compatible with an unprototyped function of a given
 * result, which it is when no parameter is changed by default promotion.  The
 * rest is for the `verify' command of the tool: the pointer puts the whole
 * prototype into the debug information.
 */
#define SC_IS_UNPROTOTYPED(type, result)				\
	__builtin_types_compatible_p(SC_FUNC_TYPE(type), result())
#if defined(__SIZEOF_INT128__)
__extension__ typedef __int128 sc_int128;
__extension__ typedef unsigned __int128 sc_uint128;
#define SC_RETURNS_INT128(type)						\
	(SC_IS_UNPROTOTYPED(type, sc_int128) ||				\
	 SC_IS_UNPROTOTYPED(type, sc_uint128))
#else
#define SC_RETURNS_INT128(type)		0
#endif
#define SC_CHECK_RET0(name, type)					\
	_Pragma("GCC diagnostic push")					\
	_Pragma("GCC diagnostic ignored \"-Wstrict-prototypes\"")	\
	_Static_assert(!SC_IS_UNPROTOTYPED(type, float) &&		\
		       !SC_IS_UNPROTOTYPED(type, double) &&		\
		       !SC_IS_UNPROTOTYPED(type, long double) &&	\
		       !SC_IS_UNPROTOTYPED(type, float _Complex) &&	\
		       !SC_IS_UNPROTOTYPED(type, double _Complex) &&	\
		       !SC_IS_UNPROTOTYPED(type, long double _Complex) &&\
		       !SC_RETURNS_INT128(type),			\
		       "DEFINE_STATIC_CALL_RET0(" #name "): the result is "\
		       "not an integer of at most long, an enumeration, a "\
		       "pointer or void");				\
	_Pragma("GCC diagnostic pop")					\
	static SC_FUNC_TYPE(type) *const SC_CAT(sc_ret0_type_, name)	\
		__attribute__((used)) = (void *)0

#endif

#endif /* STATIC_CALL_CHECK_H */
