/* SPDX-License-Identifier: MIT */
/* test_proc.c - what maps.c reads of files below /proc that the test has made. */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maps.h"
#include "machine.h"
#include "unit.h"
#include "why.h"
#include "wrap.h"

static int file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("unit-proc", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* What the name of a file ends in, and what it holds; NULL: it is not there. */
static struct {
	const char *end, *text;
	size_t n;
} files[4];
static int n_opened;

static int open_fake(const char *path, int flags)
{
	size_t i, len = strlen(path);

	n_opened++;
	for (i = 0; i < 4 && files[i].end; i++) {
		size_t n = strlen(files[i].end);

		if (len < n || strcmp(path + len - n, files[i].end) != 0)
			continue;
		if (files[i].text)
			return file_of(files[i].text, files[i].n);
		errno = ENOENT;
		return -1;
	}
	return __real_open(path, flags);
}

static void fake_bytes(size_t i, const char *end, const void *bytes, size_t n)
{
	files[i].end = end;
	files[i].text = bytes;
	files[i].n = n;
	wraps.open = open_fake;
}

static void fake(size_t i, const char *end, const char *text)
{
	fake_bytes(i, end, text, text ? strlen(text) : 0);
}

/* ------------------------------------------------------- descriptors */

START_TEST(test_the_process_where_there_is_no_thread)
{
	struct sc_maps maps;

	fake(0, "/proc/thread-self/maps", NULL);
	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert_int_eq(n_opened, 2);
	sc_maps_close(&maps);
	fake(1, "/proc/self/maps", NULL);
	ck_assert_int_eq(sc_maps_open(&maps, false), -ENOENT);
}
END_TEST

static int full_errno;

static int no_more(const char *path, int flags)
{
	n_opened++;
	errno = full_errno;
	return -1;
}

/* Another try would say the same. */
START_TEST(test_one_try_where_no_descriptor_is_left)
{
	struct sc_maps maps;

	wraps.open = no_more;
	full_errno = _i ? ENFILE : EMFILE;
	ck_assert_int_eq(sc_maps_open(&maps, false), -full_errno);
	ck_assert_int_eq(n_opened, 1);
}
END_TEST

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* What a child of fork() closes is that file and no other of that number. */
START_TEST(test_inherited_descriptors)
{
	struct sc_file file, same;
	struct stat st;
	int fd = file_of("", 0);

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(sc_file_set(&same, fd), 0);
	ck_assert_int_eq(same.fd, fd);
	ck_assert_uint_eq(same.device, st.st_dev);
	ck_assert_uint_eq(same.inode, st.st_ino);
	file = same;
	file.inode++;
	sc_file_close_inherited(&file);
	ck_assert(is_open(fd));
	ck_assert_int_eq(file.fd, -1);
	file = same;
	file.device++;
	sc_file_close_inherited(&file);
	ck_assert(is_open(fd));
	file = same;
	sc_file_close_inherited(&file);
	ck_assert(!is_open(fd));
	ck_assert_int_eq(file.fd, -1);
	/* not open by now */
	sc_file_close_inherited(&same);
	ck_assert_int_eq(same.fd, -1);
	ck_assert_int_eq(sc_file_set(&file, dup(-1)), -EBADF);
}
END_TEST

/* ------------------------------------------------------------- maps */

static const char maps_text[] =
	"1000-2000 r-xp 00003000 fd:1a 123456 /a file\n"
	"2000-3000 rw-s 00000000 00:00 0 \n"
	"9000-afcb0 ---p 0000a000 08:01 7\n";

static int find_in(int fd, uintptr_t addr, struct sc_vma *vma)
{
	struct sc_maps maps = { .file.fd = fd, .no_query = true };
	int err = sc_maps_find(&maps, addr, vma);

	close(fd);
	return err;
}

static int find(const char *text, uintptr_t addr, struct sc_vma *vma)
{
	return find_in(file_of(text, strlen(text)), addr, vma);
}

START_TEST(test_a_line_of_maps)
{
	struct sc_vma vma;

	ck_assert_int_eq(find(maps_text, 0x1000, &vma), 0);
	ck_assert_uint_eq(vma.start, 0x1000);
	ck_assert_uint_eq(vma.end, 0x2000);
	ck_assert_uint_eq(vma.offset, 0x3000);
	ck_assert_uint_eq(vma.major, 0xfd);
	ck_assert_uint_eq(vma.minor, 0x1a);
	ck_assert_uint_eq(vma.inode, 123456);
	ck_assert_uint_eq(vma.flags, SC_VMA_READ | SC_VMA_EXEC);
	ck_assert_int_eq(find(maps_text, 0x2fff, &vma), 0);
	ck_assert_uint_eq(vma.start, 0x2000);
	ck_assert_uint_eq(vma.flags,
			  SC_VMA_READ | SC_VMA_WRITE | SC_VMA_SHARED);
	ck_assert_int_eq(find(maps_text, 0xafca0, &vma), 0);
	ck_assert_uint_eq(vma.end, 0xafcb0);
	ck_assert_uint_eq(vma.inode, 7);
	ck_assert_uint_eq(vma.flags, 0);
}
END_TEST

/* All that is read of a line is its first part. */
START_TEST(test_a_short_line_of_maps)
{
	struct sc_vma vma;

	ck_assert_int_eq(find("1000-2000 r-xp \n", 0x1000, &vma), 0);
	ck_assert_uint_eq(vma.flags, SC_VMA_READ | SC_VMA_EXEC);
}
END_TEST

START_TEST(test_what_is_not_in_maps)
{
	static const uintptr_t holes[] = { 0xfff, 0x3000, 0x8fff, 0xafcb0 };
	struct sc_vma vma;

	ck_assert_int_eq(find(maps_text, holes[_i], &vma), -ENOENT);
}
END_TEST

/* Longer than any room for a line, and than what is read at once. */
START_TEST(test_long_lines_of_maps)
{
	static char text[4096];
	struct sc_vma vma;
	size_t n, tail;

	for (tail = 900; tail < 1200; tail++) {
		n = (size_t)sprintf(text, "1000-2000 r--p 0 0:0 1 /");
		memset(text + n, 'f', tail);
		strcpy(text + n + tail, "\n2000-3000 r-xp 1000 0:0 1\n");
		ck_assert_int_eq(find(text, 0x2000, &vma), 0);
		ck_assert_uint_eq(vma.offset, 0x1000);
	}
}
END_TEST

static const char *const odd_maps[] = {
	"\n", "maps\n", "1000 2000 r--p 0 0:0 1\n", "1000-2000\n",
	"1000-2000 r-x\n", "1000-2000:r--p 0 0:0 1\n",
	/* what is left of a longer line is no part of the next */
	"0-1000 r--p 0 0:0 1\n1000-2000\n",
};
#define N_ODD_MAPS	((int)(sizeof(odd_maps) / sizeof(odd_maps[0])))

START_TEST(test_odd_maps)
{
	struct sc_vma vma;

	ck_assert_int_eq(find(odd_maps[_i], 0x1000, &vma), -EIO);
}
END_TEST

START_TEST(test_maps_that_cannot_be_read)
{
	struct sc_vma vma;
	int ends[2];

	ck_assert_int_eq(find_in(open("/", O_RDONLY | O_CLOEXEC), 0, &vma),
			 -EISDIR);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(find_in(ends[0], 0, &vma), -ESPIPE);
	close(ends[1]);
	ck_assert_int_eq(find("", 0, &vma), -ENOENT);
}
END_TEST

/* A kernel, or a sandbox, that does not know the query is asked once. */
START_TEST(test_without_the_query)
{
	struct sc_maps maps = { .no_query = false };
	struct sc_vma vma;

	maps.file.fd = file_of(maps_text, strlen(maps_text));
	ck_assert_int_eq(sc_maps_find(&maps, 0x1000, &vma), 0);
	ck_assert_uint_eq(vma.inode, 123456);
	ck_assert(maps.no_query);
	/* from the start each time */
	ck_assert_int_eq(sc_maps_find(&maps, 0x1000, &vma), 0);
	sc_maps_close(&maps);
	ck_assert_int_eq(sc_maps_open(&maps, false), 0);
	ck_assert(!maps.no_query);
	sc_maps_close(&maps);
}
END_TEST

/* ------------------------------------------------ other files of /proc */

static const char smaps_text[] =
	"1000-2000 r-xp 0 0:0 1 /a\nRss: 4 kB\nVmFlags: rd ex mr \n"
	"2000-3000 r-xp 0 0:0 1 /b\nRss: 4 kB\nVmFlags: rd lo\n"
	/* one that is longer, and what would be a flag of the next */
	"3000-4000 r-xp 0 0:0 1 /c\nName: 89abcdef lo\nVmFlags: rd \n"
	"5000-6000 r-xp 0 0:0 1 /d\nRss: 4 kB\n";

START_TEST(test_flags_of_smaps)
{
	struct traces before;

	fake(0, "/smaps", smaps_text);
	traces_look(&before);
	ck_assert_int_eq(sc_maps_has_flag(0x1000, "rd"), 1);
	ck_assert_int_eq(sc_maps_has_flag(0x1fff, "mr"), 1);
	ck_assert_int_eq(sc_maps_has_flag(0x1000, "lo"), 0);
	/* letters of two flags are none */
	ck_assert_int_eq(sc_maps_has_flag(0x1000, "ed"), 0);
	ck_assert_int_eq(sc_maps_has_flag(0x1000, "rx"), 0);
	ck_assert_int_eq(sc_maps_has_flag(0x2000, "ex"), 0);
	ck_assert_int_eq(sc_maps_has_flag(0x2000, "rd"), 1);
	ck_assert_int_eq(sc_maps_has_flag(0xfff, "rd"), -ENOENT);
	ck_assert_int_eq(sc_maps_has_flag(0x3000, "rd"), 1);
	ck_assert_int_eq(sc_maps_has_flag(0x3000, "lo"), 0);
	ck_assert_int_eq(sc_maps_has_flag(0x4000, "rd"), -ENOENT);
	ck_assert_int_eq(sc_maps_has_flag(0x5000, "rd"), -ENOENT);
	traces_same(&before);
	fake(0, "/smaps", NULL);
	ck_assert_int_eq(sc_maps_has_flag(0x1000, "rd"), -ENOENT);
}
END_TEST

#define NOBODY	"Name:\tx\nTracerPid:\t0\nUid:\t1\n"
#define TRACER	"Name:\tx\nTracerPid:\t17\nUid:\t0\n"

/* Of the thread, of the process; what does not say counts as traced. */
static const struct {
	const char *thread, *process;
	bool traced;
} statuses[] = {
	{ NOBODY, NOBODY, false },
	{ TRACER, NOBODY, true },
	{ NOBODY, TRACER, true },
	{ "Name:\tx\n", NOBODY, true },
	{ NOBODY, "", true },
	{ NOBODY, NULL, true },
};
#define N_STATUSES	((int)(sizeof(statuses) / sizeof(statuses[0])))

START_TEST(test_who_is_traced)
{
	struct traces before;

	traces_look(&before);
	fake(0, "/proc/thread-self/status", statuses[_i].thread);
	fake(1, "/proc/self/status", statuses[_i].process);
	ck_assert_int_eq(sc_maps_traced(), statuses[_i].traced);
	wraps.open = NULL;
	traces_same(&before);
}
END_TEST

#define PRESENT	(1ull << 63)
#define SWAPPED	(1ull << 62)
#define OF_FILE	(1ull << 61)

static const struct {
	uint64_t entry;
	int private;
} entries[] = {
	{ 0, 0 },
	{ PRESENT, 1 },
	{ SWAPPED, 1 },
	{ OF_FILE, 0 },
	{ PRESENT | OF_FILE, 0 },
	{ SWAPPED | OF_FILE, 0 },
};
#define N_ENTRIES	((int)(sizeof(entries) / sizeof(entries[0])))

START_TEST(test_private_copies)
{
	struct traces before;
	uint64_t map[5] = { 0 };

	/* the neighbours' say another thing */
	map[3] = entries[_i].entry;
	map[2] = map[4] = entries[_i].private ? 0 : PRESENT;
	fake_bytes(0, "/pagemap", (const char *)map, sizeof(map));
	traces_look(&before);
	ck_assert_int_eq(sc_maps_is_private_copy(3 * SC_PAGE),
			 entries[_i].private);
	ck_assert_int_eq(sc_maps_is_private_copy(3 * SC_PAGE + SC_PAGE / 2),
			 entries[_i].private);
	ck_assert_int_eq(sc_maps_is_private_copy(5 * SC_PAGE), -EIO);
	traces_same(&before);
	fake(0, "/pagemap", NULL);
	ck_assert_int_eq(sc_maps_is_private_copy(3 * SC_PAGE), -ENOENT);
}
END_TEST

static const struct {
	const char *mode;
	bool strict;
	const char *why;
} modes[] = {
	{ "0\n", false, NULL },
	{ "1\n", false, NULL },
	{ "2\n", true, "vm.overcommit_memory is 2" },
	{ "", true, NULL },
	{ NULL, true, "open /proc/sys/vm/overcommit_memory: ENOENT" },
};
#define N_MODES	((int)(sizeof(modes) / sizeof(modes[0])))

START_TEST(test_modes_of_overcommit)
{
	struct traces before;

	fake(0, "/overcommit_memory", modes[_i].mode);
	traces_look(&before);
	ck_assert_int_eq(sc_maps_strict_overcommit(), modes[_i].strict);
	traces_same(&before);
	if (modes[_i].why) {
		ck_assert_ptr_nonnull(sc_why());
		ck_assert_str_eq(sc_why(), modes[_i].why);
	} else {
		ck_assert_ptr_null(sc_why());
	}
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("proc");

	tcase_add_test(tc, test_the_process_where_there_is_no_thread);
	tcase_add_loop_test(tc, test_one_try_where_no_descriptor_is_left, 0, 2);
	tcase_add_test(tc, test_inherited_descriptors);
	tcase_add_test(tc, test_a_line_of_maps);
	tcase_add_test(tc, test_a_short_line_of_maps);
	tcase_add_loop_test(tc, test_what_is_not_in_maps, 0, 4);
	tcase_add_test(tc, test_long_lines_of_maps);
	tcase_add_loop_test(tc, test_odd_maps, 0, N_ODD_MAPS);
	tcase_add_test(tc, test_maps_that_cannot_be_read);
	tcase_add_test(tc, test_without_the_query);
	tcase_add_test(tc, test_flags_of_smaps);
	tcase_add_loop_test(tc, test_who_is_traced, 0, N_STATUSES);
	tcase_add_loop_test(tc, test_private_copies, 0, N_ENTRIES);
	tcase_add_loop_test(tc, test_modes_of_overcommit, 0, N_MODES);
	return unit_end();
}
