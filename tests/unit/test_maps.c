/* SPDX-License-Identifier: MIT */
/*
 * test_maps.c - what the kernel says about mappings: by its query and by its
 * text, which must agree.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "maps.h"
#include "unit.h"

#define PAGE	4096ul

static struct sc_maps query, text;

static void open_both(void)
{
	ck_assert_int_eq(sc_maps_open(&query, false), 0);
	ck_assert_int_eq(sc_maps_open(&text, false), 0);
	ck_assert(!query.no_query);
	text.no_query = true;
}

static void close_both(void)
{
	sc_maps_close(&query);
	sc_maps_close(&text);
	ck_assert_int_eq(query.file.fd, -1);
}

/* Asks both ways, and compares. */
static int find(uintptr_t addr, struct sc_vma *vma)
{
	struct sc_vma other;
	int err = sc_maps_find(&query, addr, vma);

	ck_assert_int_eq(sc_maps_find(&text, addr, &other), err);
	if (err)
		return err;
	ck_assert_uint_eq(vma->start, other.start);
	ck_assert_uint_eq(vma->end, other.end);
	ck_assert_uint_eq(vma->offset, other.offset);
	ck_assert_uint_eq(vma->inode, other.inode);
	ck_assert_uint_eq(vma->major, other.major);
	ck_assert_uint_eq(vma->minor, other.minor);
	ck_assert_uint_eq(vma->flags, other.flags);
	ck_assert_uint_le(vma->start, addr);
	ck_assert_uint_gt(vma->end, addr);
	return 0;
}

/* The last mapping is above what PROCMAP_QUERY tells of: the vsyscall page. */
#define USER_END	0x7ffffffff000ul

/*
 * Every mapping there is, found at its first, a middle and its last byte.  The
 * addresses come from the text as the C library reads it.
 */
START_TEST(test_every_mapping)
{
	static uintptr_t starts[4096], ends[4096];
	unsigned long start, end;
	struct sc_vma vma;
	char line[1024];
	size_t n = 0, i;
	FILE *file = fopen("/proc/self/maps", "re");

	ck_assert_ptr_nonnull(file);
	while (n < 4096 && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    end <= USER_END) {
			starts[n] = start;
			ends[n++] = end;
		}
	ck_assert_uint_gt(n, 5);
	open_both();
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(find(starts[i], &vma), 0);
		ck_assert_uint_eq(vma.start, starts[i]);
		ck_assert_uint_eq(vma.end, ends[i]);
		ck_assert_int_eq(find((starts[i] + ends[i]) / 2, &vma), 0);
		ck_assert_int_eq(find(ends[i] - 1, &vma), 0);
		ck_assert_uint_eq(vma.start, starts[i]);
		if (i + 1 < n && starts[i + 1] != ends[i])
			ck_assert_int_eq(find(ends[i], &vma), -ENOENT);
	}
	/* Not before, for that may change the mappings. */
	fclose(file);
	ck_assert_int_eq(find(0, &vma), -ENOENT);
	/* which is an answer of the query, too */
	ck_assert(!query.no_query);
	close_both();
}
END_TEST

/* More than one buffer of text lies before the last of these. */
START_TEST(test_many_mappings)
{
	struct sc_vma vma;
	uint8_t *p;
	size_t i, n = 300;

	p = mmap(NULL, n * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(p != MAP_FAILED);
	for (i = 1; i < n; i += 2)
		ck_assert_int_eq(mprotect(p + i * PAGE, PAGE, PROT_NONE), 0);
	open_both();
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(find((uintptr_t)p + i * PAGE + 5, &vma), 0);
		ck_assert_uint_eq(vma.flags, i % 2 ? 0 : SC_VMA_READ);
	}
	close_both();
}
END_TEST

static const struct {
	int prot, flags;
	unsigned int want;
} kinds[] = {
	{ PROT_NONE, MAP_PRIVATE, 0 },
	{ PROT_READ, MAP_PRIVATE, SC_VMA_READ },
	{ PROT_EXEC, MAP_PRIVATE, SC_VMA_EXEC },
	{ PROT_READ | PROT_EXEC, MAP_PRIVATE, SC_VMA_READ | SC_VMA_EXEC },
	{ PROT_READ | PROT_WRITE, MAP_PRIVATE, SC_VMA_READ | SC_VMA_WRITE },
	{ PROT_READ, MAP_SHARED, SC_VMA_READ | SC_VMA_SHARED },
	{ PROT_READ | PROT_WRITE, MAP_SHARED,
	  SC_VMA_READ | SC_VMA_WRITE | SC_VMA_SHARED },
};
#define N_KINDS	((int)(sizeof(kinds) / sizeof(kinds[0])))

static int temporary(char *path)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 8 * PAGE), 0);
	return fd;
}

START_TEST(test_file_mapping)
{
	char path[] = "unit-maps with blanks-XXXXXX";
	int fd = temporary(path);
	struct sc_vma vma;
	struct stat st;
	uint8_t *p = mmap(NULL, 3 * PAGE, kinds[_i].prot, kinds[_i].flags, fd,
			  2 * PAGE);

	unlink(path);
	ck_assert(p != MAP_FAILED);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	open_both();
	ck_assert_int_eq(find((uintptr_t)p + PAGE, &vma), 0);
	ck_assert_uint_eq(vma.flags, kinds[_i].want);
	ck_assert_uint_eq(vma.offset + ((uintptr_t)p - vma.start), 2 * PAGE);
	ck_assert_uint_eq(vma.inode, st.st_ino);
	close_both();
}
END_TEST

START_TEST(test_anonymous_has_no_inode)
{
	struct sc_vma vma;
	uint8_t *p = mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	open_both();
	ck_assert_int_eq(find((uintptr_t)p, &vma), 0);
	ck_assert_uint_eq(vma.inode, 0);
	close_both();
}
END_TEST

/* No view without a descriptor, and the reason is told. */
START_TEST(test_no_descriptor)
{
	struct rlimit none, old;

	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(sc_maps_open(&query, false), -EMFILE);
	ck_assert_int_eq(sc_maps_has_flag((uintptr_t)&query, "rd"), -EMFILE);
	/* if it cannot be read, the answer is the careful one */
	ck_assert(sc_maps_traced());
	ck_assert(sc_maps_strict_overcommit());
	/* a sanitizer looks for leaks at exit */
	setrlimit(RLIMIT_NOFILE, &old);
}
END_TEST

START_TEST(test_descriptor_is_close_on_exec)
{
	ck_assert_int_eq(sc_maps_open(&query, false), 0);
	ck_assert_int_eq(fcntl(query.file.fd, F_GETFD), FD_CLOEXEC);
	sc_maps_close(&query);
	/* twice does no harm */
	sc_maps_close(&query);
}
END_TEST

START_TEST(test_flags)
{
	uintptr_t p = (uintptr_t)mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_int_eq(sc_maps_has_flag(p, "rd"), 1);
	ck_assert_int_eq(sc_maps_has_flag(p, "ac"), 1);
	ck_assert_int_eq(sc_maps_has_flag(p, "ex"), 0);
	ck_assert_int_eq(sc_maps_has_flag(p, "lo"), 0);
	/* not mlock(): a sanitizer's does nothing */
	ck_assert_int_eq(syscall(SYS_mlock, p, PAGE), 0);
	ck_assert_int_eq(sc_maps_has_flag(p, "lo"), 1);
	ck_assert_int_eq(sc_maps_has_flag(p + PAGE, "lo"), 0);
	munmap((void *)p, 2 * PAGE);
	ck_assert_int_eq(sc_maps_has_flag(p, "rd"), -ENOENT);
}
END_TEST

START_TEST(test_strict_overcommit)
{
	FILE *file = fopen("/proc/sys/vm/overcommit_memory", "re");
	int mode = -1;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &mode), 1);
	fclose(file);
	ck_assert_int_eq(sc_maps_strict_overcommit(), mode == 2);
}
END_TEST

/* The child is traced by its parent from one step to the next. */
static void tell_and_stop(void)
{
	int before = sc_maps_traced();

	child_need(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
	child_expect(!before && sc_maps_traced());
}

/* A process has one tracer, and a system may forbid it. */
static bool can_be_traced(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

START_TEST(test_traced)
{
	ck_assert_int_eq(child_run(tell_and_stop), CHILD_FINE);
	ck_assert(!sc_maps_traced());
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("maps");

	unit_add_if(tc, test_every_mapping, 0, 1, memory_is_ours);
	tcase_add_test(tc, test_many_mappings);
	tcase_add_loop_test(tc, test_file_mapping, 0, N_KINDS);
	tcase_add_test(tc, test_anonymous_has_no_inode);
	unit_add_if(tc, test_no_descriptor, 0, 1, outside_of_valgrind);
	tcase_add_test(tc, test_descriptor_is_close_on_exec);
	tcase_add_test(tc, test_flags);
	tcase_add_test(tc, test_strict_overcommit);
	unit_add_if(tc, test_traced, 0, 1, can_be_traced);
	return unit_end();
}
