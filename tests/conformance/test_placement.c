/* SPDX-License-Identifier: MIT */
/*
 * test_placement.c - call sites in assembly: at every offset in a cache line,
 * across lines and pages, and every conditional jump with every combination of
 * flags.
 *
 * Compilers make the same instructions, but cannot be told where and when.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "suite.h"

#if defined(HAVE_STATIC_CALL) && defined(__x86_64__)

static NOINLINE long plus_one(long x)
{
	return x + 1;
}

static NOINLINE long plus_two(long x)
{
	return x + 2;
}

DEFINE_STATIC_CALL(placed, plus_one);
DEFINE_STATIC_CALL(jumped, plus_one);
DEFINE_STATIC_CALL(hot, plus_one);

/*
 * 11 bytes for each call, which is prime to 64: seventy calls begin at every
 * offset in a line, some of them across lines.  Returns the sum of the results.
 */
#define CALLS	70
long many_calls(long x);
__asm__(".pushsection .text\n"
	".globl many_calls\n"
	".type many_calls, @function\n"
	"many_calls:\n\t"
	"push %rbx\n\t"
	"push %r12\n\t"
	"push %r13\n\t"
	"mov %rdi, %rbx\n\t"
	"xor %r12d, %r12d\n\t"
	".rept 70\n\t"
	"mov %rbx, %rdi\n\t"
	"call __SCT__placed\n\t"
	"add %rax, %r12\n\t"
	".endr\n\t"
	"mov %r12, %rax\n\t"
	"pop %r13\n\t"
	"pop %r12\n\t"
	"pop %rbx\n\t"
	"ret\n\t"
	".size many_calls, . - many_calls\n\t"
	".popsection\n");

/*
 * One call whose displacement lies in two cache lines, in a loop.  Returns the
 * sum of @n results, or -1 after one that is neither x + 1 nor x + 2.
 */
long hot_calls(long x, long n);
__asm__(".pushsection .text\n"
	".globl hot_calls\n"
	".type hot_calls, @function\n"
	".balign 64, 0xcc\n"
	"hot_calls:\n\t"
	"push %rbx\n\t"
	"push %r12\n\t"
	"push %r13\n\t"
	"mov %rdi, %rbx\n\t"
	"mov %rsi, %r12\n\t"
	"xor %r13d, %r13d\n\t"
	"jmp 2f\n\t"
	".balign 64, 0xcc\n\t"
	".skip 64 - 3 - 3, 0xcc\n"
	"2:\n\t"
	"mov %rbx, %rdi\n\t"
	"call __SCT__hot\n\t"
	"sub %rbx, %rax\n\t"
	"lea -1(%rax), %rcx\n\t"
	"cmp $1, %rcx\n\t"
	"ja 3f\n\t"
	"add %rax, %r13\n\t"
	"dec %r12\n\t"
	"jnz 2b\n\t"
	"mov %r13, %rax\n\t"
	"jmp 4f\n"
	"3:\n\t"
	"mov $-1, %rax\n"
	"4:\n\t"
	"pop %r13\n\t"
	"pop %r12\n\t"
	"pop %rbx\n\t"
	"ret\n\t"
	".size hot_calls, . - hot_calls\n\t"
	".popsection\n");

/* A jump n bytes before the end of a page, and a call likewise. */
#define ACROSS(n)							\
	long jump_##n(long x);						\
	long call_##n(long x);						\
	__asm__(".pushsection .text.placement,\"ax\",@progbits\n\t"	\
		".balign 4096, 0xcc\n\t"				\
		".skip 4096 - " #n ", 0xcc\n"				\
		".globl jump_" #n "\n"					\
		".type jump_" #n ", @function\n"			\
		"jump_" #n ":\n\t"					\
		"jmp __SCT__placed\n\t"					\
		".balign 4096, 0xcc\n\t"				\
		".skip 4096 - " #n " - 4, 0xcc\n"			\
		".globl call_" #n "\n"					\
		".type call_" #n ", @function\n"			\
		"call_" #n ":\n\t"					\
		"sub $8, %rsp\n\t"					\
		"call __SCT__placed\n\t"				\
		"add $8, %rsp\n\t"					\
		"ret\n\t"						\
		".popsection\n")
ACROSS(1);
ACROSS(2);
ACROSS(3);
ACROSS(4);
ACROSS(5);
ACROSS(6);

static long (*const across[])(long) = {
	jump_1, jump_2, jump_3, jump_4, jump_5, jump_6,
	call_1, call_2, call_3, call_4, call_5, call_6,
};
#define ACROSS_COUNT	(sizeof(across) / sizeof(across[0]))

/* flags_cc(x, flags): jumps on the condition, or returns -1 */
#define CONDITIONS(M)							\
	M(o) M(no) M(b) M(ae) M(e) M(ne) M(be) M(a)			\
	M(s) M(ns) M(p) M(np) M(l) M(ge) M(le) M(g)

#define FLAGS(cc)							\
	long flags_##cc(long x, unsigned long flags);			\
	__asm__(".pushsection .text\n"					\
		".globl flags_" #cc "\n"				\
		".type flags_" #cc ", @function\n"			\
		"flags_" #cc ":\n\t"					\
		"mov $-1, %rax\n\t"					\
		"push %rsi\n\t"						\
		"popfq\n\t"						\
		"j" #cc " __SCT__jumped\n\t"				\
		"ret\n\t"						\
		".size flags_" #cc ", . - flags_" #cc "\n\t"		\
		".popsection\n");
CONDITIONS(FLAGS)

#define ENTRY(cc)	flags_##cc,
static long (*const flags_jump[])(long, unsigned long) = {
	CONDITIONS(ENTRY)
};

#define CF	0x001ul
#define PF	0x004ul
#define ZF	0x040ul
#define SF	0x080ul
#define OF	0x800ul

/* What the processor's manual says of condition @cc, 0 ... 15. */
static int holds(unsigned int cc, unsigned long flags)
{
	int less = !(flags & SF) != !(flags & OF), r;

	switch (cc / 2) {
	case 0:
		r = !!(flags & OF);
		break;
	case 1:
		r = !!(flags & CF);
		break;
	case 2:
		r = !!(flags & ZF);
		break;
	case 3:
		r = !!(flags & (CF | ZF));
		break;
	case 4:
		r = !!(flags & SF);
		break;
	case 5:
		r = !!(flags & PF);
		break;
	case 6:
		r = less;
		break;
	default:
		r = less || (flags & ZF);
	}
	return r ^ (cc & 1);
}

/* @taken: what the jump gives when it is made; any, if that is NULL. */
static void check_flags(const long *taken)
{
	unsigned long bits, flags;
	unsigned int cc;
	long r;

	for (cc = 0; cc < 16; cc++) {
		for (bits = 0; bits < 32; bits++) {
			flags = (bits & 1 ? CF : 0) | (bits & 2 ? PF : 0) |
				(bits & 4 ? ZF : 0) | (bits & 8 ? SF : 0) |
				(bits & 16 ? OF : 0);
			r = flags_jump[cc](40, flags);
			if (!holds(cc, flags))
				ck_assert_int_eq(r, -1);
			else if (taken)
				ck_assert_int_eq(r, *taken);
		}
	}
}

/* Kernel bugs X6 and P8. */
START_TEST(test_all_conditional_jumps_with_all_flags)
{
	const long one = 41, two = 42, zero = 0;
	int i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(static_call_update(jumped, plus_one), 0);
		check_flags(&one);
		ck_assert_int_eq(static_call_update(jumped, plus_two), 0);
		check_flags(&two);
		ck_assert_int_eq(static_call_update(jumped, NULL), 0);
		check_flags(NULL);
		sites_match_their_keys();
		ck_assert_int_eq(static_call_update(jumped,
				(void *)&__static_call_return0), 0);
		check_flags(&zero);
		sites_match_their_keys();
	}
}
END_TEST

START_TEST(test_sites_at_every_offset_in_a_line)
{
	int i;

	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(static_call_update(placed, plus_one), 0);
		ck_assert_int_eq(many_calls(10), CALLS * 11);
		ck_assert_int_eq(static_call_update(placed, plus_two), 0);
		ck_assert_int_eq(many_calls(10), CALLS * 12);
		ck_assert_int_eq(static_call_update(placed, NULL), 0);
		(void)many_calls(10);
		sites_match_their_keys();
		ck_assert_int_eq(static_call_update(placed,
				(void *)&__static_call_return0), 0);
		ck_assert_int_eq(many_calls(10), 0);
		sites_match_their_keys();
	}
}
END_TEST

START_TEST(test_sites_across_pages_are_right_and_never_written)
{
	struct static_call_info info = { .size = sizeof(info) };
	size_t i;

	ck_assert_int_eq(static_call_update(placed, plus_one), 0);
	for (i = 0; i < ACROSS_COUNT; i++)
		ck_assert_int_eq(across[i](1), 2);
	ck_assert_int_eq(static_call_update(placed, plus_two), 0);
	for (i = 0; i < ACROSS_COUNT; i++)
		ck_assert_int_eq(across[i](1), 3);
	ck_assert_int_eq(static_call_update(placed, NULL), 0);
	for (i = 0; i < ACROSS_COUNT; i++)
		(void)across[i](1);
	ck_assert_int_eq(static_call_update(placed,
			(void *)&__static_call_return0), 0);
	for (i = 0; i < ACROSS_COUNT; i++)
		ck_assert_int_eq(across[i](1), 0);
	ck_assert_int_eq(static_call_get_info(&info), 0);
#ifdef HAVE_STATIC_CALL_INLINE
	/* five bytes across a boundary: four places for each */
	if (info.patching)
		ck_assert_uint_ge(info.sites_crossing, 8);
#endif
}
END_TEST

/*
 * A function that adds two, so far away that its displacement differs from that
 * of a near one in every byte: half of the one and half of the other would lead
 * into nowhere.  Where the system forbids new code the near one is used.
 */
static long (*distant_plus_two(void))(long)
{
	static const unsigned char code[] = {
		0x48, 0x8d, 0x47, 0x02,		/* lea 2(%rdi), %rax */
		0xc3,				/* ret */
	};
	uintptr_t wish = ((uintptr_t)plus_two + 0x12345000) & -4096ul;
	char *page = mmap((void *)wish, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return plus_two;
	memcpy(page + 0x678, code, sizeof(code));
	if (mprotect(page, 4096, PROT_READ | PROT_EXEC))
		return plus_two;
	return (long (*)(long))(void *)(page + 0x678);
}

static atomic_int stop, running;
static atomic_ulong wrong;

static void *keep_calling(void *arg)
{
	size_t i;
	long r;

	(void)arg;
	atomic_fetch_add(&running, 1);
	while (!atomic_load(&stop)) {
		r = many_calls(10);
		/* each of the calls gives 11, 12 or 0 */
		if (r < 0 || r > CALLS * 12)
			atomic_fetch_add(&wrong, 1);
		for (i = 0; i < ACROSS_COUNT; i++) {
			r = across[i](1);
			if (r != 2 && r != 3 && r != 0)
				atomic_fetch_add(&wrong, 1);
		}
		r = flags_jump[4](40, ZF);
		if (r != 41 && r != 42)
			atomic_fetch_add(&wrong, 1);
		if (flags_jump[5](40, ZF) != -1)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void update_all(long (*func)(long), long (*jump)(long))
{
	const struct static_call_change change[] = {
		STATIC_CALL_CHANGE(placed, func),
		STATIC_CALL_CHANGE(jumped, jump),
	};

	ck_assert_int_eq(static_call_update_batch(change, 2), 0);
}

START_TEST(test_threads_run_through_sites_in_every_place)
{
	unsigned long i, rounds = suite_rounds(200);
	long (*distant)(long) = distant_plus_two();
	pthread_t t[2];

	atomic_store(&stop, 0);
	atomic_store(&running, 0);
	atomic_store(&wrong, 0);
	update_all(plus_one, plus_one);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, keep_calling,
						NULL), 0);
	while (atomic_load(&running) < 2)
		sched_yield();
	for (i = 0; i < rounds; i++) {
		update_all(distant, plus_two);
		update_all((void *)&__static_call_return0, plus_one);
		update_all(plus_one, distant);
		ck_assert_int_eq(many_calls(10), CALLS * 11);
	}
	atomic_store(&stop, 1);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(t[i], NULL), 0);
	ck_assert_uint_eq(atomic_load(&wrong), 0);
}
END_TEST

static void *keep_calling_hot(void *arg)
{
	long r;

	(void)arg;
	atomic_fetch_add(&running, 1);
	while (!atomic_load(&stop)) {
		r = hot_calls(10, 1000);
		if (r < 1000 || r > 2000)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

START_TEST(test_displacement_in_two_lines_is_never_torn)
{
	unsigned long i, rounds = suite_rounds(2000);
	long (*distant)(long) = distant_plus_two();
	pthread_t t;

	atomic_store(&stop, 0);
	atomic_store(&running, 0);
	atomic_store(&wrong, 0);
	ck_assert_int_eq(static_call_update(hot, plus_one), 0);
	ck_assert_int_eq(pthread_create(&t, NULL, keep_calling_hot, NULL), 0);
	while (!atomic_load(&running))
		sched_yield();
	for (i = 0; i < rounds; i++) {
		ck_assert_int_eq(static_call_update(hot, distant), 0);
		ck_assert_int_eq(hot_calls(10, 1), 2);
		ck_assert_int_eq(static_call_update(hot, plus_one), 0);
		ck_assert_int_eq(hot_calls(10, 1), 1);
	}
	atomic_store(&stop, 1);
	ck_assert_int_eq(pthread_join(t, NULL), 0);
	ck_assert_uint_eq(atomic_load(&wrong), 0);
}
END_TEST

int main(void)
{
	TCase *tc = suite_begin("placement");

	tcase_add_test(tc, test_all_conditional_jumps_with_all_flags);
	tcase_add_test(tc, test_sites_at_every_offset_in_a_line);
	tcase_add_test(tc, test_sites_across_pages_are_right_and_never_written);
	tcase_add_test(tc, test_threads_run_through_sites_in_every_place);
	tcase_add_test(tc, test_displacement_in_two_lines_is_never_torn);
	return suite_end();
}

#else

int main(void)
{
	puts("1..0 # SKIP this backend has no places to patch");
	return EXIT_SUCCESS;
}

#endif
