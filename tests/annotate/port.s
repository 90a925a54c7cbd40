// SPDX-License-Identifier: MIT
// port.s - static calls of another architecture, by hand, for doc/format.md: what
// a port to aarch64 would emit.  A program, or with LIBRARY a library, whose call
// the program imports.  SPOIL makes one record lead to another instruction.

	.equ	OWNER_SIZE, 11
	.equ	NOTE_SITES, 0x00020001
	.equ	NOTE_DEFINE, 0x00020002
	.equ	NOTE_MODULE, 0x00020003
	.equ	DIRECT, 1
	.equ	TAIL, 1
	.equ	MAGIC, 0x31544353

	.macro	note type
	.balign	4
	.long	OWNER_SIZE, 2f - 1f, \type
	.asciz	"StaticCall"
	.balign	4
1:	.long	__static_call_module_state - .
	.endm

	.macro	note_end
2:	.balign	4
	.popsection
	.endm

	.macro	define name, binding
	.pushsection .data
	.balign	8
	.globl	__SCK__\name
	\binding __SCK__\name
	.type	__SCK__\name, %object
	.size	__SCK__\name, 32
__SCK__\name:
	.xword	function_\name, 0, 0, 0
	.popsection

	.pushsection .static_call.text, "ax", %progbits
	.balign	32
	.globl	__SCT__\name
	\binding __SCT__\name
	.type	__SCT__\name, %function
	.size	__SCT__\name, 32
__SCT__\name:
	hint	#34			// bti c
	adrp	x16, __SCK__\name
	ldr	x16, [x16, :lo12:__SCK__\name]
	br	x16
	mov	x0, xzr			// the stub of RET0
	ret				// and of NULL
	.long	__SCK__\name - .
	.long	MAGIC
	.popsection

	.pushsection .note.static_call, "a", %note
	note	NOTE_DEFINE
	.long	__SCT__\name - .
	.long	__SCK__\name - .
	.long	DIRECT
	.asciz	"\name"
	note_end
	.endm

	// A call at the label "at": a record that leads to the trampoline itself.
	.macro	record at, name, flags
	.long	\at - .
	.long	__SCT__\name + \flags - .
	.endm

	.macro	run start, end, flags
	.pushsection .static_call_notes, "a", %note
	note	NOTE_SITES
	.long	\start - .
	.long	(\end - \start) / 8
	.long	\flags
	note_end
	.endm

// ---- what each module has once

	.section .bss.__static_call_module_state, "aw", %nobits
	.weak	__static_call_module_state
	.hidden	__static_call_module_state
	.type	__static_call_module_state, %object
	.size	__static_call_module_state, 1
__static_call_module_state:
	.zero	1

	.section .data.rel.static_call_hook, "aw", %progbits
	.balign	8
.Lhook:	.xword	1

	.section .note.static_call, "a", %note
	.pushsection .note.static_call, "a", %note
	note	NOTE_MODULE
	.long	.Lhook - .
	.long	0
	note_end

// ---- functions, and calls of what the module defines

	.text
function_own:
function_theirs:
	ret
	.globl	_start
_start:
	stp	x29, x30, [sp, #-16]!
	.ifdef	LIBRARY
.Lcall:	bl	__SCT__theirs
	ldp	x29, x30, [sp], #16
.Ljump:	b	__SCT__theirs
	.else
.Lcall:	bl	__SCT__own
.Lfar:	bl	__SCT__theirs
	ldp	x29, x30, [sp], #16
.Ljump:	b	__SCT__own
	.endif

	.section .static_call_sites, "a", %progbits
	.balign	4
.Lsites:
	.ifdef	LIBRARY
	record	.Lcall, theirs, 0
	record	.Ljump, theirs, TAIL
	.else
	.ifdef	SPOIL
	record	.Lcall + 8, own, 0
	.else
	record	.Lcall, own, 0
	.endif
	record	.Ljump, own, TAIL
	.endif
.Lsites_end:
	run	.Lsites, .Lsites_end, DIRECT

// ---- a call of another module's: the record leads to a word of our own, which
// ---- the dynamic linker fills, for there is no relocation of data to the GOT

	.ifndef	LIBRARY
	.section .data.rel.ro, "aw", %progbits
	.balign	8
.Lslot:	.xword	__SCT__theirs

	.section .static_call_sites, "a", %progbits
.Lfar_sites:
	.long	.Lfar - .
	.long	.Lslot - .
.Lfar_sites_end:
	run	.Lfar_sites, .Lfar_sites_end, 0
	define	own, .hidden
	.else
	define	theirs, .protected
	.endif
