/* SPDX-License-Identifier: MIT */
/* test_symbol.c - the names that the log gives to what is at an address. */
#include "sc_config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbol.h"
#include "unit.h"

/* Nobody exports these. */
static __attribute__((noinline)) int a_static_function(int x)
{
	return x * 7 + 1;
}

/* Where it begins there is a symbol without a type, and it comes first. */
__asm__(".pushsection .text\n"
	"an_untyped_symbol:\n"
	"	.globl	an_assembler_function\n"
	"	.type	an_assembler_function, STT_FUNC\n"
	"an_assembler_function:\n"
	"	.byte	0, 0, 0, 0\n"
	"	.size	an_assembler_function, 4\n"
	".popsection\n");
extern const char an_assembler_function[4]
	__attribute__((visibility("hidden")));

static int __SCK__a_key = 1, zeros_at_first[100];

static const char *name_of(const void *address, const char *prefix)
{
	static struct sc_line line;

	line = (struct sc_line){ .len = 0 };
	sc_symbol_put(&line, address, prefix);
	line.text[line.len] = '\0';
	return line.text;
}

static const char *at(const void *base, size_t offset)
{
	return (const char *)base + offset;
}

START_TEST(test_symbols_of_the_program)
{
	ck_assert_int_eq(a_static_function(1), 8);
	ck_assert_str_eq(name_of((void *)a_static_function, ""),
			 "a_static_function");
	ck_assert_str_eq(name_of(at((void *)a_static_function, 2), ""),
			 "a_static_function+0x2");
	ck_assert_str_eq(name_of(an_assembler_function, ""),
			 "an_assembler_function");
	ck_assert_str_eq(name_of(an_assembler_function + 3, ""),
			 "an_assembler_function+0x3");
	/* data, and what is zero at first and so on no page of the file */
	ck_assert_str_eq(name_of(&__SCK__a_key, "__SCK__"), "a_key");
	ck_assert_str_eq(name_of(&__SCK__a_key, "__SCT__"), "__SCK__a_key");
	zeros_at_first[99] = __SCK__a_key;
}
END_TEST

/* A library has exported symbols at least, unless its file is not to be had. */
START_TEST(test_symbols_of_a_library)
{
	const char *name = name_of((void *)atexit, "");

	ck_assert_msg(!strchr(name, '/'), "%s", name);
	name = name_of((void *)qsort, "");
	ck_assert_msg(strstr(name, "qsort") || strchr(name, '+'), "%s", name);
}
END_TEST

/* Of no file, or of one that is no object: addresses and offsets. */
START_TEST(test_what_has_no_symbol)
{
	char path[] = "/tmp/unit-symbol.XXXXXX", want[64];
	int fd = mkstemp(path);
	struct sc_line line = { .len = 0 };
	void *page;

	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	snprintf(want, sizeof(want), "0x%lx", (unsigned long)page);
	ck_assert_str_eq(name_of(page, ""), want);
	ck_assert(!sc_symbol_put_file(&line, page));
	ck_assert_str_eq(line.text, "");
	ck_assert_str_eq(name_of(NULL, ""), "0x0");
	ck_assert_int_eq(ftruncate(fd, 8192), 0);
	page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	snprintf(want, sizeof(want), "%s+0x1234", path + 5);
	ck_assert_str_eq(name_of(at(page, 0x1234), ""), want);
	ck_assert(sc_symbol_put_file(&line, page));
	ck_assert_str_eq(line.text, path);
	/* an ELF file by its first bytes, and no more */
	ck_assert_int_eq(pwrite(fd, "\177ELF\2\1\1", 7, 0), 7);
	ck_assert_str_eq(name_of(at(page, 0x1234), ""), want);
	unlink(path);
	ck_assert_ptr_nonnull(strstr(name_of(at(page, 0x1234), ""), "+0x1234"));
}
END_TEST

/* What the headers of a copy of this program say, with @bytes at @offset. */
static const char *name_in_copy(const void *bytes, size_t n, size_t offset)
{
	char command[128], path[] = "/tmp/unit-symbol.XXXXXX";
	const char *name;
	int fd = mkstemp(path);
	void *copy;

	snprintf(command, sizeof(command), "cat /proc/%d/exe >%s", (int)getpid(),
		 path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(pwrite(fd, bytes, n, (off_t)offset), (ssize_t)n);
	copy = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(copy, MAP_FAILED);
	name = name_of(at(copy, 1), "");
	munmap(copy, 4096);
	unlink(path);
	close(fd);
	return name;
}

/* Whatever a file says, nothing is read past an end, and something is said. */
START_TEST(test_headers_that_lie)
{
	unsigned char bytes[4];
	size_t offset;
	int i;

	for (offset = 16; offset < 64; offset += 2)
		for (i = 0; i < 2; i++) {
			memset(bytes, i ? 0xff : 0, sizeof(bytes));
			ck_assert_uint_gt(strlen(name_in_copy(bytes, 2, offset)),
					  0);
		}
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("symbol");

	unit_add_if(tc, test_symbols_of_the_program, 0, 1, maps_are_ours);
	unit_add_if(tc, test_symbols_of_a_library, 0, 1, maps_are_ours);
	unit_add_if(tc, test_what_has_no_symbol, 0, 1, maps_are_ours);
	tcase_add_test(tc, test_headers_that_lie);
	return unit_end();
}
