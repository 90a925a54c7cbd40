/* SPDX-License-Identifier: MIT */
/*
 * test_system.c - the text engine where the system refuses what it asks for, or
 * loses its text.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sample.h"
#include "unit.h"
#include "wrap.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

/* -------------------------------------------- the kernel as a test sees it */

/* Without /proc/self/mem the copy is edited by mprotect. */
START_TEST(test_without_proc_mem)
{
	int shape = _i / 2;

	start();
	wraps.open = no_mem;
	begin(_i & 1 ? COMPANY : ALONE, shapes[shape].pages,
	      shapes[shape].per_page);
	ck_assert_int_eq(code_update(&code, shapes[shape].first,
				     shapes[shape].step, 2), 0);
	expect_all(shapes[shape].first, shapes[shape].step, 2);
	ck_assert_int_eq(code_update(&code, shapes[shape].first,
				     shapes[shape].step, 3), 0);
	expect_all(shapes[shape].first, shapes[shape].step, 3);
	code_expect_consistent(&code);
	/* memory that was writable is accounted: its mapping is another */
	ck_assert_ptr_null(strchr(steps_seen, 'A'));
	ck_assert_ptr_null(strchr(steps_seen, 'R'));
}
END_TEST

/* Leaves this process @n descriptors to open. */
static void leave_descriptors(size_t n)
{
	struct rlimit limit;
	int fd;

	for (fd = 0; n > 0; fd++)
		n -= fcntl(fd, F_GETFD) < 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)fd;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/*
 * The real limit.  Two descriptors are enough; with one it cannot be known how
 * the kernel counts memory, and the pages become pristine; with none they cannot
 * be checked, so they are not touched.
 */
START_TEST(test_few_descriptors)
{
	start();
	begin(COMPANY, 2, 3);
	leave_descriptors(2);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	leave_descriptors(0);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EMFILE);
	expect_all(0, 1, 2);
	leave_descriptors(1 + (size_t)_i);
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, _i ? 4 : CODE_PRISTINE);
	code_expect_consistent(&code);
}
END_TEST

/* What is open during an update is not for a program that is executed then. */
static char open_before[64];

static void new_descriptors_are_private(char step)
{
	int fd;

	for (fd = 0; fd < 64; fd++)
		if (!open_before[fd] && fcntl(fd, F_GETFD) >= 0)
			ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

START_TEST(test_descriptors_are_close_on_exec)
{
	int fd;

	start();
	begin(_i ? COMPANY : ALONE, 2, 3);
	for (fd = 0; fd < 64; fd++)
		open_before[fd] = fcntl(fd, F_GETFD) >= 0;
	steps_watch = new_descriptors_are_private;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_uint_gt(strlen(steps_seen), 0);
	finish();
}
END_TEST

static bool can_deny_write_execute(void)
{
	return prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0;
}

/* Where RX is refused (memory deny write execute) the copy never moves in. */
START_TEST(test_memory_deny_write_execute)
{
	start();
	begin(COMPANY, 2, 3);
	ck_assert_int_eq(prctl(PR_SET_MDWE, 1, 0, 0, 0), 0);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	finish();
	wraps.open = no_mem;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
	wraps.open = NULL;
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
	finish();
}
END_TEST

static int refused_errno;

static void *refuse_mremap(void *from, size_t len, int flags, void *to)
{
	errno = refused_errno;
	return MAP_FAILED;
}

/* A system that cannot swap still updates, at the speed of pristine code. */
START_TEST(test_mremap_refused)
{
	const int reasons[] = { EPERM, EINVAL, ENOSYS, ENOMEM };

	start();
	begin(COMPANY, 20, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.mremap = refuse_mremap;
	refused_errno = reasons[_i];
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}
END_TEST

static void *refuse_fixed(void *from, size_t len, int flags, void *to)
{
	if (is_move_in(to)) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return __real_mremap(from, len, len, flags, to);
}

/* A filter that lets pages out, and not in. */
START_TEST(test_second_mremap_refused)
{
	start();
	begin(COMPANY, 20, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.mremap = refuse_fixed;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}
END_TEST

static int refuse_giving_back(void *p, size_t len, int advice)
{
	if (advice != MADV_POPULATE_READ) {
		errno = EPERM;
		return -1;
	}
	return __real_madvise(p, len, advice);
}

/* Neither out nor back: an error, and nothing has changed. */
START_TEST(test_nothing_allowed)
{
	start();
	begin(COMPANY, 20, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.mremap = refuse_mremap;
	wraps.madvise = refuse_giving_back;
	refused_errno = EPERM;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EPERM);
	expect_all(0, 1, 2);
	finish();
}
END_TEST

/* Pages that were written are in memory. */
static int disk_fails(void *p, size_t len, int advice)
{
	if (advice == MADV_POPULATE_READ &&
	    sc_maps_is_private_copy((uintptr_t)p) != 1) {
		errno = EFAULT;
		return -1;
	}
	return __real_madvise(p, len, advice);
}

/*
 * A disk that fails fails the update; a file that cannot be had once more is
 * found to fail when its pages are away already.
 */
START_TEST(test_disk_fails)
{
	start();
	begin(COMPANY, 20, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	if (_i) {
		sc_text_forget(&code.text);
		code.text.path = "/nonexistent";
	}
	wraps.madvise = disk_fails;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), _i ? 0 : -EIO);
	expect_all(0, 1, _i ? CODE_PRISTINE : 2);
	code_expect_consistent(&code);
	wraps.madvise = NULL;
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
	code_expect_consistent(&code);
}
END_TEST

/* The page of a place that is pristine is the file's: to read it may kill. */
static int dead_disk_mode;

static void update_without_a_disk(void)
{
	start();
	begin(dead_disk_mode, 1, 4);
	child_need(truncate(code.path, 0) == 0);
	/* Nothing is patched, so nothing need be. */
	child_expect(code_update(&code, 0, 1, 3) == 0);
	child_expect(code.places[0].live[1] == CODE_PRISTINE);
}

START_TEST(test_disk_is_gone)
{
	dead_disk_mode = _i ? COMPANY : ALONE;
	ck_assert_int_eq(child_run(update_without_a_disk), CHILD_FINE);
}
END_TEST

/* Places that are pristine go through their key, for any target. */
START_TEST(test_pristine_places_need_nothing)
{
	start();
	begin(COMPANY, 3, 4);
	wraps.open = no_open;
	ck_assert_int_eq(code_update(&code, 0, 2, 2), 0);
	expect_all(0, 1, CODE_PRISTINE);
	wraps.open = NULL;
	finish();
	ck_assert_int_eq(code_update(&code, 0, 2, 2), 0);
	wraps.open = no_open;
	/* one of them is not */
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EACCES);
	expect_all(0, 2, 2);
	expect_all(1, 2, CODE_PRISTINE);
	wraps.open = NULL;
	finish();
}
END_TEST

/* In place: what cannot be written back is given back. */
static int writes;

static ssize_t third_write_fails(int fd, const void *buf, size_t len, off_t at)
{
	if (++writes < 3)
		return __real_pwrite(fd, buf, len, at);
	errno = ENOMEM;
	return -1;
}

START_TEST(test_write_back_fails)
{
	start();
	code_padding = CODE_TRAPS;
	begin(ALONE, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.pwrite = third_write_fails;
	steps_fail("BCD", 0, 1, -EPROTO);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	steps_clear();
	wraps.pwrite = NULL;
	expect_all(0, 1, CODE_PRISTINE);
	finish();
}
END_TEST

/* A signal that a thread raises itself may start another in the middle. */
static int asked_if_alone;

static long no_longer_alone(long number, long a, long b, long c, long d)
{
	if (number != SYS_unshare)
		return __real_syscall(number, a, b, c, d);
	return asked_if_alone++ ? -1 : 0;
}

START_TEST(test_others_come_while_text_is_written)
{
	start();
	begin(ALONE, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.syscall = no_longer_alone;
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	wraps.syscall = NULL;
	ck_assert_int_eq(asked_if_alone, 2);
	/* in place, back, and then by a swap */
	ck_assert_str_eq(steps_seen, "AAAAABCDEF");
	expect_all(0, 1, 3);
	finish();
}
END_TEST

/* ------------------------------------------------ when it is started so */

static long says_yes(long number, long a, long b, long c, long d)
{
	return number == SYS_unshare ? 0 : __real_syscall(number, a, b, c, d);
}

/* A sandbox that says yes to everything is not believed: the pages move. */
START_TEST(test_start_where_unshare_is_pretended)
{
	wraps.syscall = says_yes;
	start();
	begin(_i ? COMPANY : ALONE, 2, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_ptr_null(strchr(steps_seen, 'A'));
	expect_all(0, 1, 2);
	finish();
}
END_TEST

static ssize_t never_write(int fd, const void *buf, size_t len, off_t at)
{
	errno = EIO;
	return -1;
}

/* A kernel that opens the mem file and then lets nobody write to text. */
START_TEST(test_start_without_writing)
{
	wraps.pwrite = never_write;
	start();
	begin(_i ? COMPANY : ALONE, 2, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	code_expect_consistent(&code);
}
END_TEST

START_TEST(test_start_without_proc)
{
	wraps.open = no_open;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	ck_assert_ptr_nonnull(sc_text_reason());
	ck_assert_int_eq(sc_probe_function(), 1);
	ck_assert(!sc_text_start_again());
	wraps.open = NULL;
	ck_assert(sc_text_start_again());
	ck_assert_ptr_null(sc_text_reason());
}
END_TEST

/* Text is not changed in place alone for good: only where the kernel cannot. */
START_TEST(test_start_without_memory_to_move)
{
	wraps.mremap = refuse_mremap;
	refused_errno = _i ? EINVAL : ENOMEM;
	start_and_swap();
	ck_assert(sc_text_enabled());
	ck_assert(!sc_system.can_swap);
	ck_assert(sc_text_start_again());
	if (sc_system.untried)
		sc_text_try_swap();
	ck_assert(!sc_system.can_swap);
	wraps.mremap = NULL;
	ck_assert(sc_text_start_again());
	ck_assert_int_eq(sc_system.can_swap, !_i);
	ck_assert_int_eq(sc_probe_function(), 1);
}
END_TEST

START_TEST(test_start_without_a_way_back)
{
	wraps.madvise = refuse_giving_back;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	ck_assert_ptr_nonnull(sc_text_reason());
}
END_TEST

/* Then in place it is, when alone; and never where others run. */
START_TEST(test_start_without_mremap)
{
	wraps.mremap = refuse_mremap;
	refused_errno = EINVAL;
	start_and_swap();
	steps_clear();
	ck_assert(sc_text_enabled());
	ck_assert_int_eq(sc_probe_function(), 1);
	begin(ALONE, 2, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	finish();
	company_start();
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_str_eq(steps_seen, "BCR");
	expect_all(0, 1, CODE_PRISTINE);
	company_end();
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
	finish();
}
END_TEST

/* --------------------------------------------------- text is lost */

/* As the kernel does when it has no memory half way: the place is gone. */
static int losses;
static int *others;		/* what another thread maps there then */

static void *lose(void *from, size_t len, int flags, void *to)
{
	if (is_move_in(to) && losses-- > 0) {
		munmap(to, len);
		if (losses == 0 && others) {
			others = mmap(to, len, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				      -1, 0);
			*others = 4711;
		}
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return __real_mremap(from, len, len, flags, to);
}

START_TEST(test_lost_text_is_moved_again)
{
	start();
	begin(COMPANY, 2, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.mremap = lose;
	losses = 1 + _i;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	finish();
}
END_TEST

START_TEST(test_lost_text_is_mapped_again)
{
	start();
	begin(COMPANY, 2, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.mremap = lose;
	losses = 1000;
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_nonnull(strchr(steps_seen, 'L'));
	wraps.mremap = NULL;
	expect_all(0, 1, CODE_PRISTINE);
	finish();
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	expect_all(0, 1, 4);
	finish();
}
END_TEST

/* It is lost for good where somebody else has taken its place, late or soon. */
START_TEST(test_lost_text_is_another_mapping_by_now)
{
	const int tries[] = { 1, 2, 3, 11 };
	int none;

	start();
	begin(COMPANY, 1, 4);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.mremap = lose;
	losses = tries[_i];
	others = &none;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_ne(others, &none);
	ck_assert_int_eq(*others, 4711);
}
END_TEST

/*
 * A move out that fails may leave a hole in the arena, where another thread maps
 * something: that is not ours to touch.
 */
static int outs, *in_the_arena;

static void *lose_arena(void *from, size_t len, int flags, void *to)
{
	if (is_move_in(to) || !(flags & MREMAP_FIXED) || outs-- != 0)
		return __real_mremap(from, len, len, flags, to);
	in_the_arena = mmap(to, len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ck_assert(in_the_arena == to);
	*in_the_arena = 4711;
	errno = ENOMEM;
	return MAP_FAILED;
}

/* The library looks when there was still a hole. */
static int only_the_hole_is_mapped(void *p, size_t len, int flags)
{
	if (p == in_the_arena) {
		errno = ENOMEM;
		return -1;
	}
	return __real_msync(p, len, flags);
}

START_TEST(test_arena_is_lost)
{
	uintptr_t arena;

	start();
	begin(COMPANY, 20, 4);
	arena = code.text.arena;
	ck_assert_int_eq(code_update(&code, 0, 76, 2), 0);
	outs = _i;
	wraps.mremap = lose_arena;
	wraps.msync = only_the_hole_is_mapped;
	ck_assert_int_eq(code_update(&code, 0, 76, 3), 0);
	wraps.mremap = NULL;
	wraps.msync = NULL;
	ck_assert_int_eq(*in_the_arena, 4711);
	ck_assert_int_eq(code_call(&code, 76), CODE_PRISTINE);
	ck_assert_int_eq(code_call(&code, 0), _i ? 3 : CODE_PRISTINE);
	/* there is another arena then */
	ck_assert_int_eq(code_update(&code, 0, 76, 4), 0);
	expect_all(0, 76, 4);
	ck_assert_int_eq(*in_the_arena, 4711);
	ck_assert_uint_ne(code.text.arena, arena);
	code_expect_consistent(&code);
}
END_TEST

static int refuse_code(void *p, size_t len, int prot)
{
	if (!(prot & PROT_EXEC))
		return __real_mprotect(p, len, prot);
	errno = EACCES;
	return -1;
}

/* The same, where a copy that can run no more is replaced by a second one. */
START_TEST(test_arena_is_lost_with_the_second_copy)
{
	start();
	begin(COMPANY, 20, 4);
	ck_assert_int_eq(code_update(&code, 0, 76, 2), 0);
	/* behind the first copies of two ranges */
	outs = 2;
	wraps.mremap = lose_arena;
	wraps.msync = only_the_hole_is_mapped;
	wraps.mprotect = refuse_code;
	ck_assert_int_eq(code_update(&code, 0, 76, 3), 0);
	wraps = (struct wraps){ .mmap = NULL };
	ck_assert_int_eq(outs, -1);
	ck_assert_int_eq(*in_the_arena, 4711);
	ck_assert_int_eq(code_call(&code, 0), CODE_PRISTINE);
	code_expect_consistent(&code);
}
END_TEST

/* The same, and the text goes before there is another arena. */
START_TEST(test_arena_is_lost_and_text_goes)
{
	start();
	begin(COMPANY, 20, 4);
	ck_assert_int_eq(code_update(&code, 0, 76, 2), 0);
	outs = 0;
	wraps.mremap = lose_arena;
	wraps.msync = only_the_hole_is_mapped;
	ck_assert_int_eq(code_update(&code, 0, 76, 3), 0);
	wraps.mremap = NULL;
	wraps.msync = NULL;
	sc_text_forget(&code.text);
	ck_assert_int_eq(*in_the_arena, 4711);
}
END_TEST

/* What becomes of places that were direct is counted. */
START_TEST(test_what_is_given_up_is_counted)
{
	size_t dropped, given_up;

	start();
	begin(COMPANY, 20, 4);
	sc_text_count(&dropped, &given_up);
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(given_up, 0);
	steps_fail("F", 0, 1, -EIO);
	ck_assert_int_eq(code_update(&code, 0, 76, 2), 0);
	steps_clear();
	sc_text_count(&dropped, &given_up);
	ck_assert_uint_eq(dropped, 1);
	ck_assert_uint_eq(given_up, 0);
	steps_fail("D", 0, 2, -EPERM);
	ck_assert_int_eq(code_update(&code, 0, 76, 3), 0);
	steps_clear();
	sc_text_count(&dropped, &given_up);
	ck_assert_uint_eq(dropped, 1);
	ck_assert_uint_eq(given_up, 2);
}
END_TEST

/* ------------------------------------------------------ for a moment alone */

static int no_memory_for(int prot_wanted, int prot)
{
	if (prot != prot_wanted)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int cannot_make_writable(void *p, size_t len, int prot)
{
	return no_memory_for(PROT_READ | PROT_WRITE, prot) ?:
	       __real_mprotect(p, len, prot);
}

static int cannot_make_code(void *p, size_t len, int prot)
{
	return no_memory_for(PROT_READ | PROT_EXEC, prot) ?:
	       __real_mprotect(p, len, prot);
}

/* Then the mem file writes, and the next update asks again. */
START_TEST(test_no_memory_to_split_a_mapping)
{
	start();
	begin(COMPANY, 3, 3);
	wraps.mprotect = _i ? cannot_make_code : cannot_make_writable;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	ck_assert(sc_system.can_flip);
	wraps.mprotect = NULL;
	wraps.open = no_mem;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	code_expect_consistent(&code);
}
END_TEST

static int no_descriptor_for_the_file(const char *path, int flags)
{
	if (strcmp(path, code.path) != 0)
		return __real_open(path, flags);
	errno = EMFILE;
	return -1;
}

START_TEST(test_no_descriptor_for_a_view)
{
	start();
	code_make(&code, 3, 3);
	company_start();
	wraps.open = no_descriptor_for_the_file;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	ck_assert_uint_eq(code.text.view, 0);
	wraps.open = NULL;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	expect_all(0, 1, 3);
	ck_assert_uint_ne(code.text.view, 0);
	ck_assert_uint_ne(code.text.view, (uintptr_t)MAP_FAILED);
}
END_TEST

/* ---------------------------------------------- the kernel's lock of mappings */

static int moved_in, changes_after;

static void *count_moves(void *from, size_t len, int flags, void *to)
{
	if (is_move_in(to)) {
		moved_in++;
		changes_after = 0;
	}
	return __real_mremap(from, len, len, flags, to);
}

static void *count_mmap(void *p, size_t len, int prot, int flags)
{
	changes_after++;
	return __real_mmap(p, len, prot, flags, -1, 0);
}

static int count_mprotect(void *p, size_t len, int prot)
{
	changes_after++;
	return __real_mprotect(p, len, prot);
}

/*
 * Behind the last move in no mapping is changed any more: a thread that ran the
 * text may hold the kernel's lock then, and wait for a processor.
 */
START_TEST(test_nothing_is_mapped_after_the_last_move)
{
	int i;

	start();
	begin(COMPANY, 20, 4);
	wraps.mremap = count_moves;
	wraps.mmap = count_mmap;
	wraps.mprotect = count_mprotect;
	for (i = 0; i < 3; i++) {
		moved_in = 0;
		ck_assert_int_eq(code_update(&code, 0, 38, 2 + (i & 1)), 0);
		ck_assert_int_gt(moved_in, 1);
		ck_assert_int_eq(changes_after, 0);
	}
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("system");

	tcase_add_loop_test(tc, test_without_proc_mem, 0, 2 * N_SHAPES);
	tcase_add_loop_test(tc, test_few_descriptors, 0, 2);
	tcase_add_loop_test(tc, test_descriptors_are_close_on_exec, 0, 2);
	unit_add_if(tc, test_memory_deny_write_execute, 0, 1,
		    can_deny_write_execute);
	tcase_add_loop_test(tc, test_mremap_refused, 0, 4);
	tcase_add_test(tc, test_second_mremap_refused);
	tcase_add_test(tc, test_nothing_allowed);
	tcase_add_loop_test(tc, test_disk_fails, 0, 2);
	tcase_add_loop_test(tc, test_disk_is_gone, 0, 2);
	tcase_add_test(tc, test_pristine_places_need_nothing);
	tcase_add_test(tc, test_write_back_fails);
	unit_add_if(tc, test_others_come_while_text_is_written, 0, 1,
		    can_be_alone);
	tcase_add_loop_test(tc, test_arena_is_lost, 0, 2);
	tcase_add_test(tc, test_arena_is_lost_with_the_second_copy);
	tcase_add_test(tc, test_arena_is_lost_and_text_goes);
	tcase_add_test(tc, test_nothing_is_mapped_after_the_last_move);
	tcase_add_test(tc, test_what_is_given_up_is_counted);
	tcase_add_loop_test(tc, test_no_memory_to_split_a_mapping, 0, 2);
	tcase_add_test(tc, test_no_descriptor_for_a_view);
	tcase_add_loop_test(tc, test_start_where_unshare_is_pretended, 0, 2);
	tcase_add_loop_test(tc, test_start_without_writing, 0, 2);
	tcase_add_test(tc, test_start_without_proc);
	unit_add_if(tc, test_start_without_memory_to_move, 0, 2, can_be_alone);
	tcase_add_test(tc, test_start_without_a_way_back);
	unit_add_if(tc, test_start_without_mremap, 0, 1, can_be_alone);
	tcase_add_loop_test(tc, test_lost_text_is_moved_again, 0, 3);
	tcase_add_test(tc, test_lost_text_is_mapped_again);
	tcase_add_loop_test(tc, test_lost_text_is_another_mapping_by_now, 0, 4);
	return unit_end();
}
