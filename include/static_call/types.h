/* SPDX-License-Identifier: MIT */
/*
 * static_call/types.h - what a program and the library agree on: the names of
 * the symbols and the key.
 *
 * Everything here is ABI.  Programs include <static_call.h>, never this file.
 */
#ifndef STATIC_CALL_TYPES_H
#define STATIC_CALL_TYPES_H

#ifdef __GNUC__
#pragma GCC system_header
#endif

#include <stddef.h>
#include <stdint.h>

/* Symbol names: the kernel's scheme. */
#define STATIC_CALL_KEY_PREFIX		__SCK__
#define STATIC_CALL_KEY_PREFIX_STR	"__SCK__"
#define STATIC_CALL_KEY_PREFIX_LEN	(sizeof(STATIC_CALL_KEY_PREFIX_STR) - 1)
#define STATIC_CALL_TRAMP_PREFIX	__SCT__
#define STATIC_CALL_TRAMP_PREFIX_STR	"__SCT__"
#define STATIC_CALL_TRAMP_PREFIX_LEN	\
	(sizeof(STATIC_CALL_TRAMP_PREFIX_STR) - 1)

/* Numbers of the records and notes that static_call/format.h describes. */
#define STATIC_CALL_SITE_SECTION	".static_call_sites"
#define STATIC_CALL_KEPT_SECTION	".static_call_kept"
#define STATIC_CALL_SITE_TAIL		1u	/* a jump: tail call */
#define STATIC_CALL_SITE_KEPT		2u	/* must stay a call */
#define STATIC_CALL_SITE_FLAGS		7u

#define STATIC_CALL_NOTE_SECTION	".note.static_call"
#define STATIC_CALL_RUN_SECTION		".static_call_notes"
#define STATIC_CALL_NOTE_OWNER		"StaticCall"
/*
 * The version of a note is the high half of its type.  Version 1 was never
 * released.
 */
#define STATIC_CALL_NOTE_SITES		0x00020001
#define STATIC_CALL_NOTE_DEFINE		0x00020002
#define STATIC_CALL_NOTE_MODULE		0x00020003
/* The byte of each module to which the notes are anchored. */
#define STATIC_CALL_STATE_STR		"__static_call_module_state"
/* Flags of a note.  A reader skips a note with a flag that it does not know. */
#define STATIC_CALL_NOTE_DIRECT		1u	/* to the symbol, not its slot */
#define STATIC_CALL_NOTE_FLAGS		1u	/* all that there are */
#define STATIC_CALL_NOTE_MODULE_FLAGS	0u	/* of a note of a module: none */

/*
 * Trampoline, x86-64: a slot of 32 bytes, aligned to 32, in section
 * .static_call.text.
 *
 *   0   endbr64                       never patched; older ones lack it
 *   +0  mov __SCK__x@GOTPCREL(%rip),%r11   (or lea, where a linker relaxed it)
 *   +7  jmp *(%r11)
 *   18  xor %eax,%eax; ret            stub: RET0, never patched
 *   21  ret                           stub: NULL, never patched
 *   24  place-relative GOT slot of the key (data)
 *   28  STATIC_CALL_TRAMP_MAGIC (data)
 */
#define STATIC_CALL_TRAMP_SECTION	".static_call.text"
#define STATIC_CALL_TRAMP_SIZE		32
#define STATIC_CALL_TRAMP_RET0		18
#define STATIC_CALL_TRAMP_NULL		21
#define STATIC_CALL_TRAMP_KEY		24
#define STATIC_CALL_TRAMP_SIGNATURE	28
#define STATIC_CALL_TRAMP_MAGIC		0x31544353	/* "SCT1" */

/*
 * A type's visibility leaks into variables of that type in C++, where an
 * exported key must not become hidden under -fvisibility=hidden.
 */
#ifdef __cplusplus
#define __static_call_type_default	\
	__attribute__((__visibility__("default")))
#define __static_call_assert(cond, text)	static_assert(cond, text)
#else
#define __static_call_type_default
#define __static_call_assert(cond, text)	_Static_assert(cond, text)
#endif

/*
 * The key of a static call.  @func is the current target and is the truth:
 * trampolines and call sites are caches of it.  It is NULL only until the
 * module has been added, if the first target is a weak function that is
 * missing; a NULL static call holds the address of an empty function.  Written
 * by the library alone (release), read by anybody (acquire).
 *
 * @static_call_owner and @static_call_entry belong to the copy of the library
 * that registered the key; both are zero until then.  The tail is room to grow.
 */
struct __static_call_type_default static_call_key {
	void *func;
	void *static_call_owner;
	void *static_call_entry;
	void *static_call_spare;
};

/*
 * One DEFINE_STATIC_CALL*() of the generic backend, which has no notes: handed
 * to the library by a constructor, taken back by a destructor.
 */
struct static_call_definition {
	struct static_call_key *static_call_def_key;
	const char *static_call_def_name;
};

__static_call_assert(offsetof(struct static_call_key, func) == 0,
		     "the target is the first member of a key");
__static_call_assert(sizeof(struct static_call_key) == 4 * sizeof(void *),
		     "the size of a key is ABI");

#endif /* STATIC_CALL_TYPES_H */
