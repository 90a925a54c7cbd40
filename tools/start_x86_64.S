/* SPDX-License-Identifier: MIT */
/*
 * start_x86_64.S - where the hook begins, before the C library does, and system
 * calls without it.
 */
#include <cet.h>

	.text

/* The entry point: sc_early(argv, environment), then that of the C library. */
	.globl sc_start
	.type sc_start, @function
sc_start:
	.cfi_startproc
	.cfi_undefined rip
	_CET_ENDBR
	xor %ebp, %ebp
	/* The dynamic linker leaves a function for _start() there. */
	mov %rdx, %rbx
	mov (%rsp), %rax
	lea 8(%rsp), %rdi
	lea 16(%rsp, %rax, 8), %rsi
	call sc_early
	mov %rbx, %rdx
	jmp _start
	.cfi_endproc
	.size sc_start, . - sc_start

/* long sc_system(long number, long a, long b, long c, long d, long e) */
	.globl sc_system
	.hidden sc_system
	.type sc_system, @function
sc_system:
	.cfi_startproc
	_CET_ENDBR
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	mov %r9, %r8
	syscall
	ret
	.cfi_endproc
	.size sc_system, . - sc_system

/*
 * long sc_system_spawn(const char *path, char **argv, char **environment,
 *			const void *mask, int *error)
 * The child has the parent's memory, stack included, while the parent waits:
 * it writes to nothing but *error.
 */
	.globl sc_system_spawn
	.hidden sc_system_spawn
	.type sc_system_spawn, @function
sc_system_spawn:
	.cfi_startproc
	_CET_ENDBR
	push %rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	push %rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	push %r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	push %r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	push %r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	mov %rdi, %r12
	mov %rsi, %r13
	mov %rdx, %r14
	mov %rcx, %rbp
	mov %r8, %rbx
	/* clone(CLONE_VM | CLONE_VFORK | SIGCHLD) */
	mov $56, %eax
	mov $0x4111, %edi
	xor %esi, %esi
	xor %edx, %edx
	xor %r10d, %r10d
	xor %r8d, %r8d
	syscall
	test %rax, %rax
	jnz 1f
	/* rt_sigprocmask(SIG_SETMASK, mask, NULL, 8) */
	mov $14, %eax
	mov $2, %edi
	mov %rbp, %rsi
	xor %edx, %edx
	mov $8, %r10d
	syscall
	/* execve(path, argv, environment) */
	mov $59, %eax
	mov %r12, %rdi
	mov %r13, %rsi
	mov %r14, %rdx
	syscall
	neg %eax
	mov %eax, (%rbx)
	/* exit(127) */
	mov $60, %eax
	mov $127, %edi
	syscall
1:	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.cfi_endproc
	.size sc_system_spawn, . - sc_system_spawn

	.section .note.GNU-stack, "", @progbits
