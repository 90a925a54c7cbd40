/* SPDX-License-Identifier: MIT */
/*
 * build_hook.S - what the hook adds to a link that has static calls: the symbol
 * that their header refers to, so that a link without the hook fails.
 *
 * Hidden: a shared library must not lend it to a program.  Absolute: it takes no
 * memory.  Not zero: the header's reference is weak where no hook is wanted.
 */
	.globl	__static_call_needs_the_build_hook__see_static_call_1
	.hidden	__static_call_needs_the_build_hook__see_static_call_1
	.set	__static_call_needs_the_build_hook__see_static_call_1, 1
	.section .note.GNU-stack, "", @progbits
