/* SPDX-License-Identifier: MIT */
/*
 * static_call/group.h - the COMDAT group that each module has once: pointers to
 * the constructor and the destructor of static_call/module.h, and with the
 * patching backends a note that says where the module's state is.
 *
 * It comes with a declaration or a definition of a static call: a file that
 * has neither, but the header, brings none of this.
 */
#ifndef STATIC_CALL_GROUP_H
#define STATIC_CALL_GROUP_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#define __static_call_group_section(section, flags, type)		\
	".pushsection " section ",\"" flags "G\"," type			\
	",__static_call_module,comdat\n\t"

#define __static_call_group_pointer(section, type, func)		\
	__static_call_group_section(section, "aw", type)		\
	".balign " __static_call_str(__SIZEOF_POINTER__) "\n\t"		\
	"." __static_call_str(__SIZEOF_POINTER__) "byte " func "\n\t"	\
	".popsection\n\t"

/*
 * The inline backend patches what the build hook has found.  The hook defines
 * this symbol, so that a link without it fails, by a name that says why.  Not
 * in a program that was compiled with STATIC_CALL_NO_HOOK: there the word is
 * zero, and the library says so.  Where the flags of both pkg-config modules meet,
 * for a program beside a library of its, the hook is there.
 */
#define __static_call_needs_hook_str	\
	"__static_call_needs_the_build_hook__see_static_call_1"

#if defined(STATIC_CALL_NO_HOOK) && !defined(STATIC_CALL_HOOK)
#define __static_call_hook_binding	".weak"
#else
#define __static_call_hook_binding	".globl"
#endif

/* Hidden: it is not for the dynamic symbol table, defined or not. */
#if defined(STATIC_CALL_BACKEND_INLINE)
#define __static_call_hook_asm						\
	__static_call_group_section(".data.rel.static_call_hook", "aw",	\
				    "%progbits")			\
	__static_call_hook_binding " " __static_call_needs_hook_str "\n\t" \
	".hidden " __static_call_needs_hook_str "\n\t"			\
	".balign 8\n"							\
	"775:\n\t"							\
	".8byte " __static_call_needs_hook_str "\n\t"			\
	".popsection\n\t"
#define __static_call_hook_word		"775b-."
#else
#define __static_call_hook_asm
#define __static_call_hook_word		"0"
#endif

/* The note: struct static_call_note_module. */
#if defined(STATIC_CALL_BACKEND_GENERIC)
#define __static_call_module_note
#else
#define __static_call_module_note					\
	__static_call_hook_asm						\
	__static_call_group_section(".note.static_call", "a", "%note")	\
	".balign 4\n\t"							\
	".long 777f-776f, 12, "						\
	__static_call_str(STATIC_CALL_NOTE_MODULE) "\n"			\
	"776:\n\t"							\
	".asciz \"" STATIC_CALL_NOTE_OWNER "\"\n"			\
	"777:\n\t"							\
	".balign 4\n\t"							\
	".long __static_call_module_state-.\n\t"			\
	".long " __static_call_hook_word "\n\t"				\
	".long 0\n\t"							\
	".popsection\n\t"
#endif

/*
 * With speculative load hardening the code behind a call looks for the return
 * address that the call has left below the stack pointer.  So there a site must
 * stay a call, also for NULL and RET0.  This tells the build hook.
 */
#if defined(STATIC_CALL_BACKEND_INLINE) && defined(__has_feature)
#if __has_feature(speculative_load_hardening)
#define __static_call_kept_asm						\
	".pushsection " STATIC_CALL_KEPT_SECTION ",\"e\",%progbits\n\t"	\
	".byte 0\n\t"							\
	".popsection\n\t"
#endif
#endif
#ifndef __static_call_kept_asm
#define __static_call_kept_asm
#endif

#define __static_call_module_asm					\
	__asm__(".ifndef .L__static_call_module\n\t"			\
		".set .L__static_call_module, 1\n\t"			\
		__static_call_group_pointer(".init_array.00101",	\
			"%init_array", "__static_call_module_enter")	\
		__static_call_group_pointer(".fini_array.00101",	\
			"%fini_array", "__static_call_module_leave")	\
		__static_call_module_note				\
		__static_call_kept_asm					\
		".endif");

#endif /* STATIC_CALL_GROUP_H */
