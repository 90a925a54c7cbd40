/* SPDX-License-Identifier: MIT */
/*
 * static_call/generic.h - static calls as indirect calls through the key, for
 * any architecture.
 *
 * What C knows as __SCT__name is here a second name of the key's first member,
 * so that a module which was given that alone can call and not update.  It is
 * no code, so the assembler knows it by another name, __SCT__name.target: asm
 * that calls a trampoline does not link instead of jumping into data.
 */
#ifndef STATIC_CALL_GENERIC_H
#define STATIC_CALL_GENERIC_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#define __static_call_backend_enter	\
	static_call_headers_are_for_backend_generic

#define __static_call_tramp_symbol(name)	\
	STATIC_CALL_TRAMP_STR(name) ".target"

/* The kernel's, where it has no trampolines. */
#define STATIC_CALL_TRAMP_ADDR(name)	__static_call_no_pointer

#define __static_call_typeof_target(name)	\
	__typeof__(&*STATIC_CALL_TRAMP(name))

#define __static_call_declare(name, ...)				\
	__static_call_quiet						\
	__static_call_module_asm					\
	__static_call_quiet_end						\
	__static_call_extern __static_call_default			\
		__static_call_key STATIC_CALL_KEY(name);		\
	__static_call_extern __static_call_default			\
		__static_call_type(__VA_ARGS__)				\
			*const STATIC_CALL_TRAMP(name)			\
			__asm__(__static_call_tramp_symbol(name))

/*
 * The storage.  clang's link-time optimiser drops visibility directives on
 * symbols it knows, so there the public names are made by asm.  So they are for
 * AddressSanitizer, which in gcc takes an alias for a smaller variable, and keys
 * of one name in two modules for one.
 */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
#define __static_call_own_key(name)	\
	__static_call_cat(__static_call_key_, name)
#define __static_call_define_symbols(name, target)			\
	__static_call_extern __static_call_hidden			\
		__static_call_key __static_call_own_key(name);		\
	__static_call_extern_begin					\
	__static_call_key __static_call_own_key(name)			\
		__attribute__((__used__)) =				\
		__static_call_key_value(target);			\
	__static_call_extern_end			\
	__asm__(__static_call_symbol_asm(STATIC_CALL_KEY_STR(name),	\
			__static_call_str(__static_call_own_key(name)), "4") \
		__static_call_symbol_asm(__static_call_tramp_symbol(name), \
			__static_call_str(__static_call_own_key(name)), "1"));
#define __static_call_symbol_asm(symbol, storage, words)		\
	".globl " symbol "\n\t"						\
	".hidden " symbol "\n\t"					\
	".type " symbol ", %object\n\t"					\
	".size " symbol ", " words "*" __static_call_str(__SIZEOF_POINTER__) \
	"\n\t"								\
	".set " symbol ", " storage "\n\t"
#else
#define __static_call_own_key(name)	STATIC_CALL_KEY(name)
#define __static_call_define_symbols(name, target)			\
	__static_call_extern_begin					\
	__static_call_key STATIC_CALL_KEY(name)				\
		__attribute__((__used__)) =				\
		__static_call_key_value(target);			\
	__static_call_extern_end			\
	__static_call_extern __typeof__(STATIC_CALL_TRAMP(name))	\
		STATIC_CALL_TRAMP(name)					\
		__asm__(__static_call_tramp_symbol(name))		\
		__attribute__((__alias__(STATIC_CALL_KEY_STR(name)),	\
			       __used__));				\
	__asm__(".hidden " STATIC_CALL_KEY_STR(name) "\n\t"		\
		".hidden " __static_call_tramp_symbol(name));
#endif

#define __static_call_define(name, target, ...)				\
	__static_call_declare(name, __VA_ARGS__);			\
	__static_call_define_once(name)					\
	__static_call_define_symbols(name, target)			\
	static __static_call_definition					\
		__static_call_cat(__static_call_def_, name) =		\
		{ &__static_call_own_key(name), __static_call_str(name) }; \
	static __attribute__((__constructor__(101), __used__))		\
	void __static_call_cat(__static_call_enter_, name)(void)	\
	{								\
		static_call_define(					\
			&__static_call_cat(__static_call_def_, name));	\
	}								\
	static __attribute__((__destructor__(101), __used__))		\
	void __static_call_cat(__static_call_leave_, name)(void)	\
	{								\
		static_call_undefine(					\
			&__static_call_cat(__static_call_def_, name));	\
	}								\
	__static_call_extern __static_call_default			\
		__static_call_key STATIC_CALL_KEY(name)

/* Pairs with the release store of the key in the library. */
#define __static_call_load(name)					\
	__atomic_load_n(						\
		__static_call_address(					\
			__typeof__(STATIC_CALL_TRAMP(name)),		\
			STATIC_CALL_TRAMP(name),			\
			__static_call_tramp_symbol(name)),		\
		__ATOMIC_ACQUIRE)

/*
 * gcc writes the whole expression into a message on arguments.  A function's
 * name and arguments are the best to read, so one stands there, which gives its
 * second argument back; the first names the call and leaves no trace.
 */
#if defined(__cplusplus) || defined(__clang__)
#define __static_call_mod(name)		(*__static_call_load(name))
#else
static __inline__ __attribute__((__always_inline__, __artificial__))
void *__static_call_target(const void *const __static_call_name,
			   void *const __static_call_func)
{
	(void)__static_call_name;
	return __static_call_func;
}
#define __static_call_mod(name)						\
	(*(__static_call_typeof_target(name))__static_call_target(	\
		&STATIC_CALL_TRAMP(name),				\
		__extension__({						\
			void *__static_call_func =			\
				(void *)__static_call_load(name);	\
			__static_call_func;				\
		})))
#endif
#define __static_call(name)		__static_call_mod(name)

#endif /* STATIC_CALL_GENERIC_H */
