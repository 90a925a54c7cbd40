/* SPDX-License-Identifier: MIT */
/*
 * static_call/types.h - what a program, the library and the static-call tool
 * agree on: symbol names, the key, and the records in an object file.
 *
 * Everything here is ABI.  Programs include <static_call.h>, never this file.
 */
#ifndef STATIC_CALL_TYPES_H
#define STATIC_CALL_TYPES_H

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

/*
 * A type's visibility leaks into variables of that type in C++, where an
 * exported key must not become hidden under -fvisibility=hidden.
 */
#ifdef __cplusplus
#define SC_TYPE_DEFAULT	__attribute__((visibility("default")))
#else
#define SC_TYPE_DEFAULT
#endif

/*
 * The key of a static call.  @func is the current target and is the truth:
 * trampolines and call sites are caches of it.  It is never NULL, a NULL
 * static call holds the address of an empty function.  Written by the library
 * alone (release), read by anybody (acquire).
 *
 * @sc_owner and @sc_entry belong to the copy of the library that registered
 * the key; both are zero until then.  The tail is room to grow.
 */
struct SC_TYPE_DEFAULT static_call_key {
	void *func;
	void *sc_owner;
	void *sc_entry;
	void *sc_reserved;
};

/*
 * One call site, a record of section .static_call_sites.  Both fields are
 * relative to their own place (absolute = value + address of the field).
 * @tramp leads to the GOT slot that holds the address of the trampoline; slots
 * are 8-aligned, so the low three bits of the *absolute* value are flags.
 */
struct static_call_site {
	int32_t addr;		/* the call or jump instruction */
	int32_t tramp;		/* GOT slot of the trampoline, plus flags */
};

#define STATIC_CALL_SITE_SECTION	".static_call_sites"
#define STATIC_CALL_SITE_TAIL		1u	/* a jump: tail call */
#define STATIC_CALL_SITE_FLAGS		7u

/*
 * Locator notes, found through PT_NOTE.  Always step from note to note by 4
 * bytes, whatever p_align says.  Definitions are in .note.static_call, which
 * every linker keeps; runs of sites are in .static_call_notes, which a linker
 * may drop together with the code that holds the sites (gold keeps all that is
 * named .note*).
 */
#define STATIC_CALL_NOTE_SECTION	".note.static_call"
#define STATIC_CALL_RUN_SECTION		".static_call_notes"
#define STATIC_CALL_NOTE_OWNER		"StaticCall"
/* The version is the high half of the note's type. */
#define STATIC_CALL_NOTE_SITES		0x00010001
#define STATIC_CALL_NOTE_DEFINE		0x00010002

/* Description of STATIC_CALL_NOTE_SITES: one run of site records. */
struct static_call_note_sites {
	int32_t start;		/* first record, relative to this field */
	uint32_t count;		/* number of records */
};

/*
 * Description of STATIC_CALL_NOTE_DEFINE: one DEFINE_STATIC_CALL*().  Both
 * offsets lead to GOT slots.  The name follows, NUL-terminated.
 */
struct static_call_note_define {
	int32_t tramp;		/* GOT slot of the trampoline, place-relative */
	int32_t key;		/* GOT slot of the key, place-relative */
	uint32_t flags;		/* none defined yet: 0 */
	/* char name[]; */
};

/*
 * One DEFINE_STATIC_CALL*() of the generic backend, which has no notes: handed
 * to the library by a constructor, taken back by a destructor.  @sc_next is the
 * library's.
 */
struct static_call_definition {
	struct static_call_key *key;
	const char *name;
	struct static_call_definition *sc_next;
};

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

#ifdef __cplusplus
#define SC_STATIC_ASSERT(cond, text)	static_assert(cond, text)
#else
#define SC_STATIC_ASSERT(cond, text)	_Static_assert(cond, text)
#endif

SC_STATIC_ASSERT(offsetof(struct static_call_key, func) == 0,
		 "the target is the first member of a key");
SC_STATIC_ASSERT(sizeof(struct static_call_key) == 4 * sizeof(void *),
		 "the size of a key is ABI");
SC_STATIC_ASSERT(sizeof(struct static_call_site) == 8,
		 "the size of a site record is ABI");
SC_STATIC_ASSERT(offsetof(struct static_call_site, tramp) == 4,
		 "the layout of a site record is ABI");
SC_STATIC_ASSERT(sizeof(struct static_call_note_sites) == 8,
		 "the size of a site locator is ABI");
SC_STATIC_ASSERT(sizeof(struct static_call_note_define) == 12,
		 "the size of a definition record is ABI");

#endif /* STATIC_CALL_TYPES_H */
