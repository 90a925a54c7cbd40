/* SPDX-License-Identifier: MIT */
/*
 * checksum.c - checksum [FILE...]: CRC-32 of files, by a function that is
 * exchanged while it is in use.
 *
 * Shows the call site in memory before and after each update, and what a
 * static call costs beside other calls.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "callcost.h"
#include "crc32.h"

#define PIECE	4096

struct file {
	const char *name;
	uint8_t *data;
	size_t size;
	uint32_t crc;
};

/* The call sites that the demo is about. */
static uint32_t checksum(const uint8_t *data, size_t size)
{
	uint32_t crc = 0;
	size_t n;

	for (; size; data += n, size -= n) {
		n = size < PIECE ? size : PIECE;
		crc = static_call(crc32)(crc, data, n);
		static_call_cond(progress)(n);
	}
	return crc;
}

static void choose(crc32_fn *fn)
{
	int err = static_call_update(crc32, fn);

	if (!err)
		return;
	fprintf(stderr, "checksum: update: %s\n", strerror(-err));
	exit(1);
}

/* -------------------------------------------------- one site, in memory */

/* A copy: what a callback is given is good during the callback only. */
struct found {
	const char *name;
	const uint8_t *addr;
	size_t len;
};

static int first_site(const struct static_call_site_info *site, void *arg)
{
	struct found *found = arg;

	if (strcmp(site->name, found->name) != 0)
		return 0;
	found->addr = site->addr;
	found->len = site->len;
	return 1;
}

/* Calls and jumps end with the distance from their end to the target. */
static const char *target_of(const struct found *found)
{
	const struct crc32_way *way;
	const uint8_t *end = found->addr + found->len;
	int32_t distance;

	memcpy(&distance, end - sizeof(distance), sizeof(distance));
	for (way = crc32_ways; way->name; way++)
		if ((uintptr_t)way->fn ==
		    (uintptr_t)end + (uintptr_t)(intptr_t)distance)
			return way->name;
	return NULL;
}

static void show_site(const char *name, const char *when)
{
	struct found found = { .name = name };
	const char *target;
	size_t i;

	if (static_call_for_each_site(first_site, &found) != 1) {
		printf("  %-10s no call site is known: the backend patches none, or the link had no build hook\n", when);
		return;
	}
	printf("  %-10s %p:", when, (const void *)found.addr);
	for (i = 0; i < found.len; i++)
		printf(" %02x", found.addr[i]);
	target = target_of(&found);
	printf("%s%s\n", target ? "  -> " : "", target ? target : "");
}

static atomic_size_t seen;

static void count(size_t bytes)
{
	atomic_fetch_add(&seen, bytes);
}

static void show_sites(void)
{
	const struct crc32_way *way;

	printf("\nOne call of crc32, in memory, after each update:\n");
	for (way = crc32_ways; way->name; way++) {
		choose(way->fn);
		show_site("crc32", way->name);
	}
	printf("\nOne call of progress:\n");
	show_site("progress", "NULL");
	if (static_call_update(progress, count))
		exit(1);
	show_site("progress", "count");
	if (static_call_update(progress, NULL))
		exit(1);
	show_site("progress", "NULL");
}

/* ------------------------------------------- switched while in use */

struct worker {
	const struct file *files;
	int n_files;
	atomic_int stop;
	unsigned long bytes, wrong;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	int i;

	while (!atomic_load(&w->stop))
		for (i = 0; i < w->n_files; i++) {
			const struct file *f = w->files + i;

			w->wrong += checksum(f->data, f->size) != f->crc;
			w->bytes += f->size;
		}
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int switch_while_in_use(const struct file *files, int n_files)
{
	struct worker worker = { .files = files, .n_files = n_files };
	const struct crc32_way *way = crc32_ways;
	double end = seconds() + 1;
	unsigned long updates = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, &worker))
		return 1;
	for (; seconds() < end; updates++) {
		choose(way->fn);
		if (!(++way)->name)
			way = crc32_ways;
	}
	atomic_store(&worker.stop, 1);
	pthread_join(thread, NULL);
	printf("\nA thread went through %.1f MB in 1 s while its crc32 was "
	       "exchanged %lu times:\n%lu wrong results\n",
	       (double)worker.bytes / 1e6, updates, worker.wrong);
	return worker.wrong != 0;
}

/* ------------------------------------------------------------- files */

static int load(struct file *f)
{
	FILE *in = fopen(f->name, "rb");
	size_t room = 0;

	while (in && !feof(in) && !ferror(in)) {
		if (f->size == room) {
			room = room ? 2 * room : 1 << 16;
			f->data = realloc(f->data, room);
			if (!f->data)
				break;
		}
		f->size += fread(f->data + f->size, 1, room - f->size, in);
	}
	if (!in || !f->data || ferror(in)) {
		fprintf(stderr, "checksum: %s: %s\n", f->name, strerror(errno));
		return -1;
	}
	fclose(in);
	return 0;
}

/* All ways must agree. */
static int sum(struct file *f)
{
	const struct crc32_way *way;
	int wrong = 0;

	printf("  %s, %zu bytes\n", f->name, f->size);
	for (way = crc32_ways; way->name; way++) {
		double start;
		uint32_t crc;

		choose(way->fn);
		start = seconds();
		crc = checksum(f->data, f->size);
		start = seconds() - start;
		if (way == crc32_ways)
			f->crc = crc;
		wrong |= crc != f->crc;
		printf("    %08x  %-9s %6.2f GB/s\n", crc, way->name,
		       (double)f->size / (start > 0 ? start : 1e-9) / 1e9);
	}
	if (wrong)
		printf("    THEY DIFFER\n");
	return wrong;
}

static int check_known_value(void)
{
	const struct crc32_way *way;

	for (way = crc32_ways; way->name; way++)
		if (way->fn(0, "123456789", 9) != 0xcbf43926)
			return printf("%s is wrong\n", way->name);
	printf("CRC-32 of \"123456789\" is cbf43926, as published.\n");
	return 0;
}

static void print_backend(void)
{
	struct static_call_info info = { .size = sizeof(info) };

	if (static_call_get_info(&info))
		return;
	printf("libstaticcall: %s backend, %zu sites, %zu patched", info.backend,
	       info.sites, info.sites_patched);
	if (!info.patching && info.reason)
		printf(" (%s)", info.reason);
	printf("\n");
}

static int help(void)
{
	printf("usage: checksum [FILE...]\n"
	       "Prints the CRC-32 of files, by functions that are exchanged while "
	       "they are in use;\nthe bytes of a call site after each update; and "
	       "what a call costs on this machine.\nWithout a FILE: /etc/passwd "
	       "and the program itself.\n");
	return 0;
}

static int run(const char *const *names, int n)
{
	struct file *files = calloc((size_t)n, sizeof(*files));
	int i, wrong;

	if (!files)
		return 1;
	crc32_init();
	print_backend();
	wrong = check_known_value();
	printf("\nFiles:\n");
	for (i = 0; i < n; i++) {
		files[i].name = names[i];
		if (load(&files[i]))
			return 1;
		wrong |= sum(&files[i]);
	}
	show_sites();
	wrong |= switch_while_in_use(files, n);
	printf("\nA call that adds 1, beside a direct call: in a loop, and "
	       "at 8000 call sites:\n");
	callcost_print();
	for (i = 0; i < n; i++)
		free(files[i].data);
	free(files);
	return wrong ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const char *const usual[] = { "/etc/passwd", "/proc/self/exe" };

	if (argc < 2)
		return run(usual, 2);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help();
	return run((const char *const *)argv + 1, argc - 1);
}
