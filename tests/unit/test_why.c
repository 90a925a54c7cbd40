/* SPDX-License-Identifier: MIT */
/*
 * test_why.c - the words for what the system refuses: how they are kept, and what
 * is said of an update.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "sample.h"
#include "unit.h"
#include "why.h"
#include "wrap.h"

/* ------------------------------------------------------------ the words */

START_TEST(test_notes)
{
	const char *first;

	ck_assert_ptr_null(sc_why());
	errno = ENOSPC;
	ck_assert_int_eq(sc_why_note("a", NULL, -EPERM), -EPERM);
	ck_assert_int_eq(errno, ENOSPC);
	first = sc_why();
	ck_assert_str_eq(first, "a: EPERM");
	/* the same is noted once, another error of the same call is not */
	ck_assert_int_eq(sc_why_note("a", NULL, -EPERM), -EPERM);
	ck_assert_uint_eq(sc_why_count(), 1);
	sc_why_note("a", NULL, -EACCES);
	sc_why_note("open /", "b", -EACCES);
	sc_why_note("as it is", NULL, 0);
	ck_assert_uint_eq(sc_why_count(), 4);
	ck_assert_str_eq(sc_why(),
			 "a: EPERM, a: EACCES, open /b: EACCES, as it is");
	/* and then it is enough */
	sc_why_note("more", NULL, -EIO);
	ck_assert_uint_eq(sc_why_count(), 4);
	sc_why_forget(7);
	ck_assert_uint_eq(sc_why_count(), 4);
	sc_why_forget(1);
	ck_assert_ptr_eq(sc_why(), first);
	sc_why_forget(0);
	ck_assert_ptr_null(sc_why());
	ck_assert_str_eq(first, "a: EPERM");
}
END_TEST

static const struct {
	int err;
	const char *text;
} errors[] = {
	{ EPERM, "x: EPERM" },		{ ENOENT, "x: ENOENT" },
	{ EACCES, "x: EACCES" },	{ EIO, "x: EIO" },
	{ ENOMEM, "x: ENOMEM" },	{ EMFILE, "x: EMFILE" },
	{ ENFILE, "x: ENFILE" },	{ EINVAL, "x: EINVAL" },
	{ ENOSYS, "x: ENOSYS" },	{ EOPNOTSUPP, "x: EOPNOTSUPP" },
	{ 4000, "x: error 4000" },	{ 7, "x: error 7" },
};
#define N_ERRORS	((int)(sizeof(errors) / sizeof(errors[0])))

START_TEST(test_names_of_errors)
{
	sc_why_note("x", NULL, -errors[_i].err);
	ck_assert_str_eq(sc_why(), errors[_i].text);
}
END_TEST

/* Texts are never written over: the array fills, and then one text is all. */
START_TEST(test_room_for_texts)
{
	static char calls[40][60];
	const char *given[40], *last;
	int i;

	for (i = 0; i < 40; i++) {
		snprintf(calls[i], sizeof(calls[i]), "%050d", i);
		sc_why_forget(0);
		sc_why_note(calls[i], NULL, 0);
		given[i] = sc_why();
	}
	last = given[39];
	ck_assert_str_eq(last, "the system calls fail in too many ways");
	ck_assert_ptr_eq(given[20], last);
	for (i = 0; given[i] != last; i++)
		ck_assert_str_eq(given[i], calls[i]);
	ck_assert_int_gt(i, 10);
	sc_why_forget(0);
	sc_why_note(calls[3], NULL, 0);
	ck_assert_ptr_eq(sc_why(), given[3]);
}
END_TEST

/* Two texts with their ends fill it, and then there is no room for one more. */
START_TEST(test_room_is_used_to_its_end)
{
	static char calls[2][512];
	const char *given[2];
	int i;

	for (i = 0; i < 2; i++) {
		memset(calls[i], 'a' + i, sizeof(calls[i]) - 1);
		sc_why_forget(0);
		sc_why_note(calls[i], NULL, 0);
		given[i] = sc_why();
	}
	sc_why_forget(0);
	sc_why_note("x", NULL, 0);
	ck_assert_str_eq(sc_why(), "the system calls fail in too many ways");
	for (i = 0; i < 2; i++)
		ck_assert_str_eq(given[i], calls[i]);
}
END_TEST

static char long_call[600];

START_TEST(test_what_does_not_fit_is_cut)
{
	memset(long_call, 'y', sizeof(long_call) - 1);
	sc_why_note(long_call, NULL, -EPERM);
	ck_assert_uint_eq(strlen(sc_why()), 511);
	ck_assert_int_eq(strncmp(sc_why(), long_call, 511), 0);
}
END_TEST

/* ------------------------------------------------------- what is refused */

static void *refuse_moves(void *from, size_t len, int flags, void *to)
{
	errno = EPERM;
	return MAP_FAILED;
}

static void *refuse_the_second(void *from, size_t len, int flags, void *to)
{
	return is_move_in(to) ? refuse_moves(from, len, flags, to) :
				__real_mremap(from, len, len, flags, to);
}

static int refuse_giving_back(void *p, size_t len, int advice)
{
	if (advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED) {
		errno = EPERM;
		return -1;
	}
	return __real_madvise(p, len, advice);
}

static int refuse_protection(void *p, size_t len, int prot)
{
	errno = EACCES;
	return -1;
}

static ssize_t refuse_writes(int fd, const void *buf, size_t len, off_t at)
{
	errno = EPERM;
	return -1;
}

static int disk_fails(void *p, size_t len, int advice)
{
	if (advice == MADV_POPULATE_READ) {
		errno = EFAULT;
		return -1;
	}
	return __real_madvise(p, len, advice);
}

static int no_maps(const char *path, int flags)
{
	if (!strstr(path, "/maps"))
		return __real_open(path, flags);
	errno = ENOSYS;
	return -1;
}

static const struct {
	struct wraps wraps;
	int err;
	const char *trouble;
} refusals[] = {
	{ { .mremap = refuse_moves }, 0, "mremap: EPERM" },
	{ { .mremap = refuse_the_second }, 0, "mremap: EPERM" },
	{ { .mremap = refuse_moves, .madvise = refuse_giving_back }, -EPERM,
	  "mremap: EPERM, madvise: EPERM" },
	{ { .open = no_maps }, -ENOSYS, "open /proc/thread-self/maps: ENOSYS" },
	{ { .madvise = disk_fails }, -EIO, "read text from its file: EIO" },
	{ { .mprotect = refuse_protection }, 0, NULL },
	{ { .mprotect = refuse_protection, .open = no_mem }, 0,
	  "mprotect: EACCES, open /proc/thread-self/mem: EACCES" },
	{ { .mprotect = refuse_protection, .pwrite = refuse_writes }, 0,
	  "mprotect: EACCES, write /proc/self/mem: EPERM" },
};
#define N_REFUSALS	((int)(sizeof(refusals) / sizeof(refusals[0])))

/* Until an update has come off. */
START_TEST(test_why_an_update_failed)
{
	start();
	begin(COMPANY, 2, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_ptr_null(sc_text_trouble());
	wraps = refusals[_i].wraps;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), refusals[_i].err);
	if (refusals[_i].trouble) {
		ck_assert_ptr_nonnull(sc_text_trouble());
		ck_assert_str_eq(sc_text_trouble(), refusals[_i].trouble);
	} else {
		ck_assert_ptr_null(sc_text_trouble());
	}
	wraps = (struct wraps){ .mremap = NULL };
	ck_assert_int_eq(code_update(&code, 0, 1, 4), 0);
	ck_assert_ptr_null(sc_text_trouble());
}
END_TEST

/* A child of fork() has its own; what is noted without one is none. */
START_TEST(test_a_child_has_no_trouble)
{
	start();
	begin(COMPANY, 2, 3);
	wraps.mremap = refuse_moves;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_ptr_nonnull(sc_text_trouble());
	wraps.mremap = NULL;
	sc_text_repair_engine();
	ck_assert_ptr_null(sc_text_trouble());
	sc_why_note("x", NULL, 0);
	ck_assert_ptr_null(sc_text_trouble());
}
END_TEST

/* Neither of the two is tried again, and both are named. */
START_TEST(test_why_copies_cannot_be_edited)
{
	start();
	begin(COMPANY, 2, 3);
	wraps.mprotect = refuse_protection;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_ptr_null(sc_text_trouble());
	sc_system.can_write = false;
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_nonnull(sc_text_trouble());
	ck_assert_str_eq(sc_text_trouble(),
			 "write /proc/self/mem: EIO, mprotect: EACCES");
}
END_TEST

/* What was never tried is not named. */
START_TEST(test_why_copies_cannot_be_written)
{
	start();
	sc_system.can_flip = false;
	begin(COMPANY, 2, 3);
	wraps.open = no_mem;
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	ck_assert_ptr_nonnull(sc_text_trouble());
	ck_assert_str_eq(sc_text_trouble(),
			 "open /proc/thread-self/mem: EACCES");
}
END_TEST

START_TEST(test_why_text_was_not_looked_at)
{
	start();
	code_map(&code, 1, 1);
	wraps.open = no_maps;
	sc_text_register(&code.text);
	ck_assert(!code.text.usable);
	ck_assert_str_eq(sc_text_trouble(),
			 "open /proc/thread-self/maps: ENOSYS");
}
END_TEST

/* It is not what was mapped any more; the log tells where. */
START_TEST(test_why_text_cannot_be_changed)
{
	const int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;
	int log = memfd_create("unit-log", MFD_CLOEXEC);
	char said[1024] = "", want[128];
	void *page;

	start();
	begin(COMPANY, 2, 3);
	page = (void *)(code.text.start + SC_PAGE);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	if (_i)
		ck_assert_int_eq(mprotect(page, SC_PAGE, rwx), 0);
	else
		ck_assert_ptr_eq(mmap(page, SC_PAGE, PROT_READ | PROT_EXEC,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				      -1, 0), page);
	ck_assert_int_eq(dup2(log, STDERR_FILENO), STDERR_FILENO);
	sc_log_to("1");
	ck_assert_int_eq(code_update(&code, 0, 1, 3), -EBUSY);
	ck_assert_str_eq(sc_text_trouble(),
			 _i ? "text is writable: EBUSY" :
			      "text is another mapping: EBUSY");
	ck_assert_int_ge(pread(log, said, sizeof(said) - 1, 0), 0);
	snprintf(want, sizeof(want),
		 "libstaticcall: pid %d: text %s at 0x%lx: cannot be changed",
		 (int)getpid(), code.text.path, (unsigned long)page);
	ck_assert_ptr_nonnull(strstr(said, want));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("why");

	tcase_add_test(tc, test_notes);
	tcase_add_loop_test(tc, test_names_of_errors, 0, N_ERRORS);
	tcase_add_test(tc, test_room_for_texts);
	tcase_add_test(tc, test_room_is_used_to_its_end);
	tcase_add_test(tc, test_what_does_not_fit_is_cut);
	tcase_add_loop_test(tc, test_why_an_update_failed, 0, N_REFUSALS);
	tcase_add_test(tc, test_a_child_has_no_trouble);
	tcase_add_test(tc, test_why_copies_cannot_be_edited);
	tcase_add_test(tc, test_why_copies_cannot_be_written);
	tcase_add_test(tc, test_why_text_was_not_looked_at);
	tcase_add_loop_test(tc, test_why_text_cannot_be_changed, 0, 2);
	return unit_end();
}
