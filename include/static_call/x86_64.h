/* SPDX-License-Identifier: MIT */
/*
 * static_call/x86_64.h - static calls as calls of a trampoline, for the
 * trampoline and the inline backend on x86-64 Linux.
 *
 * A static call is an ordinary call of the extern function __SCT__name, the
 * trampoline, which jumps through the key; so the compiler treats it as any
 * call.  The library makes the trampoline a direct jump (trampoline backend) or
 * each call site a direct call (inline backend).
 */
#ifndef STATIC_CALL_X86_64_H
#define STATIC_CALL_X86_64_H

#if defined(HAVE_STATIC_CALL_INLINE)
#define SC_BACKEND_ENTER	static_call_headers_are_for_backend_inline
#else
#define SC_BACKEND_ENTER	static_call_headers_are_for_backend_trampoline
#endif

#define SC_TYPEOF_TARGET(name)	__typeof__(&STATIC_CALL_TRAMP(name))

/*
 * clang++ warns of a function with C linkage that returns a class; the linkage
 * is there for the name alone.
 */
#if defined(__clang__) && defined(__cplusplus)
#define SC_NAME_ONLY							\
	_Pragma("clang diagnostic push")				\
	_Pragma("clang diagnostic ignored \"-Wreturn-type-c-linkage\"")
#define SC_NAME_ONLY_END	_Pragma("clang diagnostic pop")
#else
#define SC_NAME_ONLY
#define SC_NAME_ONLY_END
#endif

#define SC_DECLARE(name, type)						\
	SC_NAME_ONLY							\
	SC_EXTERN SC_DEFAULT SC_FUNC_TYPE(type) STATIC_CALL_TRAMP(name);\
	SC_NAME_ONLY_END						\
	SC_EXTERN SC_DEFAULT struct static_call_key STATIC_CALL_KEY(name)

/*
 * The key.  clang's link-time optimiser drops visibility directives on symbols
 * it knows, so there the public name is made by asm.  So it is for gcc's
 * AddressSanitizer, which takes keys of one name in two modules for one.
 */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
#define SC_DEFINE_KEY(name, target)					\
	SC_EXTERN SC_HIDDEN struct static_call_key SC_CAT(sc_key_, name);\
	struct static_call_key SC_CAT(sc_key_, name)			\
		__attribute__((used)) =					\
		{ SC_VOID_POINTER(target), SC_NO_POINTER, SC_NO_POINTER,\
		  SC_NO_POINTER }
#define SC_KEY_ASM(name)						\
	".globl " STATIC_CALL_KEY_STR(name) "\n\t"			\
	".hidden " STATIC_CALL_KEY_STR(name) "\n\t"			\
	".type " STATIC_CALL_KEY_STR(name) ", @object\n\t"		\
	".size " STATIC_CALL_KEY_STR(name) ", 32\n\t"			\
	".set " STATIC_CALL_KEY_STR(name) ", "				\
	SC_STR(SC_CAT(sc_key_, name)) "\n\t"
#else
#define SC_DEFINE_KEY(name, target)					\
	struct static_call_key STATIC_CALL_KEY(name)			\
		__attribute__((used)) =					\
		{ SC_VOID_POINTER(target), SC_NO_POINTER, SC_NO_POINTER,\
		  SC_NO_POINTER }
#define SC_KEY_ASM(name)						\
	".hidden " STATIC_CALL_KEY_STR(name) "\n\t"
#endif

/*
 * The trampoline, as in static_call/types.h.  Bytes, so that -masm=intel reads
 * it too.  In a section of its own, so that calls of it keep their relocation.
 * It names no C function, which link-time optimisers could rename.  The endbr64
 * is always there and never patched: who puts a probe on the function, by its
 * address, does not meet the instruction that changes.
 */
#define SC_TRAMP_ASM(tramp, key)					\
	".pushsection .static_call.text,\"ax\",@progbits\n\t"		\
	".balign 32,0xcc\n\t"						\
	".globl " tramp "\n\t"						\
	".hidden " tramp "\n\t"						\
	".type " tramp ", @function\n"					\
	tramp ":\n\t"							\
	".cfi_startproc\n\t"						\
	".byte 0xf3,0x0f,0x1e,0xfa\n\t"	/* endbr64 */		\
	".byte 0x4c,0x8b,0x1d\n\t"	/* mov key@GOT(%rip),%r11 */	\
	".long " key "@GOTPCREL-4\n\t"					\
	".byte 0x41,0xff,0x23\n\t"	/* jmp *(%r11) */		\
	".byte 0xcc,0xcc,0xcc,0xcc\n\t"				\
	".byte 0x31,0xc0,0xc3\n\t"	/* xor %eax,%eax; ret */	\
	".byte 0xc3,0xcc,0xcc\n\t"	/* ret */			\
	".long " key "@GOTPCREL\n\t"					\
	".long " SC_STR(STATIC_CALL_TRAMP_MAGIC) "\n\t"			\
	".cfi_endproc\n\t"						\
	".size " tramp ", 32\n\t"					\
	".popsection\n\t"

/* The definition note: struct static_call_note_define and the name. */
#define SC_NOTE_ASM(tramp, key, name)					\
	".pushsection .note.static_call,\"a\",@note\n\t"		\
	".balign 4\n\t"							\
	".long 772f-771f, 774f-773f, "					\
	SC_STR(STATIC_CALL_NOTE_DEFINE) "\n"			\
	"771:\n\t"							\
	".asciz \"StaticCall\"\n"					\
	"772:\n\t"							\
	".balign 4\n"							\
	"773:\n\t"							\
	".long " tramp "@GOTPCREL\n\t"					\
	".long " key "@GOTPCREL\n\t"					\
	".long 0\n\t"							\
	".asciz \"" name "\"\n"						\
	"774:\n\t"							\
	".balign 4\n\t"							\
	".popsection\n\t"

#define SC_DEFINE(name, type, target)					\
	SC_DECLARE(name, type);						\
	SC_DEFINE_KEY(name, target);					\
	__asm__(SC_KEY_ASM(name)					\
		SC_TRAMP_ASM(STATIC_CALL_TRAMP_STR(name),		\
			     STATIC_CALL_KEY_STR(name))			\
		SC_NOTE_ASM(STATIC_CALL_TRAMP_STR(name),		\
			    STATIC_CALL_KEY_STR(name), SC_STR(name)))

/*
 * The callee is the trampoline itself, also at -O0.  gcc's link-time optimiser
 * does not see symbols that asm defines, so an archive member that defines the
 * call would not be pulled in: the comma's left side names the key, which is a
 * C symbol, and leaves no trace in the code.  clang sees them, and would spend
 * a load.
 */
#define SC_CALL_MOD(name)	(&STATIC_CALL_TRAMP(name))
#if defined(__clang__) || !defined(__GNUC__)
#define SC_CALL(name)		SC_CALL_MOD(name)
#elif defined(__cplusplus)
extern "C++" {
template <struct static_call_key *K>
static inline __attribute__((always_inline)) void sc_touch() noexcept
{
	__asm__ volatile("" : : "X"(K));
}
}
#define SC_CALL(name)							\
	(sc_touch<&STATIC_CALL_KEY(name)>(), &STATIC_CALL_TRAMP(name))
#else
#define SC_CALL(name)							\
	(__extension__({						\
		__asm__ volatile("" : : "X"(&STATIC_CALL_KEY(name)));	\
	}), &STATIC_CALL_TRAMP(name))
#endif

#endif /* STATIC_CALL_X86_64_H */
