/* SPDX-License-Identifier: MIT */
/*
 * static_call/generic.h - static calls as indirect calls through the key, for
 * any architecture.
 *
 * The trampoline symbol is here a second name of the key's first member, so
 * that a module which was given the trampoline alone can call and not update.
 */
#ifndef STATIC_CALL_GENERIC_H
#define STATIC_CALL_GENERIC_H

#define SC_BACKEND_ENTER	static_call_headers_are_for_backend_generic

#define SC_TYPEOF_TARGET(name)	__typeof__(&*STATIC_CALL_TRAMP(name))

#define SC_DECLARE(name, type)						\
	SC_EXTERN SC_DEFAULT struct static_call_key STATIC_CALL_KEY(name);\
	SC_EXTERN SC_DEFAULT SC_FUNC_TYPE(type) *const STATIC_CALL_TRAMP(name)

/*
 * The storage.  clang's link-time optimiser drops visibility directives on
 * symbols it knows, so there the public names are made by asm.  So they are for
 * AddressSanitizer, which in gcc takes an alias for a smaller variable, and keys
 * of one name in two modules for one.
 */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
#define SC_DEFINE_SYMBOLS(name, target)					\
	SC_EXTERN SC_HIDDEN struct static_call_key SC_CAT(sc_key_, name);\
	struct static_call_key SC_CAT(sc_key_, name)			\
		__attribute__((used)) =					\
		{ SC_VOID_POINTER(target), SC_NO_POINTER, SC_NO_POINTER,\
		  SC_NO_POINTER };					\
	__asm__(SC_SYMBOL_ASM(STATIC_CALL_KEY_STR(name),		\
			      SC_STR(SC_CAT(sc_key_, name)), "4")	\
		SC_SYMBOL_ASM(STATIC_CALL_TRAMP_STR(name),		\
			      SC_STR(SC_CAT(sc_key_, name)), "1"))
#define SC_SYMBOL_ASM(symbol, storage, words)				\
	".globl " symbol "\n\t"						\
	".hidden " symbol "\n\t"					\
	".type " symbol ", %object\n\t"					\
	".size " symbol ", " words "*" SC_STR(__SIZEOF_POINTER__) "\n\t"\
	".set " symbol ", " storage "\n\t"
#define SC_OWN_KEY(name)	SC_CAT(sc_key_, name)
#else
#define SC_DEFINE_SYMBOLS(name, target)					\
	struct static_call_key STATIC_CALL_KEY(name)			\
		__attribute__((used)) =					\
		{ SC_VOID_POINTER(target), SC_NO_POINTER, SC_NO_POINTER,\
		  SC_NO_POINTER };					\
	SC_EXTERN __typeof__(STATIC_CALL_TRAMP(name)) STATIC_CALL_TRAMP(name)\
		__attribute__((alias(STATIC_CALL_KEY_STR(name)), used));\
	__asm__(".hidden " STATIC_CALL_KEY_STR(name) "\n\t"		\
		".hidden " STATIC_CALL_TRAMP_STR(name))
#define SC_OWN_KEY(name)	STATIC_CALL_KEY(name)
#endif

#define SC_DEFINE(name, type, target)					\
	SC_DECLARE(name, type);						\
	SC_DEFINE_SYMBOLS(name, target);				\
	static struct static_call_definition SC_CAT(sc_def_, name) =	\
		{ &SC_OWN_KEY(name), SC_STR(name), SC_NO_POINTER };	\
	static __attribute__((constructor(101), used))			\
	void SC_CAT(sc_define_, name)(void)				\
	{								\
		static_call_define(&SC_CAT(sc_def_, name));		\
	}								\
	static __attribute__((destructor(101), used))			\
	void SC_CAT(sc_undefine_, name)(void)				\
	{								\
		static_call_undefine(&SC_CAT(sc_def_, name));		\
	}								\
	SC_EXTERN SC_DEFAULT struct static_call_key STATIC_CALL_KEY(name)

/* Pairs with the release store of the key in the library. */
#define SC_CALL(name)							\
	(*__atomic_load_n(SC_ADDRESS(__typeof__(STATIC_CALL_TRAMP(name)),\
				     STATIC_CALL_TRAMP(name)),		\
			  __ATOMIC_ACQUIRE))
#define SC_CALL_MOD(name)	SC_CALL(name)

#endif /* STATIC_CALL_GENERIC_H */
