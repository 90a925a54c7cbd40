/* SPDX-License-Identifier: MIT */
/* test_start.c - what is believed of a system at start, and what is left at the end. */
#include "sc_config.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "mem.h"
#include "sample.h"
#include "unit.h"
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

START_TEST(test_why_nothing_is_patched)
{
	if (_i)
		wraps.open = no_open;
	else
		sc_alloc_fail_after = 0;
	sc_text_start();
	ck_assert(!sc_text_enabled());
	ck_assert_ptr_nonnull(strstr(sc_text_reason(),
				     _i ? "/proc is not there" :
					  "out of memory"));
}
END_TEST

START_TEST(test_the_end_gives_back_all)
{
	struct traces before, now;

	traces_look(&before);
	sc_text_start();
	ck_assert(sc_text_enabled());
	ck_assert_int_eq(sc_text_reserve(1000), 0);
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
	tcase_add_loop_test(tc, test_why_nothing_is_patched, 0, 2);
	unit_add_if(tc, test_the_end_gives_back_all, 0, 1, memory_is_ours);
	return unit_end();
}
