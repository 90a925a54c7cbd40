/* SPDX-License-Identifier: MIT */
/*
 * fork_storm.c - thousands of forks beside a thread that updates, one that loads and
 * unloads a plugin, and one that calls.  Each child updates and calls rightly; no
 * descriptor of the program's is closed; no copy of text is left behind.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "subject.h"

static atomic_int stop;

static void *keep_updating(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++) {
		expect_equal(program_subject()->update_batch(n), 0);
		expect_equal(exported_update(n), 0);
	}
	return arg;
}

static void *keep_loading(void *arg)
{
	unsigned int n;

	for (n = 0; !atomic_load(&stop); n++) {
		void *handle;
		const struct subject *s = subject_load("plugin_both.so",
						       &handle);

		expect_equal(s->change(n), 0);
		expect_equal(dlclose(handle), 0);
	}
	return arg;
}

static void *keep_calling(void *arg)
{
	while (!atomic_load(&stop))
		expect_equal(program_subject()->call(), 0);
	return arg;
}

/* ------------------------------------------------------------ descriptors */

#define N_FILES	12

struct files {
	int fd[N_FILES];
	ino_t inode[N_FILES];
};

static struct files before;

/* Numbers from @first on: those that the library would get for its own. */
static void open_files(struct files *files, int first)
{
	struct stat st;
	int i;

	for (i = 0; i < N_FILES; i++) {
		int fd = memfd_create("of the program", MFD_CLOEXEC);

		expect(fd >= 0);
		if (first) {
			files->fd[i] = fcntl(fd, F_DUPFD_CLOEXEC, first + i);
			close(fd);
		} else {
			files->fd[i] = fd;
		}
		expect_equal(fstat(files->fd[i], &st), 0);
		files->inode[i] = st.st_ino;
	}
}

static void same_files(const struct files *files)
{
	struct stat st;
	int i;

	for (i = 0; i < N_FILES; i++) {
		expect_equal(fstat(files->fd[i], &st), 0);
		expect_equal(st.st_ino, files->inode[i]);
	}
}

/* --------------------------------------------------------------- mappings */

/*
 * How much of a file is mapped and can be run.  A copy of text that was moved out
 * keeps the name of its file.
 */
struct mapped {
	unsigned long program, plugin;
};

static char maps[1 << 17];

static void read_maps(void)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	expect(fd >= 0);
	while ((got = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	expect(used < sizeof(maps) - 1);
	maps[used] = '\0';
}

static struct mapped count_mapped(void)
{
	struct mapped mapped = { 0, 0 };
	char *line, *next;

	read_maps();
	for (line = maps; *line; line = next) {
		unsigned long start, end;

		next = strchr(line, '\n');
		*next++ = '\0';
		start = strtoul(line, &line, 16);
		end = strtoul(line + 1, &line, 16);
		if (line[3] != 'x')
			continue;
		if (strstr(line, "/fork_storm"))
			mapped.program += end - start;
		else if (strstr(line, "/plugin_both.so"))
			mapped.plugin += end - start;
	}
	return mapped;
}

static struct mapped one_of_each;

/*
 * What is left is said when a test fails.  Of the plugin, which was being loaded or
 * unloaded, nothing to all may be there, and what its last move left: that is the
 * loader's affair.
 */
static void nothing_left(void)
{
	struct mapped now = count_mapped();

	expect_equal(now.program, one_of_each.program);
	expect(now.plugin <= one_of_each.plugin);
}

/* --------------------------------------------------------------- children */

static void change(unsigned int n)
{
	expect_equal(program_subject()->call(), 0);
	expect_equal(program_subject()->update_other(n), 0);
	expect(program_subject()->number() >= 0);
	expect_equal(program_subject()->change(n), 0);
	expect_equal(exported_update(n), 0);
	expect_equal(exported_check(n), 0);
}

/* Its descriptors are those of its parent. */
static void keep_files(unsigned int n)
{
	change(n);
	same_files(&before);
	nothing_left();
}

/* As daemons do: the numbers that the library noted are now others' files. */
static void replace_files(unsigned int n)
{
	struct files own;

	expect_equal(syscall(SYS_close_range, 3u, ~0u, 0u), 0);
	open_files(&own, 0);
	change(n);
	same_files(&own);
	nothing_left();
}

static void child(unsigned int n)
{
	pid_t pid;

	if (n % 3 == 1) {
		replace_files(n);
		return;
	}
	if (n % 3 == 2) {
		/*
		 * The child of a child that never used the library.  By _Fork(),
		 * for fork() takes locks of the C library, which in a child of
		 * _Fork() another thread may have.
		 */
		pid = _Fork();
		if (pid) {
			expect_equal(apart_wait(pid), 0);
			return;
		}
	}
	keep_files(n);
}

static void measure(void)
{
	const struct subject *s;
	void *handle;
	pthread_t thread;

	s = subject_load("plugin_both.so", &handle);
	/* Beside another thread, so that text is changed as it will be. */
	expect_equal(pthread_create(&thread, NULL, keep_calling, NULL), 0);
	change(1);
	expect_equal(s->change(1), 0);
	one_of_each = count_mapped();
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	atomic_store(&stop, 0);
	/* Alone, as the children are, no text is moved. */
	change(2);
	one_of_each.program = count_mapped().program;
	expect(one_of_each.program && one_of_each.plugin);
	expect_equal(dlclose(handle), 0);
	if (apart_is_control())
		expect(mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			    open("/proc/self/exe", O_RDONLY | O_CLOEXEC), 0) !=
		       MAP_FAILED);
}

/* The backend that has all of the library's code gets most of the time. */
#ifdef HAVE_STATIC_CALL_INLINE
#define FORKS	10000
#else
#define FORKS	2000
#endif

static void storm(void)
{
	unsigned int n, rounds = apart_rounds(FORKS);
	pthread_t threads[3];
	int i;

	measure();
	open_files(&before, 100);
	expect_equal(pthread_create(threads, NULL, keep_updating, NULL), 0);
	expect_equal(pthread_create(threads + 1, NULL, keep_loading, NULL), 0);
	expect_equal(pthread_create(threads + 2, NULL, keep_calling, NULL), 0);
	for (n = 0; n < rounds; n++) {
		pid_t pid = n % 2 ? fork() : _Fork();

		if (!pid) {
			child(n);
			_exit(0);
		}
		expect_equal(apart_wait(pid), 0);
	}
	atomic_store(&stop, 1);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	change(1);
	same_files(&before);
	nothing_left();
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "thousands of forks beside updates and loads", storm,
		  APART_TEST },
		{ "control: a mapping that is left over is seen", storm,
		  APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
