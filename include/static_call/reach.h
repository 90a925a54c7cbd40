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
 * __static_call_address(type, symbol, asm_name): a pointer to @symbol, which is
 * of @type, and which the assembler knows by the string @asm_name.
 */
#ifndef STATIC_CALL_REACH_H
#define STATIC_CALL_REACH_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

/*
 * The linkers of some machines make copy relocations for pointers in data, too.
 * There code reads the slot: @name is the symbol for the assembler, and what follows
 * tells the compiler that it is needed.
 */
#if defined(__static_call_reach_got_m68k)
#define __static_call_got(to, name, ...)				\
	__asm__("lea (%%pc, _GLOBAL_OFFSET_TABLE_@GOTPC), %0\n\t"	\
		"move.l (" name "@GOT, %0), %0"				\
		: "=a"(to) : __VA_ARGS__)
#elif defined(__static_call_reach_got_arm)
#define __static_call_got(to, name, ...)				\
	do {								\
		void *__static_call_word;				\
									\
		__asm__("adr %1, 1f\n\t"				\
			"b 2f\n\t"					\
			".p2align 2\n"					\
			"1:\t.word " name "(GOT_PREL)\n"		\
			"2:\tldr %0, [%1]\n\t"				\
			"ldr %0, [%1, %0]"				\
			: "=&l"(to), "=&l"(__static_call_word)		\
			: __VA_ARGS__);					\
	} while (0)
#endif

#if defined(__cplusplus)

/* Usable at namespace scope and in templates, where asm is not. */
extern "C++" {
template <class __static_call_t, __static_call_t *__static_call_p>
#if defined(__static_call_got)
struct __static_call_ref {
	static __attribute__((__always_inline__, __artificial__))
	inline __static_call_t *__static_call_get() noexcept
	{
		__static_call_t *__static_call_a;

		__static_call_got(__static_call_a, "%c[symbol]",
				  [symbol] "i"(__static_call_p));
		return __static_call_a;
	}
};
#else
struct __static_call_hidden __static_call_ref {
	static __static_call_t *volatile __static_call_pointer;
	static __attribute__((__always_inline__, __artificial__))
	inline __static_call_t *__static_call_get() noexcept
	{
		return __static_call_pointer;
	}
};
template <class __static_call_t, __static_call_t *__static_call_p>
__static_call_t *volatile
__static_call_ref<__static_call_t, __static_call_p>::__static_call_pointer =
	__static_call_p;
#endif
}
#define __static_call_address(type, symbol, asm_name)			\
	(__static_call_ref<type, &symbol>::__static_call_get())

#elif defined(__static_call_reach_got_x86_64)

/*
 * gcc's link-time optimiser does not read asm: the operand tells it that the
 * symbol is needed, at no cost.  For clang it would cost a load.  The register
 * tells how much is loaded: four bytes on x32.
 */
#if defined(__clang__)
#define __static_call_operand(symbol)
#else
#define __static_call_operand(symbol)	: "X"(&symbol)
#endif
#define __static_call_address(type, symbol, asm_name)			\
	__extension__({							\
		type *__static_call_a;					\
		__asm__("{mov " asm_name "@GOTPCREL(%%rip), %0|"	\
			"mov %0, " asm_name "@GOTPCREL[rip]}"		\
			: "=r"(__static_call_a)				\
			__static_call_operand(symbol));			\
		__static_call_a;					\
	})

#elif defined(__static_call_got)

#define __static_call_address(type, symbol, asm_name)			\
	__extension__({							\
		type *__static_call_a;					\
		__static_call_got(__static_call_a, asm_name,		\
				  "i"(&symbol));			\
		__static_call_a;					\
	})

#elif defined(__static_call_reach_direct)

#define __static_call_address(type, symbol, asm_name)	(&symbol)

#else

#define __static_call_address(type, symbol, asm_name)			\
	__extension__({							\
		static type *volatile __static_call_a = &symbol;	\
		__static_call_a;					\
	})

#endif

#define __static_call_key_pointer(name)					\
	__static_call_address(struct static_call_key,			\
			      STATIC_CALL_KEY(name), STATIC_CALL_KEY_STR(name))

#endif /* STATIC_CALL_REACH_H */
