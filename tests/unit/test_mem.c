/* SPDX-License-Identifier: MIT */
/* test_mem.c - the pool, and blocks that are too large for it. */
#include "sc_config.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "mem.h"
#include "unit.h"

#define POOL	(192ul << 10)
#define LARGE	(80ul << 10)

void *__real_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at);
void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at);
int __real_munmap(void *p, size_t len);
int __wrap_munmap(void *p, size_t len);

static int n_mapped;
static bool nothing_maps;
static void *unmapped;	/* NULL: it is unmapped, else noted here */

void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at)
{
	n_mapped++;
	if (!nothing_maps)
		return __real_mmap(p, len, prot, flags, fd, at);
	errno = ENOMEM;
	return MAP_FAILED;
}

int __wrap_munmap(void *p, size_t len)
{
	if (!unmapped)
		return __real_munmap(p, len);
	unmapped = p;
	return 0;
}

static void setup(void)
{
	sc_alloc_apart = false;
}

static void *take(size_t size)
{
	void *p = sc_alloc(size);

	ck_assert_ptr_nonnull(p);
	return p;
}

static bool is_zero(const void *p, size_t size)
{
	const char *s = p;

	while (size && !*s)
		s++, size--;
	return !size;
}

/* The head of the pool takes 16 bytes: its first block lies at @first. */
static bool is_in_pool(const void *first, const void *p)
{
	return (uintptr_t)p - (uintptr_t)first < POOL - 16;
}

START_TEST(test_blocks_lie_apart)
{
	char *a = take(1), *b = take(17), *c = take(LARGE);

	ck_assert_uint_eq((uintptr_t)a % 16, 0);
	ck_assert_ptr_eq(b, a + 16);
	ck_assert_ptr_eq(c, b + 32);
	ck_assert(is_zero(a, 48 + LARGE));
}
END_TEST

START_TEST(test_the_last_block_is_taken_again)
{
	char *a = take(100), *b = take(100);

	memset(b, 1, 100);
	sc_free(b, 100);
	ck_assert_ptr_eq(take(90), b);
	ck_assert(is_zero(b, 112));
	/* Not the last one. */
	memset(a, 1, 100);
	sc_free(a, 100);
	ck_assert_ptr_eq(take(16), b + 96);
	sc_free(NULL, 100);
}
END_TEST

START_TEST(test_large_blocks_are_apart)
{
	struct traces before;
	char *a = take(1), *large;

	traces_look(&before);
	large = take(LARGE + 1);
	ck_assert(!is_in_pool(a, large));
	ck_assert_ptr_eq(take(1), a + 16);
	sc_free(large, LARGE + 1);
	traces_same(&before);
}
END_TEST

/* Then each is a mapping of its own, and given back as one. */
START_TEST(test_the_pool_is_full)
{
	const size_t rest = POOL - 16 - 2 * LARGE;
	struct traces before;
	char *first = take(LARGE), *p;

	traces_look(&before);
	ck_assert_ptr_eq(take(LARGE), first + LARGE);
	p = take(rest + 1);
	ck_assert(!is_in_pool(first, p));
	sc_free(p, rest + 1);
	ck_assert_ptr_eq(take(rest), first + 2 * LARGE);
	p = take(1);
	ck_assert(!is_in_pool(first, p));
	sc_free(p, 1);
	traces_same(&before);
}
END_TEST

/* A copy may begin anew, and finds the pool as it was at first. */
START_TEST(test_the_end_empties_the_pool)
{
	char *first = take(LARGE);

	memset(first, 1, LARGE);
	sc_mem_end();
	ck_assert_ptr_eq(take(POOL / 4), first);
	ck_assert(is_zero(first, POOL / 4));
}
END_TEST

/* Else a kernel that shares one with the program would copy it early in fork(). */
START_TEST(test_the_pages_of_the_pool_are_its_own)
{
	char *head = (char *)take(1) - 16;

	ck_assert_uint_eq((uintptr_t)head % (64ul << 10), 0);
	ck_assert_uint_eq(POOL % (64ul << 10), 0);
}
END_TEST

START_TEST(test_the_pool_needs_no_mapping)
{
	nothing_maps = true;
	take(1);
	take(LARGE);
	ck_assert_int_eq(n_mapped, 0);
	ck_assert_ptr_null(sc_alloc(LARGE + 1));
	ck_assert_int_eq(errno, ENOMEM);
	nothing_maps = false;
}
END_TEST

/* What begins where the pool ends is no part of it, nor what ends where it begins. */
START_TEST(test_blocks_beside_the_pool)
{
	char *head = (char *)take(1) - 16;

	unmapped = &unmapped;
	sc_free(head + POOL, 1);
	ck_assert_ptr_eq(unmapped, head + POOL);
	sc_free(head - 1, 1);
	ck_assert_ptr_eq(unmapped, head - 1);
	sc_free(head + 16, 1);
	ck_assert_ptr_eq(unmapped, head - 1);
	unmapped = NULL;
}
END_TEST

#define THREADS	4
#define BLOCKS	200

static pthread_barrier_t all_there;

/* A block that two threads have gets the number of one of them. */
static void *take_and_free(void *number)
{
	unsigned char *blocks[BLOCKS];
	int i, rounds;

	pthread_barrier_wait(&all_there);
	for (rounds = 0; rounds < 20; rounds++) {
		for (i = 0; i < BLOCKS; i++) {
			blocks[i] = sc_alloc(32);
			if (!blocks[i] || !is_zero(blocks[i], 32))
				return (void *)"not zero";
			memset(blocks[i], *(int *)number, 32);
		}
		for (i = BLOCKS; i-- > 0;) {
			if (blocks[i][0] != *(int *)number ||
			    blocks[i][31] != *(int *)number)
				return (void *)"another's";
			sc_free(blocks[i], 32);
		}
	}
	return NULL;
}

START_TEST(test_threads)
{
	pthread_t threads[THREADS];
	int numbers[THREADS], i;
	void *wrong;

	sc_mem_end();
	pthread_barrier_init(&all_there, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		numbers[i] = i + 1;
		ck_assert_int_eq(pthread_create(threads + i, NULL,
						take_and_free, numbers + i), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
}
END_TEST

START_TEST(test_failure_on_demand)
{
	sc_alloc_fail_after = 1;
	take(1);
	ck_assert_ptr_null(sc_alloc(1));
	take(1);
	sc_alloc_fail_after = 0;
	ck_assert_ptr_null(sc_alloc(LARGE + 1));
}
END_TEST

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

static size_t pages_there(char *p, size_t size)
{
	unsigned char there[64];
	size_t i, n = 0;

	ck_assert_uint_le(size / 4096, sizeof(there));
	ck_assert_int_eq(mincore(p, size, there), 0);
	for (i = 0; i < size / 4096; i++)
		n += there[i] & 1;
	return n;
}

/* Some emulators say yes and do nothing. */
static bool can_populate(void)
{
	char *p = __real_mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool can = outside_of_valgrind() && p != MAP_FAILED &&
		   madvise(p, 4096, MADV_POPULATE_WRITE) == 0 &&
		   pages_there(p, 4096) == 1;

	munmap(p, 4096);
	return can;
}

/* Whole pages, and not for what is soon done; a failure is no error. */
START_TEST(test_pages_come_at_once)
{
	const size_t size = 64 * 4096;
	char *p = take(size);

	ck_assert_uint_eq(pages_there(p, size), 0);
	errno = EXDEV;
	sc_will_write(p, 16 * 4096 - 1);
	ck_assert_uint_eq(pages_there(p, size), 0);
	sc_will_write(p + 8, 17 * 4096);
	ck_assert_uint_eq(pages_there(p, size), 16);
	ck_assert_uint_eq(pages_there(p, 4096), 0);
	sc_free(p, size);
	sc_will_write(p, size);
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("mem");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, test_blocks_lie_apart);
	tcase_add_test(tc, test_the_last_block_is_taken_again);
	tcase_add_test(tc, test_large_blocks_are_apart);
	tcase_add_test(tc, test_the_pool_is_full);
	tcase_add_test(tc, test_the_end_empties_the_pool);
	tcase_add_test(tc, test_the_pages_of_the_pool_are_its_own);
	tcase_add_test(tc, test_the_pool_needs_no_mapping);
	tcase_add_test(tc, test_blocks_beside_the_pool);
	unit_add_if(tc, test_pages_come_at_once, 0, 1, can_populate);
	tcase_add_test(tc, test_threads);
	tcase_add_test(tc, test_failure_on_demand);
	return unit_end();
}
