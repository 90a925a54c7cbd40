/* SPDX-License-Identifier: MIT */
/*
 * ground.c - a program that shows what its own file lies on: it updates calls of
 * its own and of a plugin while threads call, and looks at each result.
 *
 *   ground plain PLUGIN		nothing else
 *   ground deleted PLUGIN		both files are deleted first
 *   ground memfd PLUGIN		from a copy in memory that has no name
 *   ground evicted PLUGIN		the pages of both files are taken from
 *					memory all the time
 *   ground huge PLUGIN			its text is in huge pages before the first
 *					update beside others
 *   ground cut PLUGIN DISK		both lie on DISK, a file, which is cut off
 *   ground cut-later PLUGIN DISK	the same after a successful update
 *
 * Exit status 0, 1, or 77: cannot be done here.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "copy.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif

#define CALLERS	2
#define ROUNDS	40
#define PAGE	4096ul

static const struct copy_ops *plugin;

static int cannot(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	fflush(stdout);
	return 77;
}

/* ------------------------------------------------------------- callers */

static atomic_int stop;
static atomic_ulong calls;

static void *call_for_ever(void *arg)
{
	while (!atomic_load(&stop)) {
		int r = plugin->call(1);

		if (r != 301 && r != 302)
			fault("plugin: %d", r);
		call_and_check();
		atomic_fetch_add(&calls, 1);
	}
	return arg;
}

static pthread_t callers[CALLERS];

static int start_callers(void)
{
	int i;

	for (i = 0; i < CALLERS; i++)
		if (pthread_create(callers + i, NULL, call_for_ever, NULL))
			return 1;
	while (atomic_load(&calls) < 100)
		usleep(1000);
	return 0;
}

static void stop_callers(void)
{
	int i;

	atomic_store(&stop, 1);
	for (i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
}

/* ------------------------------------------------------- what must hold */

static void change_plugin(int which)
{
	int err = plugin->update(which);

	if (err)
		fault("update of the plugin's: %d", err);
	if (plugin->call(1) != 301 + which)
		fault("plugin: %d after update to %d", plugin->call(1), which);
}

static void all_patched(const char *when)
{
	struct static_call_info info = { .size = sizeof(info) };

	if (static_call_get_info(&info))
		fault("static_call_get_info() failed");
#ifdef HAVE_STATIC_CALL
	if (getenv("STATIC_CALL_PATCH"))
		return;
	if (!info.patching)
		fault("patching is off: %s", info.reason);
	if (!info.sites ||
	    info.sites_patched + info.sites_crossing != info.sites)
		fault("%s: %zu of %zu sites are patched, %zu wait", when,
		      info.sites_patched, info.sites, info.sites_waiting);
#endif
}

static void many_changes(void)
{
	unsigned int i;

	for (i = 1; i <= ROUNDS; i++) {
		change_and_check(2, 0);
		change_plugin(i & 1);
	}
	all_patched("after updates");
}

/* ------------------------------------------------------ our two files */

struct file {
	const char *path;
	ino_t inode;
	dev_t dev;
	int fd;
};

static struct file files[2] = { { .path = "/proc/self/exe" } };

static int open_files(const char *path)
{
	struct stat st;
	int i;

	files[1].path = path;
	for (i = 0; i < 2; i++) {
		files[i].fd = open(files[i].path, O_RDONLY | O_CLOEXEC);
		if (files[i].fd < 0 || fstat(files[i].fd, &st))
			return -1;
		files[i].inode = st.st_ino;
		files[i].dev = st.st_dev;
	}
	return 0;
}

/* Calls @see for each read-only mapping of both files. */
static void for_each_mapping(void (*see)(uintptr_t start, size_t len, int how),
			     int how)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end, inode;
	char line[512], perms[5];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, perms,
			   &inode) != 4 || perms[1] == 'w')
			continue;
		if (inode == files[0].inode || inode == files[1].inode)
			see(start, end - start, how);
	}
	if (maps)
		fclose(maps);
}

/* The mappings that the loader made; the library's own view comes later. */
static struct {
	uintptr_t start;
	size_t len;
} loaded[32];
static size_t n_loaded;

static void note_mapping(uintptr_t start, size_t len, int how)
{
	if (n_loaded == sizeof(loaded) / sizeof(loaded[0]))
		return;
	loaded[n_loaded].start = start;
	loaded[n_loaded].len = len;
	n_loaded += (size_t)how;
}

static void advise_mapping(uintptr_t start, size_t len, int how)
{
	madvise((void *)start, len, how);
}

static void evict(void)
{
	for_each_mapping(advise_mapping, MADV_PAGEOUT);
}

/* All that this program may run. */
static void make_resident(void)
{
	size_t i;

	for (i = 0; i < n_loaded; i++)
		madvise((void *)loaded[i].start, loaded[i].len,
			MADV_POPULATE_READ);
}

/* Drops pages of these files that no process maps. */
static void drop_cache(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		fsync(files[i].fd);
		posix_fadvise(files[i].fd, 0, 0, POSIX_FADV_DONTNEED);
	}
}

/* ------------------------------------------------------------ evicted */

static atomic_ulong rounds_of_eviction;

static void *evict_for_ever(void *arg)
{
	while (!atomic_load(&stop)) {
		evict();
		drop_cache();
		atomic_fetch_add(&rounds_of_eviction, 1);
		usleep(200);
	}
	return arg;
}

/*
 * Every caller waits for the disk now and then, in the window too.  Nothing else
 * happens.
 */
static int evicted(void)
{
	pthread_t evictor;
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	if (pthread_create(&evictor, NULL, evict_for_ever, NULL))
		return 1;
	many_changes();
	stop_callers();
	pthread_join(evictor, NULL);
	getrusage(RUSAGE_SELF, &after);
	printf("%lu times, %ld waits for the disk\n",
	       atomic_load(&rounds_of_eviction),
	       after.ru_majflt - before.ru_majflt);
	if (after.ru_majflt - before.ru_majflt < 5) {
		printf("the pages of this file stay in memory\n");
		return 77;
	}
	return 0;
}

/* --------------------------------------------------------------- huge */

/* How much of our text is mapped by huge pages, in kB. */
static unsigned long huge_kb(void)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long start, end, inode, kb, sum = 0;
	char line[512], perms[5];
	int ours = 0;

	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, perms,
			   &inode) == 4)
			ours = inode == files[0].inode && perms[2] == 'x';
		else if (ours &&
			 (sscanf(line, "FilePmdMapped: %lu", &kb) == 1 ||
			  sscanf(line, "ShmemPmdMapped: %lu", &kb) == 1))
			sum += kb;
	}
	if (smaps)
		fclose(smaps);
	return sum;
}

/* More than two huge pages of text; the sites lie in the first. */
#ifdef HUGE_TEXT
__asm__(".pushsection .text.filler, \"ax\", @progbits\n"
	".fill 4 << 20, 1, 0xcc\n"
	".popsection");
#endif

static int huge(void)
{
	unsigned long before, after;

	/* The kernel may map one at a read. */
	make_resident();
	before = huge_kb();
	many_changes();
	after = huge_kb();
	printf("%lu kB of text in huge pages, %lu kB after updates\n", before,
	       after);
	return before ? 0 : 77;
}

/* ---------------------------------------------------------------- cut */

#ifdef HAVE_STATIC_CALL
/* Sites whose page of the file is not in memory. */
static int missing;

static int look_for_page(const struct static_call_site_info *s, void *arg)
{
	uintptr_t page = (uintptr_t)s->addr & ~(PAGE - 1);
	unsigned long start, end, offset, inode;
	char line[512], perms[5];
	unsigned char resident = 1;
	FILE *maps = fopen("/proc/self/maps", "re");
	int i;

	(void)arg;
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &start, &end, perms,
			   &offset, &inode) != 5 || page < start || page >= end)
			continue;
		for (i = 0; i < 2; i++) {
			void *p;

			if (inode != files[i].inode)
				continue;
			p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE,
				 files[i].fd, (off_t)(offset + page - start));
			if (p != MAP_FAILED && !mincore(p, PAGE, &resident) &&
			    !(resident & 1))
				missing++;
			munmap(p, PAGE);
		}
	}
	if (maps)
		fclose(maps);
	return 0;
}
#endif

/*
 * All pages that this program runs are in memory; of patched pages only the
 * private copy is, and not the page of the file.
 */
static int only_copies_in_memory(void)
{
	/* Keeps the kernel from reading ahead. */
	for_each_mapping(advise_mapping, MADV_RANDOM);
	evict();
	drop_cache();
	make_resident();
	drop_cache();
#ifdef HAVE_STATIC_CALL
	static_call_for_each_site(look_for_page, NULL);
	printf("%d sites whose page is only a copy\n", missing);
	fflush(stdout);
	return missing;
#else
	return 1;
#endif
}

/* Each update is refused, nothing changes, and the callers go on. */
static void changes_are_refused(void)
{
	unsigned long before = atomic_load(&calls);
	int i, err;

	for (i = 0; i < 10; i++) {
		refused_change(EIO);
		err = plugin->update(1);
		if (err != -EIO)
			fault("update of the plugin's: %d, not %d", err, -EIO);
		if (plugin->call(1) != 301)
			fault("plugin: %d after a refused update",
			      plugin->call(1));
	}
	while (atomic_load(&calls) < before + 1000)
		usleep(1000);
}

static int cut(const char *disk, int later)
{
	if (later) {
		change_and_check(4, 0);
		change_plugin(1);
		change_plugin(0);
		/* The library has its own view of the files now. */
	}
	if (!only_copies_in_memory()) {
		printf("the pages of this file stay in memory\n");
		return 77;
	}
	if (truncate(disk, 0))
		return cannot(disk);
	changes_are_refused();
	stop_callers();
	return 0;
}

/* ------------------------------------------------------------- program */

static int run_from_memory(char **argv)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = memfd_create("ground", MFD_CLOEXEC);
	char plain[] = "plain";
	char buffer[65536];
	ssize_t got;

	if (in < 0 || out < 0)
		return cannot("memfd_create");
	while ((got = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)got) != got)
			return cannot("memfd");
	argv[1] = plain;
	fexecve(out, argv, environ);
	return cannot("fexecve");
}

static int load(const char *path)
{
	const struct copy_ops *(*ops)(void);
	void *handle = dlopen(path, RTLD_NOW);

	if (!handle) {
		fault("%s", dlerror());
		return 1;
	}
	*(void **)&ops = dlsym(handle, "get_copy_ops");
	plugin = ops();
	return 0;
}

static int run(const char *what, char **argv)
{
	int status = 0;

	if (!strcmp(what, "deleted")) {
		char path[512] = "";

		if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0 ||
		    unlink(path) || unlink(argv[2]))
			return cannot("unlink");
	}
	if (!strcmp(what, "evicted"))
		status = evicted();
	else if (!strcmp(what, "huge"))
		status = huge();
	else if (!strcmp(what, "cut") && argv[3])
		status = cut(argv[3], 0);
	else if (!strcmp(what, "cut-later") && argv[3])
		status = cut(argv[3], 1);
	else
		many_changes();
	if (!atomic_load(&stop))
		stop_callers();
	return status;
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "memfd"))
		return run_from_memory(argv);
	if (open_files(argv[2]) || load(argv[2]))
		return 1;
	for_each_mapping(note_mapping, 1);
	if (start_callers())
		return 1;
	all_patched("at first");
	status = run(argv[1], argv);
	/* Nothing more of this file may be read where its disk is gone. */
	fflush(stdout);
	_exit(faults() ? 1 : status);
}
