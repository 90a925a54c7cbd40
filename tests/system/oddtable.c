/* SPDX-License-Identifier: MIT */
/*
 * oddtable.c - site records at every alignment, written by hand: the flags are
 * bits of the absolute value, so no alignment of the table may change them.
 *
 * Not annotated: the records here are all that there are.
 */
#include <stdio.h>
#include <stdlib.h>

#include <static_call.h>

static int one(int x)
{
	return x + 1;
}

static int two(int x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(odd, one);

/* A call and a tail call, and a table of both at @n modulo 8. */
#define TABLE(n)							\
	int call##n(int x);						\
	int jump##n(int x);						\
	__asm__(".pushsection .text\n"					\
		".globl call" #n "\n"					\
		"call" #n ":\n"						\
		"	sub $8, %rsp\n"					\
		".Lcall" #n ":\n"					\
		"	call __SCT__odd\n"				\
		"	add $8, %rsp\n"					\
		"	ret\n"						\
		".globl jump" #n "\n"					\
		"jump" #n ":\n"						\
		"	.byte 0xe9\n"					\
		"	.long __SCT__odd - . - 4\n"			\
		".popsection\n"						\
		".pushsection .sites_by_hand,\"a\",@progbits\n"		\
		"	.balign 8\n"					\
		"	.skip 8 + " #n "\n"				\
		".Ltable" #n ":\n"					\
		"	.long .Lcall" #n " - .\n"			\
		"	.long __SCT__odd@GOTPCREL\n"			\
		"	.long jump" #n " - .\n"				\
		"	.long __SCT__odd@GOTPCREL + 1\n"		\
		".popsection\n"						\
		".pushsection .note.static_call,\"a\",@note\n"		\
		"	.balign 4\n"					\
		"	.long 11, 16, 0x00020001\n"			\
		"	.asciz \"StaticCall\"\n"			\
		"	.balign 4\n"					\
		"	.long __static_call_module_state - .\n"		\
		"	.long .Ltable" #n " - .\n"			\
		"	.long 2, 0\n"					\
		".popsection\n")

TABLE(0);
TABLE(1);
TABLE(2);
TABLE(3);
TABLE(4);
TABLE(5);
TABLE(6);
TABLE(7);

static int (*const calls[])(int) = {
	call0, call1, call2, call3, call4, call5, call6, call7,
	jump0, jump1, jump2, jump3, jump4, jump5, jump6, jump7,
};

#define N	(sizeof(calls) / sizeof(calls[0]))

static size_t tails;

static int see(const struct static_call_site_info *s, void *arg)
{
	(void)arg;
	tails += s->kind == STATIC_CALL_KIND_TAIL;
	return s->key != &STATIC_CALL_KEY(odd);
}

int main(void)
{
	struct static_call_info info = { .size = sizeof(info) };
	size_t i, wrong = 0;
	int round;

	if (static_call_for_each_site(see, NULL) || static_call_get_info(&info))
		return EXIT_FAILURE;
	for (round = 0; round < 4; round++) {
		int (*func)(int) = round & 1 ? one : two;

		if (static_call_update(odd, func))
			wrong++;
		for (i = 0; i < N; i++)
			wrong += calls[i](round) != func(round);
	}
	printf("sites %zu, tail calls %zu, patched %zu, wrong %zu\n",
	       info.sites, tails, info.sites_patched, wrong);
	return wrong || info.sites != N || tails != N / 2 ||
	       (info.patching && info.sites_patched + info.sites_crossing != N);
}
