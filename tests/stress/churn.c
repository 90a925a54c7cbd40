/* SPDX-License-Identifier: MIT */
/*
 * churn.c - threads that disturb: mappings that come and go where a moved page
 * might lie, text given back to its file, threads that begin and end, and a
 * look at the map of memory.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"
#include "stress.h"

#define PAGE		4096ul
#define N_MAPPINGS	16

static void pause_ms(long ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* ------------------------------------------------------------ mappings */

struct mapping {
	unsigned char *start;
	size_t len;
	unsigned char fill;
};

static void unmap_checked(struct mapping *m)
{
	size_t i;

	for (i = 0; i < m->len; i++)
		if (m->start[i] != m->fill)
			fault("memory at %p has changed",
			      (void *)(m->start + i));
	munmap(m->start, m->len);
	m->start = NULL;
}

static void map_filled(struct mapping *m, unsigned int random)
{
	m->len = (1 + random % 8) * PAGE;
	m->fill = (unsigned char)(random >> 8);
	m->start = mmap(NULL, m->len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->start == MAP_FAILED)
		fault("no memory");
	memset(m->start, m->fill, m->len);
	if (random & 0x10000)
		mprotect(m->start, m->len, PROT_READ);
}

void *mapper(void *arg)
{
	struct mapping mappings[N_MAPPINGS] = { { NULL, 0, 0 } };
	unsigned int seed = thread_seed();
	int i;

	(void)arg;
	while (!stopped()) {
		unsigned int random = next_random(&seed);
		struct mapping *m = mappings + random % N_MAPPINGS;

		if (m->start)
			unmap_checked(m);
		map_filled(m, next_random(&seed));
		count(MAPPINGS, 1);
	}
	for (i = 0; i < N_MAPPINGS; i++)
		if (mappings[i].start)
			unmap_checked(mappings + i);
	return NULL;
}

/* ---------------------------------------------------------- given back */

static uintptr_t text_start, text_end;

/* The program's text: places, trampolines, and all else. */
void churn_start(void)
{
	uintptr_t inside = (uintptr_t)places_text;
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[8192];

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    inside >= start && inside < end) {
			text_start = start;
			text_end = end;
		}
	if (!text_start)
		fault("no /proc/self/maps");
	fclose(maps);
}

/* As a program that wants its memory small might do at any time. */
void *giver(void *arg)
{
	size_t pages = (text_end - text_start) / PAGE;
	unsigned int seed = thread_seed();

	(void)arg;
	while (!stopped()) {
		size_t page = next_random(&seed) % pages;

		madvise((void *)(text_start + page * PAGE), PAGE,
			MADV_DONTNEED);
		count(GIVEN_PAGES, 1);
		if (page % 16 == 0)
			pause_ms(1);
	}
	return NULL;
}

/*
 * The library must munlock mlocked text to move it.  Locking cuts mappings in
 * pieces, sometimes between the library's check and its move.
 */
void *locker(void *arg)
{
	size_t pages = (text_end - text_start) / PAGE;
	unsigned int seed = thread_seed();

	(void)arg;
	while (!stopped()) {
		size_t page = next_random(&seed) % pages;
		size_t n = 1 + next_random(&seed) % 16;
		void *start = (void *)(text_start + page * PAGE);

		if (n > pages - page)
			n = pages - page;
		if (mlock(start, n * PAGE) == 0)
			count(LOCKED, 1);
		pause_ms(1);
		if (next_random(&seed) & 1)
			munlock((void *)text_start, text_end - text_start);
	}
	return NULL;
}

/* The library may have locked again what was locked as it began. */
void churn_end(void)
{
	munlock((void *)text_start, text_end - text_start);
}

/* -------------------------------------------------------------- threads */

static void *short_life(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	int i;

	for (i = 0; i < 200; i++)
		check_call(all_places[next_random(&seed) % n_all_places]);
	count(CALLS_THREAD, 200);
	return NULL;
}

void *spawner(void *arg)
{
	unsigned int seed = thread_seed();
	pthread_t thread;

	(void)arg;
	while (!stopped()) {
		if (pthread_create(&thread, NULL, short_life,
				   (void *)(uintptr_t)next_random(&seed)))
			fault("no thread");
		pthread_join(thread, NULL);
		count(THREADS, 1);
	}
	return NULL;
}

/* ------------------------------------------------------------- the look */

/* One line of the map: nothing may be writable and executable at once. */
static void look_at_line(const char *line)
{
	const char *rights = strchr(line, ' ');

	if (rights && rights[2] == 'w' && rights[3] == 'x')
		fault("writable and executable: %.120s", line);
}

static void look(char *buffer, size_t size)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;
	char *line, *end;

	if (fd < 0)
		fault("no /proc/self/maps");
	while (len < size - 1 && (n = read(fd, buffer + len,
					   size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	buffer[len] = '\0';
	for (line = buffer; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		look_at_line(line);
	}
	count(LOOKS, 1);
}

void *watcher(void *arg)
{
	static char buffer[1 << 18];

	(void)arg;
	while (!stopped()) {
		soak_need_descriptors();
		look(buffer, sizeof(buffer));
		soak_need_no_more();
		pause_ms(20);
	}
	return NULL;
}
