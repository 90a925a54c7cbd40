/* SPDX-License-Identifier: MIT */
/*
 * static_call/reach.h - the address of a key, got in a way that never makes a
 * copy relocation.
 *
 * An exported key is a protected symbol.  Code that is not position
 * independent would hold its address directly, for which the linker needs a
 * copy of the key in the program, which it refuses for protected symbols.  So
 * the address comes from the global offset table, or from a pointer in
 * writable data, which a dynamic relocation fills.  The pointer is volatile,
 * or the compiler would see through it, and not const, or it would be placed
 * in read-only data.
 *
 * SC_ADDRESS(type, symbol): a pointer to @symbol, which is of @type.
 */
#ifndef STATIC_CALL_REACH_H
#define STATIC_CALL_REACH_H

#if defined(__cplusplus)

/* Usable at namespace scope and in templates, where asm is not. */
extern "C++" {
template <class T, T *P> struct SC_HIDDEN sc_ref {
	static T *volatile pointer;
};
template <class T, T *P> T *volatile sc_ref<T, P>::pointer = P;
}
#define SC_ADDRESS(type, symbol)					\
	(sc_ref<type, &symbol>::pointer)

#elif defined(SC_REACH_GOT_X86_64)

/*
 * gcc's link-time optimiser does not read asm: the operand tells it that the
 * symbol is needed, at no cost.  For clang it would cost a load.
 */
#if defined(__clang__)
#define SC_ADDRESS_OPERAND(symbol)
#else
#define SC_ADDRESS_OPERAND(symbol)	: "X"(&symbol)
#endif
#define SC_ADDRESS(type, symbol)					\
	__extension__({							\
		type *sc_address_;					\
		__asm__("{movq " SC_STR(symbol) "@GOTPCREL(%%rip), %0|"	\
			"mov %0, QWORD PTR " SC_STR(symbol)		\
			"@GOTPCREL[rip]}"				\
			: "=r"(sc_address_) SC_ADDRESS_OPERAND(symbol));\
		sc_address_;						\
	})

#elif defined(SC_REACH_DIRECT)

#define SC_ADDRESS(type, symbol)	(&symbol)

#else

#define SC_ADDRESS(type, symbol)					\
	__extension__({							\
		static type *volatile sc_address_ = &symbol;		\
		sc_address_;						\
	})

#endif

#define SC_KEY_POINTER(name)						\
	SC_ADDRESS(struct static_call_key, STATIC_CALL_KEY(name))

#endif /* STATIC_CALL_REACH_H */
