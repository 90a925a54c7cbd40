/* SPDX-License-Identifier: MIT */
/*
 * static_call/check_cxx.h - compile-time checks in C++: the type of a new
 * target, results that a RET0 call can produce, and results that no NULL call
 * can have.
 */
#ifndef STATIC_CALL_CHECK_CXX_H
#define STATIC_CALL_CHECK_CXX_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#define __static_call_void_pointer(x)	reinterpret_cast<void *>(x)
#define __static_call_no_pointer	nullptr
/* decltype knows which function a template-id is, __typeof__ does not. */
#define __static_call_target_type(...)					\
	__typeof__(*static_cast<decltype(+__VA_ARGS__)>(nullptr))

extern "C++" {

/* The result type of a function type; none if the type is not known here. */
struct __static_call_unknown;

template <class __static_call_f> struct __static_call_result {
	typedef __static_call_unknown __static_call_is;
};

#define __static_call_result_of(attributes)				\
	template <class __static_call_r, class... __static_call_a>	\
	struct __static_call_result<attributes				\
				    __static_call_r(__static_call_a...)> { \
		typedef __static_call_r __static_call_is;		\
	};
#define __static_call_result_of_variadic(qualifier)			\
	template <class __static_call_r, class... __static_call_a>	\
	struct __static_call_result<					\
		__static_call_r(__static_call_a..., ...) qualifier> {	\
		typedef __static_call_r __static_call_is;		\
	};
__static_call_result_of()
__static_call_result_of_variadic()
__static_call_conventions(__static_call_result_of)
#undef __static_call_result_of

#if defined(__cpp_noexcept_function_type)
#define __static_call_result_of(attributes)				\
	template <class __static_call_r, class... __static_call_a>	\
	struct __static_call_result<attributes __static_call_r(		\
		__static_call_a...) noexcept> {				\
		typedef __static_call_r __static_call_is;		\
	};
__static_call_result_of()
__static_call_result_of_variadic(noexcept)
__static_call_conventions(__static_call_result_of)
#undef __static_call_result_of
#endif
#undef __static_call_result_of_variadic

/* Results that clearing the first integer register produces. */
template <class __static_call_r> struct __static_call_ret0 {
	static const bool __static_call_ok =
		__is_enum(__static_call_r) ?
			sizeof(__static_call_r) <= sizeof(long) : false;
};
template <> struct __static_call_ret0<__static_call_unknown> {
	static const bool __static_call_ok = false;
};
template <class __static_call_r> struct __static_call_ret0<__static_call_r *> {
	static const bool __static_call_ok = true;
};
template <class __static_call_r> struct __static_call_ret0<__static_call_r &> {
	static const bool __static_call_ok = false;
};
template <class __static_call_r> struct __static_call_ret0<__static_call_r &&> {
	static const bool __static_call_ok = false;
};
template <class __static_call_r>
struct __static_call_ret0<const __static_call_r>
	: __static_call_ret0<__static_call_r> {
};
template <class __static_call_r>
struct __static_call_ret0<volatile __static_call_r>
	: __static_call_ret0<__static_call_r> {
};
template <class __static_call_r>
struct __static_call_ret0<const volatile __static_call_r>
	: __static_call_ret0<__static_call_r> {
};
#define __static_call_ret0_of(type, yes)				\
	template <> struct __static_call_ret0<type> {			\
		static const bool __static_call_ok = yes;		\
	}
__static_call_ret0_of(void, true);
__static_call_ret0_of(bool, true);
__static_call_ret0_of(char, true);
__static_call_ret0_of(signed char, true);
__static_call_ret0_of(unsigned char, true);
__static_call_ret0_of(wchar_t, true);
__static_call_ret0_of(char16_t, true);
__static_call_ret0_of(char32_t, true);
#if defined(__cpp_char8_t)
__static_call_ret0_of(char8_t, true);
#endif
__static_call_ret0_of(short, true);
__static_call_ret0_of(unsigned short, true);
__static_call_ret0_of(int, true);
__static_call_ret0_of(unsigned int, true);
__static_call_ret0_of(long, true);
__static_call_ret0_of(unsigned long, true);
__static_call_ret0_of(long long, sizeof(long long) <= sizeof(long));
__static_call_ret0_of(unsigned long long, sizeof(long long) <= sizeof(long));
__static_call_ret0_of(decltype(nullptr), true);
#undef __static_call_ret0_of

/*
 * Can nothing stand in for such a result?  Not if a destructor would run on it.
 * A class that is not complete yet says nothing.
 */
#if defined(__clang__)
#define __static_call_trivial(type)	__is_trivially_destructible(type)
#else
#define __static_call_trivial(type)	__has_trivial_destructor(type)
#endif
template <class __static_call_r, unsigned long = 1>
struct __static_call_destructor_of {
	static const bool __static_call_none = true;
};
template <class __static_call_r>
struct __static_call_destructor_of<__static_call_r,
				   sizeof(__static_call_r) ? 1 : 0> {
	static const bool __static_call_none =
		__static_call_trivial(__static_call_r);
};
template <class __static_call_r>
struct __static_call_destructor
	: __static_call_destructor_of<__static_call_r> {
};
/* Of these sizeof is that of something else, or none. */
template <class __static_call_r>
struct __static_call_destructor<__static_call_r &>
	: __static_call_destructor_of<int> {
};
template <class __static_call_r>
struct __static_call_destructor<__static_call_r &&>
	: __static_call_destructor_of<int> {
};
template <>
struct __static_call_destructor<void> : __static_call_destructor_of<int> {
};
template <>
struct __static_call_destructor<const void>
	: __static_call_destructor_of<int> {
};

/* May a call of this pointer type be NULL?  The names are for messages. */
struct __static_call_may_be_NULL {
	static const bool __static_call_ok = true;
};
struct __static_call_not_NULL_as_its_result_has_a_destructor {
	static const bool __static_call_ok = false;
};
struct __static_call_not_NULL_here_as_its_result_is_a_structure {
	static const bool __static_call_ok = false;
};
template <bool, bool> struct __static_call_null_rule {
	typedef __static_call_may_be_NULL __static_call_is;
};
template <bool __static_call_memory>
struct __static_call_null_rule<false, __static_call_memory> {
	typedef __static_call_not_NULL_as_its_result_has_a_destructor
		__static_call_is;
};
template <> struct __static_call_null_rule<true, false> {
	typedef __static_call_not_NULL_here_as_its_result_is_a_structure
		__static_call_is;
};

/* Does a call with this result leave the stack as it was, if it is NULL? */
template <class __static_call_r> struct __static_call_null_result {
	static const bool __static_call_ok =
		__static_call_null_in_memory ||
		!(__is_class(__static_call_r) || __is_union(__static_call_r));
};
template <> struct __static_call_null_result<_Complex double> {
	static const bool __static_call_ok = __static_call_null_in_memory;
};
template <> struct __static_call_null_result<_Complex long double> {
	static const bool __static_call_ok = __static_call_null_in_memory;
};

template <class __static_call_f> struct __static_call_null;
template <class __static_call_f>
struct __static_call_null<__static_call_f *>
	: __static_call_null_rule<
		  __static_call_destructor<typename __static_call_result<
			  __static_call_f>::__static_call_is>::
			  __static_call_none,
		  __static_call_null_result<typename __static_call_result<
			  __static_call_f>::__static_call_is>::
			  __static_call_ok> {
};

template <bool> struct __static_call_if {
};
template <> struct __static_call_if<true> {
	typedef int __static_call_yes;
};

/* Is a target of type @__static_call_v one for calls of a pointer type? */
template <class __static_call_t> __static_call_t __static_call_make();
template <class __static_call_f> char __static_call_accept(__static_call_f);

template <class __static_call_f, class __static_call_v, class = char>
struct __static_call_takes {
	static const bool __static_call_ok = false;
	static __static_call_f __static_call_convert(__static_call_v)
	{
		return nullptr;
	}
};
template <class __static_call_f, class __static_call_v>
struct __static_call_takes<__static_call_f, __static_call_v,
			   decltype(__static_call_accept<__static_call_f>(
				   __static_call_make<__static_call_v>()))> {
	static const bool __static_call_ok = true;
	static __static_call_f
	__static_call_convert(__static_call_v __static_call_x)
	{
		return __static_call_x;
	}
};
/* The kernel's code passes void *. */
template <class __static_call_f>
struct __static_call_takes<__static_call_f, const void *, char> {
	static const bool __static_call_ok = true;
	static __static_call_f
	__static_call_convert(const void *__static_call_x)
	{
		return reinterpret_cast<__static_call_f>(
			const_cast<void *>(__static_call_x));
	}
};
template <class __static_call_f>
struct __static_call_takes<__static_call_f, void *, char>
	: __static_call_takes<__static_call_f, const void *, char> {
};

/* Numbers and nullptr: what may be NULL when it is written in the source. */
template <class __static_call_v> struct __static_call_literal {
	static const bool __static_call_ok =
		!__is_class(__static_call_v) &&
		__static_call_takes<double, __static_call_v>::__static_call_ok;
};
template <class __static_call_v>
struct __static_call_literal<__static_call_v *> {
	static const bool __static_call_ok = false;
};
template <> struct __static_call_literal<decltype(nullptr)> {
	static const bool __static_call_ok = true;
};

/*
 * The new target of the call of key @__static_call_k, which has the pointer
 * type @__static_call_f.  The key is here for the message alone, so that it
 * names the call.  What has no type of its own (overloaded names, NULL) goes by
 * the way of @__static_call_f, the rest (functions, objects that convert,
 * void *) by that of @__static_call_v.
 */
#if defined(__clang__)

/* clang is shortest where an assertion fails, whose condition it prints. */
template <struct static_call_key *, class __static_call_f, class,
	  class __static_call_v>
struct __static_call_update_takes {
	static const bool __static_call_ok =
		__static_call_takes<__static_call_f,
				    __static_call_v>::__static_call_ok &&
		!__static_call_literal<__static_call_v>::__static_call_ok;
};

/*
 * The key and the type stand once in the program's expression, so that there is one
 * message where the call is not declared: a checked target carries both.
 */
template <struct static_call_key *__static_call_k, class __static_call_f>
struct __static_call_checked {
	__static_call_f __static_call_func;
	operator void *() const
	{
		return reinterpret_cast<void *>(__static_call_func);
	}
};
template <struct static_call_key *__static_call_k, class __static_call_f>
inline int __static_call_update_to(
	__static_call_checked<__static_call_k, __static_call_f> __static_call_x)
{
	return __static_call_update(
		__static_call_ref<static_call_key, __static_call_k>::
			__static_call_get(),
		nullptr, __static_call_x);
}

template <struct static_call_key *__static_call_k, class __static_call_f>
struct __static_call_target {
	typedef typename __static_call_null<__static_call_f>::__static_call_is
		__static_call_rule;
	typedef __static_call_checked<__static_call_k, __static_call_f>
		__static_call_is;
	static __static_call_f __static_call_query_key()
	{
		return reinterpret_cast<__static_call_f>(__static_call_query(
			__static_call_ref<static_call_key, __static_call_k>::
				__static_call_get()));
	}
	static __static_call_is __static_call_to(__static_call_f __static_call_x)
	{
		return { __static_call_x };
	}
	template <class __static_call_v>
	static __static_call_is __static_call_to(__static_call_v __static_call_x)
	{
		static_assert(
			__static_call_update_takes<
				__static_call_k, __static_call_f,
				__static_call_rule,
				__static_call_v>::__static_call_ok,
			"an update of a static call with another type than "
			"its declaration's");
		return { __static_call_takes<__static_call_f, __static_call_v>::
				 __static_call_convert(__static_call_x) };
	}
	template <class __static_call_v,
		  typename __static_call_if<
			  __static_call_rule::__static_call_ok &&
			  __static_call_literal<__static_call_v>::
				  __static_call_ok>::__static_call_yes = 0>
	static __static_call_is __static_call_to(__static_call_v __static_call_x)
		__attribute__((__enable_if__(!__static_call_x, "not NULL")))
	{
		return { nullptr };
	}
};
#define __static_call_checked_target(what, name, ...)			\
	__static_call_target<&STATIC_CALL_KEY(name),			\
			     __static_call_typeof_target(name)>::	\
		__static_call_to(__VA_ARGS__)
#define __static_call_do_update(what, name, ...)			\
	__static_call_update_to(__static_call_checked_target(what, name, \
							     __VA_ARGS__))
#define __static_call_do_query(name)					\
	(__static_call_target<&STATIC_CALL_KEY(name),			\
			      __static_call_typeof_target(name)>::	\
		__static_call_query_key())

#else

/* gcc is shortest where an argument does not convert to a class. */
template <struct static_call_key *__static_call_k, class __static_call_f,
	  class __static_call_rule = typename __static_call_null<
		  __static_call_f>::__static_call_is>
struct __static_call_target {
	__static_call_f __static_call_func;
	__static_call_target() : __static_call_func()
	{
	}
	__static_call_target(__static_call_f __static_call_x)
		: __static_call_func(__static_call_x)
	{
	}
	template <class __static_call_v,
		  typename __static_call_if<
			  __static_call_takes<
				  __static_call_f,
				  __static_call_v>::__static_call_ok &&
			  (__static_call_rule::__static_call_ok ||
			   !__static_call_literal<__static_call_v>::
				   __static_call_ok)>::__static_call_yes = 0>
	__static_call_target(__static_call_v __static_call_x)
		: __static_call_func(
			  __static_call_takes<__static_call_f,
					      __static_call_v>::
				  __static_call_convert(__static_call_x))
	{
	}
	template <class __static_call_v,
		  typename __static_call_if<
			  !__static_call_rule::__static_call_ok &&
			  __static_call_literal<__static_call_v>::
				  __static_call_ok>::__static_call_yes = 0,
		  int = 0>
	__static_call_target(__static_call_v) = delete;
};
template <struct static_call_key *__static_call_k, class __static_call_f>
inline void *__static_call_change_to(
	__static_call_target<__static_call_k, __static_call_f> __static_call_x)
{
	return reinterpret_cast<void *>(__static_call_x.__static_call_func);
}
template <struct static_call_key *__static_call_k, class __static_call_f>
inline int __static_call_update_to(
	__static_call_target<__static_call_k, __static_call_f> __static_call_x)
{
	return __static_call_update(
		__static_call_ref<static_call_key, __static_call_k>::
			__static_call_get(),
		nullptr,
		reinterpret_cast<void *>(__static_call_x.__static_call_func));
}
#define __static_call_checked_target(what, name, ...)			\
	__static_call_change_to<&STATIC_CALL_KEY(name),			\
				__static_call_typeof_target(name)>(__VA_ARGS__)
/* In parentheses: a macro of the program may have it for an argument. */
#define __static_call_do_update(what, name, ...)			\
	(__static_call_update_to<&STATIC_CALL_KEY(name),		\
				 __static_call_typeof_target(name)>(__VA_ARGS__))
#define __static_call_do_query(name)					\
	reinterpret_cast<__static_call_typeof_target(name)>(		\
		__static_call_query(__static_call_key_pointer(name)))

#endif

} /* extern "C++" */

#define __static_call_check_null(what, name, ...)			\
	static_assert(__static_call_null<				\
			      __static_call_type(__VA_ARGS__) *>::	\
			      __static_call_is::__static_call_ok,	\
		      what "(" #name "): no NULL call, for its result "	\
		      "has a destructor" __static_call_or_memory);

#define __static_call_check_ret0(name, ...)				\
	static_assert(__static_call_ret0<__static_call_result<	\
			      __static_call_type(__VA_ARGS__)>::	\
			      __static_call_is>::__static_call_ok,	\
		      "DEFINE_STATIC_CALL_RET0(" #name "): the result is "\
		      "not an integer of at most long, an enumeration, a "\
		      "pointer or void")

#endif /* STATIC_CALL_CHECK_CXX_H */
