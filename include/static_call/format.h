/* SPDX-License-Identifier: MIT */
/*
 * static_call/format.h - what the header, the library and the static-call tool
 * agree on: the records in an object file.
 *
 * Everything here is ABI.  <static_call.h> does not include it: programs need
 * none of these structures.
 */
#ifndef STATIC_CALL_FORMAT_H
#define STATIC_CALL_FORMAT_H

#include <static_call/types.h>

/*
 * One call site, a record of section .static_call_sites.  Both fields are
 * relative to their own place (absolute = value + address of the field).
 * @tramp leads to the GOT slot that holds the address of the trampoline, or to
 * the trampoline itself, as the note says that locates the record.  Both are
 * 8-aligned, so the low three bits of the *absolute* value are flags.
 */
struct static_call_site {
	int32_t addr;		/* the call or jump instruction */
	int32_t tramp;		/* slot of the trampoline, plus flags */
};

/*
 * Locator notes, found through PT_NOTE.  Always step from note to note by 4
 * bytes, whatever p_align says.  Definitions are in .note.static_call, which
 * every linker keeps; runs of sites are in .static_call_notes, which a linker
 * may drop together with the code that holds the sites (gold keeps all that is
 * named .note*).  The high half of a note's type is its version.
 *
 * Offsets are relative to their own place, and programs that edit linked files
 * move notes to other places.  So each note begins with its anchor, the offset
 * of the module's state byte __static_call_module_state, whose address at run
 * time is known otherwise:
 *
 *	moved = address of the byte - (address of @anchor + @anchor)
 *	what an offset leads to = address of its field + the offset + moved
 *
 * where @moved is 0 in a file that nobody has edited.
 */

/* Description of STATIC_CALL_NOTE_SITES: one run of site records. */
struct static_call_note_sites {
	int32_t anchor;
	int32_t start;		/* first record */
	uint32_t count;		/* number of records */
	uint32_t flags;		/* STATIC_CALL_NOTE_*, of the records */
};

/*
 * Description of STATIC_CALL_NOTE_DEFINE: one DEFINE_STATIC_CALL*().  The name
 * follows, NUL-terminated.
 */
struct static_call_note_define {
	int32_t anchor;
	int32_t tramp;		/* GOT slot of the trampoline */
	int32_t key;		/* GOT slot of the key */
	uint32_t flags;		/* STATIC_CALL_NOTE_*, of both */
	/* char name[]; */
};

/*
 * Description of STATIC_CALL_NOTE_MODULE: one for each module that declares a
 * static call.
 */
struct static_call_note_module {
	int32_t anchor;
	int32_t hook;		/* a word, not zero if it was linked by the */
				/* build hook; 0: this backend has none */
	uint32_t flags;		/* none defined yet: 0 */
};

__static_call_assert(sizeof(struct static_call_note_module) == 12,
		     "the size of a module record is ABI");
__static_call_assert(sizeof(struct static_call_site) == 8,
		     "the size of a site record is ABI");
__static_call_assert(offsetof(struct static_call_site, tramp) == 4,
		     "the layout of a site record is ABI");
__static_call_assert(sizeof(struct static_call_note_sites) == 16,
		     "the size of a site locator is ABI");
__static_call_assert(sizeof(struct static_call_note_define) == 16,
		     "the size of a definition record is ABI");

#endif /* STATIC_CALL_FORMAT_H */
