/* SPDX-License-Identifier: MIT */
/*
 * swapways.c - two ways to exchange pages of code that run, outside the
 * library: which is faster, and for how many pages.
 *
 * swap: move the pages out, so that the place shows the file; write the copy;
 * move it back.  Callers may meet the file's pages in between.
 *
 * shadow: a second mapping of the same file, kept from the first update on, is
 * filled and moved over the place.  No window, but every page is allocated anew
 * in each update, and the second mapping stays for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure.h"

#define PAGE		4096ul
#define PAGES		100
#define CALL		5
#define ROUNDS		101

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif

/* Pages that begin with a call and go on at the next page. */
#define TEXT(name)							\
	__asm__(".pushsection .text.swapways, \"ax\", @progbits\n\t"	\
		".balign 4096\n"					\
		#name ":\n\t"						\
		".rept 200\n\t"						\
		"call swapways_a\n\t"					\
		"jmp 1f\n\t"						\
		".balign 4096\n"					\
		"1:\n\t"						\
		".endr\n\t"						\
		"ret\n\t"						\
		".balign 4096\n\t"					\
		".popsection");						\
	__attribute__((visibility("hidden"))) extern unsigned char name[]

TEXT(swapways_swap);
TEXT(swapways_shadow);

void swapways_a(void);
void swapways_b(void);

OPAQUE void swapways_a(void)
{
	__asm__ volatile("");
}

OPAQUE void swapways_b(void)
{
	__asm__ volatile("");
}

static void run(void)
{
	((void (*)(void))(void *)swapways_swap)();
	((void (*)(void))(void *)swapways_shadow)();
}

/*
 * Runs of pages, each from page @first on.  Pages of their own for each layout:
 * the shadow way leaves mappings that do not merge with their neighbours again,
 * and one range cannot be moved if it is two mappings.
 */
static const struct layout {
	const char *name;
	int n, pages;
	int first[2];
} layouts[] = {
	{ "1 page", 1, 1, { 0 } },
	{ "2 ranges of 1 page", 2, 1, { 20, 60 } },
	{ "100 pages", 1, 100, { 100 } },
};

static unsigned char image[PAGES * PAGE];
static unsigned char *shadows[2];

static void sync_threads(void)
{
	if (syscall(SYS_membarrier,
		    MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		fail("membarrier: %d", errno);
}

/* The new content of @pages pages at @text. */
static void edit(const unsigned char *text, int pages, void (*target)(void))
{
	int i;

	for (i = 0; i < pages; i++) {
		const unsigned char *page = text + (size_t)i * PAGE;
		int32_t distance = (int32_t)((uintptr_t)target -
					     (uintptr_t)page - CALL);

		memcpy(image + (size_t)i * PAGE, page, PAGE);
		memcpy(image + (size_t)i * PAGE + 1, &distance,
		       sizeof(distance));
	}
}

static void *move(void *from, size_t len, int flags, void *to)
{
	void *at = mremap(from, len, len, MREMAP_MAYMOVE | flags, to);

	if (at == MAP_FAILED)
		fail("mremap: %d", errno);
	return at;
}

static void fill(int mem, void *to, size_t len)
{
	if (pwrite(mem, image, len, (off_t)(uintptr_t)to) != (ssize_t)len)
		fail("pwrite: %d", errno);
}

static void swap(const struct layout *l, int mem, void (*target)(void))
{
	size_t len = (size_t)l->pages * PAGE;
	unsigned char *moved[2];
	int i;

	for (i = 0; i < l->n; i++)
		moved[i] = move(swapways_swap + (size_t)l->first[i] * PAGE, len,
				MREMAP_DONTUNMAP, NULL);
	for (i = 0; i < l->n; i++) {
		unsigned char *text = swapways_swap +
				      (size_t)l->first[i] * PAGE;

		madvise(text, len, MADV_POPULATE_READ);
		edit(text, l->pages, target);
		fill(mem, moved[i], len);
		move(moved[i], len, MREMAP_FIXED, text);
	}
}

static void shadow(const struct layout *l, int mem, void (*target)(void))
{
	size_t len = (size_t)l->pages * PAGE;
	int i;

	for (i = 0; i < l->n; i++) {
		unsigned char *text = swapways_shadow +
				      (size_t)l->first[i] * PAGE;

		edit(text, l->pages, target);
		fill(mem, shadows[i], len);
		move(shadows[i], len, MREMAP_FIXED | MREMAP_DONTUNMAP, text);
	}
}

static double time_of(void (*way)(const struct layout *, int, void (*)(void)),
		      const struct layout *l, int odd)
{
	double start;
	int mem;

	busy_meet();
	start = now_ns();
	mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	if (mem < 0)
		fail("/proc/self/mem: %d", errno);
	way(l, mem, odd ? swapways_b : swapways_a);
	close(mem);
	sync_threads();
	return (now_ns() - start) / 1e3;
}

/* The second mappings of the shadow way; their content goes back at once. */
static void make_shadows(const struct layout *l)
{
	size_t len = (size_t)l->pages * PAGE;
	int i;

	for (i = 0; i < l->n; i++)
		shadows[i] = move(swapways_shadow + (size_t)l->first[i] * PAGE,
				  len, MREMAP_DONTUNMAP, NULL);
}

static void drop_shadows(const struct layout *l)
{
	int i;

	for (i = 0; i < l->n; i++)
		munmap(shadows[i], (size_t)l->pages * PAGE);
}

static void compare(const struct layout *l, int busy)
{
	static double us[2][ROUNDS], ratio[ROUNDS];
	int round, n = rounds(ROUNDS);
	double swap_us, shadow_us, times;
	char name[64];

	make_shadows(l);
	busy_start(busy, run);
	for (round = 0; round < n; round++) {
		us[0][round] = time_of(swap, l, round & 1);
		us[1][round] = time_of(shadow, l, round & 1);
		ratio[round] = us[1][round] / us[0][round];
	}
	busy_stop();
	drop_shadows(l);
	swap_us = median(us[0], (size_t)n);
	shadow_us = median(us[1], (size_t)n);
	times = median(ratio, (size_t)n);
	printf("  %-20s %4d %10.1f %10.1f %10.2f\n", l->name, busy, swap_us,
	       shadow_us, times);
	snprintf(name, sizeof(name), "%s; %d busy", l->name, busy);
	record("swapways", name, "swap", "us", swap_us, 1);
	record("swapways", name, "shadow", "us", shadow_us, times);
}

int main(void)
{
	size_t i;
	int busy;

	if (syscall(SYS_membarrier,
		    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0))
		fail("no membarrier");
	printf("Exchange of pages of code, microseconds\n"
	       "  %-20s %4s %10s %10s %10s\n", "", "busy", "swap", "shadow",
	       "ratio");
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		for (busy = 0; busy <= 2; busy++)
			compare(&layouts[i], busy);
	return 0;
}
