/* SPDX-License-Identifier: MIT */
/* test_start.c - what is believed of a system at start, and what is left at the end. */
#include "sc_config.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "mem.h"
#include "sample.h"
#include "unit.h"
#include "why.h"
#include "wrap.h"

static void *refuse_moves(void *from, size_t len, int flags, void *to)
{
	errno = EPERM;
	return MAP_FAILED;
}

static ssize_t pretend_to_write(int fd, const void *buf, size_t len, off_t at)
{
	return (ssize_t)len;
}

/* What counts is what the function returns, not what the system says. */
START_TEST(test_writes_that_are_pretended)
{
	wraps.mremap = refuse_moves;
	wraps.pwrite = pretend_to_write;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	ck_assert_ptr_nonnull(sc_text_reason());
}
END_TEST

static int pretend_to_discard(void *p, size_t len, int advice)
{
	return advice == MADV_DONTNEED ? 0 : __real_madvise(p, len, advice);
}

START_TEST(test_a_way_back_that_is_pretended)
{
	wraps.madvise = pretend_to_discard;
	sc_text_start();
	ck_assert(!sc_text_enabled());
}
END_TEST

/* ------------------------------------------------- why nothing is patched */

static int no_descriptor(const char *path, int flags)
{
	errno = EMFILE;
	return -1;
}

static int no_thread_files(const char *path, int flags)
{
	errno = strstr(path, "thread-self") ? ENOENT : EACCES;
	return -1;
}

static int odd_error(const char *path, int flags)
{
	errno = 1234;
	return -1;
}

static int no_advice(void *p, size_t len, int advice)
{
	errno = ENOSYS;
	return -1;
}

static int no_protection(void *p, size_t len, int prot)
{
	errno = EACCES;
	return -1;
}

static ssize_t no_write(int fd, const void *buf, size_t len, off_t at)
{
	errno = EIO;
	return -1;
}

static long no_unshare(long number, long a, long b, long c, long d)
{
	if (number != SYS_unshare)
		return __real_syscall(number, a, b, c, d);
	errno = EPERM;
	return -1;
}

static long any_unshare(long number, long a, long b, long c, long d)
{
	return number == SYS_unshare ? 0 :
				       __real_syscall(number, a, b, c, d);
}

static void *no_arena(void *p, size_t len, int prot, int flags)
{
	if (prot == PROT_NONE) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return __real_mmap(p, len, prot, flags, -1, 0);
}

static bool strict(void)
{
	return true;
}

/* What is refused, and what is said of it. */
static const struct {
	struct wraps wraps;
	const char *reason;
} causes[] = {
	{ { .open = no_open }, "open /proc/thread-self/maps: EACCES" },
	{ { .open = no_descriptor }, "open /proc/thread-self/maps: EMFILE" },
	{ { .open = no_thread_files }, "open /proc/self/maps: EACCES" },
	{ { .open = odd_error }, "open /proc/thread-self/maps: error 1234" },
	{ { .madvise = no_advice }, "madvise: ENOSYS" },
	{ { .mremap = refuse_moves, .syscall = no_unshare },
	  "unshare: EPERM, mremap: EPERM" },
	{ { .mremap = refuse_moves, .syscall = any_unshare },
	  "unshare: lets everything pass, mremap: EPERM" },
	{ { .mremap = refuse_moves, .open = no_mem },
	  "open /proc/thread-self/mem: EACCES, mremap: EPERM" },
	{ { .mremap = refuse_moves, .pwrite = no_write },
	  "write /proc/self/mem: EIO, mremap: EPERM" },
	{ { .mprotect = no_protection, .open = no_mem },
	  "open /proc/thread-self/mem: EACCES, mprotect: EACCES" },
	{ { .mprotect = no_protection, .pwrite = no_write },
	  "write /proc/self/mem: EIO, mprotect: EACCES" },
	{ { .strict_overcommit = strict, .open = no_mem },
	  "open /proc/thread-self/mem: EACCES" },
	/* with moves, and in place: the way back is the same */
	{ { .madvise = pretend_to_discard }, "a change of text has no effect" },
	{ { .mprotect = no_protection, .madvise = no_advice },
	  "madvise: ENOSYS" },
};
#define N_CAUSES	((int)(sizeof(causes) / sizeof(causes[0])))

START_TEST(test_why_nothing_is_patched)
{
	wraps = causes[_i].wraps;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	ck_assert_str_eq(sc_text_reason(), causes[_i].reason);
	ck_assert_ptr_null(sc_text_trouble());
	/* and once more it is the same text, in the same place */
	ck_assert_ptr_eq(sc_why(), strstr(causes[_i].reason, "has no effect") ?
					   NULL : sc_text_reason());
}
END_TEST

/* Either of the two allocations. */
START_TEST(test_no_memory_at_start)
{
	sc_alloc_fail_after = _i;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	ck_assert_str_eq(sc_text_reason(), "mmap: ENOMEM");
	ck_assert(sc_text_start_again());
	ck_assert_ptr_null(sc_text_reason());
	ck_assert_int_eq(sc_probe_function(), 1);
}
END_TEST

/* What has been given out stays what it is. */
START_TEST(test_a_reason_stays)
{
	const char *first;

	wraps.open = no_descriptor;
	sc_text_start();
	first = sc_text_reason();
	wraps.open = no_open;
	ck_assert(!sc_text_start_again());
	ck_assert_str_eq(sc_text_reason(),
			 "open /proc/thread-self/maps: EACCES");
	ck_assert_str_eq(first, "open /proc/thread-self/maps: EMFILE");
}
END_TEST

static int n_refused;

/* The first two ways of the way back. */
static int refuse_twice(void *p, size_t len, int advice)
{
	if ((advice != MADV_DONTNEED && advice != MADV_DONTNEED_LOCKED) ||
	    n_refused >= 2)
		return __real_madvise(p, len, advice);
	n_refused++;
	errno = EINVAL;
	return -1;
}

/* What failed and was done without is no reason. */
START_TEST(test_what_is_done_without)
{
	if (_i)
		wraps.madvise = refuse_twice;
	else
		wraps.mprotect = no_protection;
	start_and_swap();
	ck_assert_int_eq(n_refused, _i ? 2 : 0);
	ck_assert(sc_text_enabled());
	ck_assert(sc_system.can_swap);
	ck_assert_ptr_null(sc_text_reason());
	ck_assert_ptr_null(sc_text_trouble());
	ck_assert_ptr_null(sc_why());
}
END_TEST

/* ---------------------------------------------------------- for a moment alone */

static int n_opened, opening_errno;

/* The first one serves to learn what the text is. */
static int open_once(const char *path, int flags)
{
	if (n_opened++ == 0)
		return __real_open(path, flags);
	errno = opening_errno;
	return -1;
}

static const struct {
	int err;
	bool may_pass;
} reasons[] = {
	{ EMFILE, true }, { ENFILE, true }, { ENOMEM, true }, { EACCES, false },
};
#define N_REASONS	((int)(sizeof(reasons) / sizeof(reasons[0])))

START_TEST(test_what_may_be_there_later)
{
	wraps.open = open_once;
	opening_errno = reasons[_i].err;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	ck_assert_int_gt(n_opened, 1);
	wraps.open = NULL;
	ck_assert_int_eq(sc_text_start_again(), reasons[_i].may_pass);
}
END_TEST

static int n_moves, failing_moves;

static void *fail_moves(void *from, size_t len, int flags, void *to)
{
	n_moves++;
	if (!flags || failing_moves-- <= 0)
		return __real_mremap(from, len, len, flags, to);
	errno = ENOMEM;
	return MAP_FAILED;
}

static int n_writes;

static ssize_t count_writes(int fd, const void *buf, size_t len, off_t at)
{
	n_writes++;
	return __real_pwrite(fd, buf, len, at);
}

/* When all is well it is tried no more. */
START_TEST(test_start_again_comes_to_an_end)
{
	if (_i) {
		/* For want of a descriptor it moves. */
		wraps.open = open_once;
		opening_errno = EMFILE;
	} else {
		wraps.mremap = fail_moves;
		failing_moves = 1;
	}
	start_and_swap();
	wraps.open = NULL;
	ck_assert_int_eq(sc_text_enabled(), !_i);
	ck_assert(!sc_system.can_swap);
	ck_assert(sc_text_start_again());
	wraps.pwrite = count_writes;
	ck_assert(sc_text_start_again());
	ck_assert_int_eq(n_writes, 0);
	ck_assert(sc_system.can_swap);
	sc_text_try_swap();
	ck_assert(sc_system.can_swap);
	n_moves = 0;
	ck_assert(sc_text_start_again());
	ck_assert_int_eq(n_moves, 0);
}
END_TEST

static int not_there(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma)
{
	return -ENOENT;
}

START_TEST(test_text_of_no_file_stays_so)
{
	wraps.find = not_there;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	wraps.find = NULL;
	ck_assert(!sc_text_start_again());
	ck_assert_ptr_nonnull(strstr(sc_text_reason(), "no private mapping"));
}
END_TEST

static void *refuse_to_move_in(void *from, size_t len, int flags, void *to)
{
	if (to != (void *)(uintptr_t)sc_probe_function)
		return __real_mremap(from, len, len, flags, to);
	errno = EPERM;
	return MAP_FAILED;
}

/* What is counted is the program's text. */
START_TEST(test_the_probe_is_not_counted)
{
	size_t dropped, given_up;

	wraps.mremap = _i ? refuse_to_move_in : refuse_moves;
	start_and_swap();
	ck_assert(!sc_system.can_swap);
	sc_text_count(&dropped, &given_up);
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(given_up, 0);
}
END_TEST

/* --------------------------------------------- whether the process is alone */

static int n_asked;
static bool other_thread;	/* then the second answer is no */

static long ask_unshare(long number, long a, long b, long c, long d)
{
	if (number != SYS_unshare)
		return __real_syscall(number, a, b, c, d);
	if (a == CLONE_VM && ++n_asked == 2 && other_thread) {
		errno = EINVAL;
		return -1;
	}
	return __real_syscall(number, a, b, c, d);
}

/* The answer is good until the lock is let go; the end of an update asks anew. */
START_TEST(test_alone_is_asked_once)
{
	wraps.syscall = ask_unshare;
	sc_text_start();
	ck_assert_int_eq(n_asked, 1);
	ck_assert(sc_tx->alone);
	/* No child can be born that would have to know the file again. */
	ck_assert_int_ge(sc_tx->maps.file.fd, 0);
	ck_assert_uint_eq(sc_tx->maps.file.inode, 0);
	other_thread = _i == 1;
	steps_clear();
	code_make(&code, 1, 4);
	ck_assert_int_eq(code_prepare(&code, 0, 1, 2), 0);
	sc_text_commit();
	ck_assert_int_ge(n_asked, 2);
	ck_assert(sc_tx->alone == !_i);
	ck_assert_int_eq(sc_system.untried, !_i);
	expect_all(0, 1, 2);
	sc_text_rest();
	ck_assert(!sc_tx->alone);
	n_asked = 2;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_int_eq(n_asked, 4);
	ck_assert_int_eq(sc_open_maps(), 0);
	ck_assert_uint_ne(sc_tx->maps.file.inode, 0);
}
END_TEST

/* ------------------------------------------ the swap, when it is first needed */

static void need_swap(void)
{
	sc_text_start();
	ck_assert(!sc_system.probing);
	ck_assert(sc_text_enabled());
	ck_assert(sc_system.untried);
	steps_clear();
	code_make(&code, 1, 4);
	company_start();
}

/* Also where nothing can be mapped by then. */
START_TEST(test_an_update_tries_the_swap)
{
	need_swap();
	sc_text_reserve_arena(&code.text);
	wraps.mmap = _i ? no_arena : NULL;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert(!sc_system.untried);
	ck_assert(sc_system.can_swap);
	expect_all(0, 1, 2);
	ck_assert_int_eq(sc_probe_function(), 1);
}
END_TEST

/* Leak checkers read all of them, and the probe's copy was among them. */
START_TEST(test_variables_can_be_read_after_a_swap)
{
	extern char __bss_start[], _end[];
	const volatile char *p;
	int sum = 0;

	start_and_swap();
	ck_assert(sc_system.can_swap);
	for (p = __bss_start; p < _end; p += 64)
		sum += *p;
	(void)sum;
}
END_TEST

/* What is asked is whether it works, not only for this text. */
START_TEST(test_a_swap_that_does_not_work)
{
	need_swap();
	wraps.mremap = refuse_to_move_in;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert(!sc_system.untried);
	ck_assert(!sc_system.can_swap);
	expect_all(0, 1, CODE_PRISTINE);
}
END_TEST

/* Then the update says what would have to be allowed: the mem file, too. */
START_TEST(test_why_a_swap_does_not_work)
{
	need_swap();
	wraps.mremap = refuse_to_move_in;
	wraps.open = no_mem;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	ck_assert_ptr_nonnull(sc_text_trouble());
	ck_assert_ptr_nonnull(strstr(sc_text_trouble(), "/mem: EACCES"));
}
END_TEST

/* A copy of the library that is gone starts no more. */
START_TEST(test_the_end_is_final)
{
	sc_alloc_fail_after = 0;
	sc_text_start();
	sc_text_end();
	ck_assert(!sc_text_start_again());
	ck_assert_ptr_nonnull(strstr(sc_text_reason(), "is gone"));
}
END_TEST

START_TEST(test_the_end_gives_back_all)
{
	struct traces before, now;

	traces_look(&before);
	start_and_swap();
	ck_assert(sc_text_enabled());
	ck_assert_int_eq(sc_text_reserve(1000), 0);
	sc_text_rest();
	sc_text_end();
	ck_assert(!sc_text_enabled());
	ck_assert_ptr_eq(sc_tx, &sc_tx_none);
	sc_text_end();
	traces_look(&now);
	ck_assert_uint_eq(now.bytes, before.bytes);
	ck_assert_uint_eq(now.fds, before.fds);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("start");

	unit_add_if(tc, test_writes_that_are_pretended, 0, 1, can_be_alone);
	tcase_add_test(tc, test_a_way_back_that_is_pretended);
	unit_add_if(tc, test_why_nothing_is_patched, 0, N_CAUSES,
		    can_be_alone);
	tcase_add_loop_test(tc, test_no_memory_at_start, 0, 2);
	tcase_add_loop_test(tc, test_what_may_be_there_later, 0, N_REASONS);
	unit_add_if(tc, test_start_again_comes_to_an_end, 0, 2, can_be_alone);
	tcase_add_test(tc, test_text_of_no_file_stays_so);
	tcase_add_loop_test(tc, test_the_probe_is_not_counted, 0, 2);
	unit_add_if(tc, test_alone_is_asked_once, 0, 2, can_be_alone);
	unit_add_if(tc, test_an_update_tries_the_swap, 0, 2, can_be_alone);
	unit_add_if(tc, test_variables_can_be_read_after_a_swap, 0, 1,
		    can_be_alone);
	unit_add_if(tc, test_a_swap_that_does_not_work, 0, 1, can_be_alone);
	unit_add_if(tc, test_why_a_swap_does_not_work, 0, 1, can_be_alone);
	tcase_add_test(tc, test_the_end_is_final);
	tcase_add_test(tc, test_a_reason_stays);
	tcase_add_loop_test(tc, test_what_is_done_without, 0, 2);
	unit_add_if(tc, test_the_end_gives_back_all, 0, 1, memory_is_ours);
	return unit_end();
}
