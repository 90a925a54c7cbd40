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

#ifdef __GNUC__
#pragma GCC system_header
#endif

#if defined(STATIC_CALL_BACKEND_INLINE)
#define __static_call_backend_enter	\
	static_call_headers_are_for_backend_inline
#else
#define __static_call_backend_enter	\
	static_call_headers_are_for_backend_trampoline
#endif

#define __static_call_tramp_symbol(name)	STATIC_CALL_TRAMP_STR(name)

#define STATIC_CALL_TRAMP_ADDR(name)	(&STATIC_CALL_TRAMP(name))

#define __static_call_typeof_target(name)	\
	__typeof__(&STATIC_CALL_TRAMP(name))

/* clang spells the name of a __regcall__ function in another way. */
#if defined(__clang__)
#define __static_call_tramp_label(name)	\
	__asm__(__static_call_tramp_symbol(name))
#else
#define __static_call_tramp_label(name)
#endif

#define __static_call_declare(name, ...)				\
	__static_call_quiet						\
	__static_call_module_asm					\
	__static_call_extern __static_call_default			\
		__static_call_type(__VA_ARGS__) STATIC_CALL_TRAMP(name)	\
			__static_call_tramp_label(name);		\
	__static_call_quiet_end						\
	__static_call_extern __static_call_default			\
		__static_call_key STATIC_CALL_KEY(name)

/*
 * The key.  clang's link-time optimiser drops visibility directives on symbols
 * it knows, so there the public name is made by asm.  So it is for gcc's
 * AddressSanitizer, which takes keys of one name in two modules for one.
 */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
#define __static_call_own_key(name)	\
	__static_call_cat(__static_call_key_, name)
#define __static_call_define_key(name, target)				\
	__static_call_extern __static_call_hidden			\
		__static_call_key __static_call_own_key(name);		\
	__static_call_extern_begin					\
	__static_call_key __static_call_own_key(name)			\
		__attribute__((__used__)) =				\
		__static_call_key_value(target);			\
	__static_call_extern_end
#define __static_call_key_asm(name)					\
	".globl " STATIC_CALL_KEY_STR(name) "\n\t"			\
	".hidden " STATIC_CALL_KEY_STR(name) "\n\t"			\
	".type " STATIC_CALL_KEY_STR(name) ", @object\n\t"		\
	".size " STATIC_CALL_KEY_STR(name) ", 32\n\t"			\
	".set " STATIC_CALL_KEY_STR(name) ", "				\
	__static_call_str(__static_call_own_key(name)) "\n\t"
#else
#define __static_call_define_key(name, target)				\
	__static_call_extern_begin					\
	__static_call_key STATIC_CALL_KEY(name)				\
		__attribute__((__used__)) =				\
		__static_call_key_value(target);			\
	__static_call_extern_end
#define __static_call_key_asm(name)					\
	".hidden " STATIC_CALL_KEY_STR(name) "\n\t"
#endif

/*
 * The trampoline, as in static_call/types.h.  Bytes, so that -masm=intel reads
 * it too.  In a section of its own, so that calls of it keep their relocation.
 * It names no C function, which link-time optimisers could rename.  The endbr64
 * is always there and never patched: who puts a probe on the function, by its
 * address, does not meet the instruction that changes.
 */
#define __static_call_tramp_asm(tramp, key)					\
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
	".long " __static_call_str(STATIC_CALL_TRAMP_MAGIC) "\n\t"			\
	".cfi_endproc\n\t"						\
	".size " tramp ", 32\n\t"					\
	".popsection\n\t"

/* The definition note: struct static_call_note_define and the name. */
#define __static_call_note_asm(tramp, key, name)					\
	".pushsection .note.static_call,\"a\",@note\n\t"		\
	".balign 4\n\t"							\
	".long 772f-771f, 774f-773f, "					\
	__static_call_str(STATIC_CALL_NOTE_DEFINE) "\n"			\
	"771:\n\t"							\
	".asciz \"StaticCall\"\n"					\
	"772:\n\t"							\
	".balign 4\n"							\
	"773:\n\t"							\
	".long __static_call_module_state-.\n\t"			\
	".long " tramp "@GOTPCREL\n\t"					\
	".long " key "@GOTPCREL\n\t"					\
	".long 0\n\t"							\
	".asciz \"" name "\"\n"						\
	"774:\n\t"							\
	".balign 4\n\t"							\
	".popsection\n\t"

#define __static_call_define(name, target, ...)				\
	__static_call_declare(name, __VA_ARGS__);			\
	__static_call_define_once(name)					\
	__static_call_define_key(name, target)				\
	__static_call_quiet						\
	__asm__(__static_call_key_asm(name)				\
		__static_call_tramp_asm(STATIC_CALL_TRAMP_STR(name),	\
					STATIC_CALL_KEY_STR(name))	\
		__static_call_note_asm(STATIC_CALL_TRAMP_STR(name),	\
				       STATIC_CALL_KEY_STR(name),	\
				       __static_call_str(name)));	\
	__static_call_quiet_end						\
	__static_call_extern __static_call_default			\
		__static_call_key STATIC_CALL_KEY(name)

/*
 * The callee is the trampoline itself, also at -O0.  gcc's link-time optimiser
 * does not see symbols that asm defines, so an archive member that defines the
 * call would not be pulled in: the comma's left side names the key, which is a
 * C symbol, and leaves no trace in the code.  clang sees them, and would spend
 * a load.
 *
 * In C the key is declared on the spot, so that a message on an undeclared call
 * comes once, and the block that this makes is short in messages: gcc writes it
 * as ({...}).
 */
#define __static_call_mod(name)	(&STATIC_CALL_TRAMP(name))
#if defined(__clang__) || !defined(__GNUC__)
#define __static_call(name)	__static_call_mod(name)
#elif defined(__cplusplus)
extern "C++" {
static inline __attribute__((__always_inline__, __artificial__))
void __static_call_touch(struct static_call_key *const __static_call_k) noexcept
{
	__asm__ volatile("" : : "X"(__static_call_k));
}
}
#define __static_call(name)						\
	(__static_call_touch(&STATIC_CALL_KEY(name)),			\
	 &STATIC_CALL_TRAMP(name))
#else
#define __static_call(name)						\
	(__extension__({						\
		extern struct static_call_key STATIC_CALL_KEY(name);	\
		__asm__ volatile("" : : "X"(&STATIC_CALL_KEY(name)));	\
	}), &STATIC_CALL_TRAMP(name))
#endif

#endif /* STATIC_CALL_X86_64_H */
