/* SPDX-License-Identifier: MIT */
/*
 * retpoline.h - what compilers make of a call through a pointer where
 * processors must not predict it: a return, predicted into a trap.
 */
#ifndef RETPOLINE_H
#define RETPOLINE_H

#ifdef __x86_64__
/* Defines function @name, declared before, to jump to what a pointer holds. */
#define RETPOLINE(name, target)						\
	__attribute__((used, visibility("hidden")))			\
	__typeof__(&(target)) name##_target = target;			\
	__asm__(".pushsection .text\n\t"				\
		".balign 64\n\t"					\
		".globl " #name "\n\t"					\
		".hidden " #name "\n\t"					\
		".type " #name ", @function\n"				\
		#name ":\n\t"						\
		"call 1f\n"						\
		"0:\n\t"						\
		"pause\n\t"						\
		"lfence\n\t"						\
		"jmp 0b\n"						\
		"1:\n\t"						\
		"mov " #name "_target(%rip), %r11\n\t"			\
		"mov %r11, (%rsp)\n\t"					\
		"ret\n\t"						\
		".size " #name ", . - " #name "\n\t"			\
		".popsection")
#endif

#endif
