/* SPDX-License-Identifier: MIT */
/*
 * test_backing.c - the file behind text, where its path leads to another file by
 * now: that one is no view of the text, and is never mapped in its place.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps.h"
#include "sample.h"
#include "unit.h"
#include "wrap.h"

/* Another file of this many bytes has taken the name. */
static int other_file(off_t size)
{
	char name[] = "unit-other-XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	return fd;
}

static int other = -1;
static int asked;

static int open_other(const char *path, int flags)
{
	if (strcmp(path, code.path) != 0)
		return __real_open(path, flags);
	asked++;
	return dup(other);
}

/*
 * The other one is shorter, so that its pages cannot be had.  This says nothing
 * of the text.
 */
START_TEST(test_another_file_is_no_view)
{
	other = other_file(0);
	start();
	/* before the first swap, for a view is for good */
	wraps.open = open_other;
	begin(COMPANY, 4, 3);
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	expect_all(0, 1, 2);
	ck_assert_ptr_null(strchr(steps_seen, 'R'));
	ck_assert_int_gt(asked, 0);
	finish();
}
END_TEST

/* As the kernel does when it has no memory half way: the place is gone. */
static void *lose(void *from, size_t len, int flags, void *to)
{
	if (!is_move_in(to))
		return __real_mremap(from, len, len, flags, to);
	munmap(to, len);
	errno = ENOMEM;
	return MAP_FAILED;
}

/* Lost text stays lost rather than become another file's. */
START_TEST(test_another_file_is_never_mapped_as_text)
{
	struct sc_maps maps;
	struct sc_vma vma;

	other = other_file(4 * SC_PAGE);
	start();
	begin(COMPANY, 4, 3);
	ck_assert_int_eq(code_update(&code, 0, 1, 2), 0);
	wraps.open = open_other;
	wraps.mremap = lose;
	steps_clear();
	ck_assert_int_eq(code_update(&code, 0, 1, 3), 0);
	ck_assert_ptr_nonnull(strchr(steps_seen, 'L'));
	ck_assert_int_gt(asked, 0);
	wraps.open = NULL;
	ck_assert_int_eq(sc_maps_open(&maps), 0);
	ck_assert_int_eq(sc_maps_find(&maps, code.text.start, &vma), 0);
	sc_maps_close(&maps);
	/* held, and nobody's */
	ck_assert_uint_eq(vma.inode, 0);
	ck_assert_uint_eq(vma.flags & SC_VMA_EXEC, 0);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("backing");

	tcase_add_test(tc, test_another_file_is_no_view);
	tcase_add_test(tc, test_another_file_is_never_mapped_as_text);
	return unit_end();
}
