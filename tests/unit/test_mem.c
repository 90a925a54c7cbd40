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

#define POOL	(160ul << 10)
#define LARGE	(80ul << 10)

void *__real_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at);
void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at);

static int n_mapped;
static bool nothing_maps;
static char *maps_at;	/* one mapping behind the other from here on */
static void (*while_it_maps)(void);

void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t at)
{
	void (*now)(void) = while_it_maps;

	while_it_maps = NULL;
	if (now)
		now();
	n_mapped++;
	if (maps_at) {
		p = maps_at;
		maps_at += len;
		flags |= MAP_FIXED;
	}
	if (!nothing_maps)
		return __real_mmap(p, len, prot, flags, fd, at);
	errno = ENOMEM;
	return MAP_FAILED;
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

/* Whether @p lies in the pool whose first block is @first, behind the head. */
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
	struct traces before;
	char *first = take(LARGE), *p;

	traces_look(&before);
	/* The head of the pool takes 16 bytes. */
	p = take(LARGE);
	ck_assert_ptr_ne(p, first + LARGE);
	ck_assert_ptr_eq(take(LARGE - 16), first + LARGE);
	sc_free(p, LARGE);
	p = take(1);
	ck_assert(!is_in_pool(first, p));
	sc_free(p, 1);
	traces_same(&before);
}
END_TEST

START_TEST(test_the_end_gives_back_the_pool)
{
	struct traces before, now;

	sc_mem_end();
	traces_look(&before);
	take(1);
	traces_look(&now);
	ck_assert_uint_eq(now.bytes, before.bytes + POOL);
	sc_mem_end();
	traces_same(&before);
	take(1);
	traces_look(&now);
	ck_assert_uint_eq(now.bytes, before.bytes + POOL);
}
END_TEST

START_TEST(test_the_pool_is_mapped_once)
{
	sc_mem_end();
	take(1);
	take(1);
	ck_assert_int_eq(n_mapped, 1);
	sc_mem_end();
	nothing_maps = true;
	ck_assert_ptr_null(sc_alloc(1));
	ck_assert_int_eq(errno, ENOMEM);
	nothing_maps = false;
	take(1);
}
END_TEST

static char *of_another;

static void take_in_between(void)
{
	of_another = take(1);
}

/* Two threads come first: one pool stays. */
START_TEST(test_the_pool_of_another_is_taken)
{
	struct traces before, now;

	sc_mem_end();
	traces_look(&before);
	while_it_maps = take_in_between;
	ck_assert_ptr_eq(take(1), of_another + 16);
	traces_look(&now);
	ck_assert_uint_eq(now.bytes, before.bytes + POOL);
}
END_TEST

/* What begins where the pool ends is no part of it. */
START_TEST(test_a_block_right_behind_the_pool)
{
	char *room, *behind;
	unsigned char there;

	sc_mem_end();
	room = __real_mmap(NULL, 4 * POOL, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(room, MAP_FAILED);
	maps_at = room;
	ck_assert_ptr_eq(take(1), room + 16);
	behind = take(LARGE + 1);
	ck_assert_ptr_eq(behind, room + POOL);
	maps_at = NULL;
	sc_free(behind, LARGE + 1);
	/* Not msync(), for emulators do that on what they have reserved. */
	ck_assert_int_eq(mincore(behind, 1, &there), -1);
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
	tcase_add_test(tc, test_the_pool_is_mapped_once);
	unit_add_if(tc, test_a_block_right_behind_the_pool, 0, 1,
		    outside_of_valgrind);
	unit_add_if(tc, test_the_pool_of_another_is_taken, 0, 1,
		    outside_of_valgrind);
	unit_add_if(tc, test_the_end_gives_back_the_pool, 0, 1,
		    outside_of_valgrind);
	unit_add_if(tc, test_pages_come_at_once, 0, 1, can_populate);
	tcase_add_test(tc, test_threads);
	tcase_add_test(tc, test_failure_on_demand);
	return unit_end();
}
