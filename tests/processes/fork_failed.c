/* SPDX-License-Identifier: MIT */
/*
 * fork_failed.c - children that are made while another thread is in an update some of
 * whose steps fail: text cannot be moved out and is given back (step R); or it was lost
 * as it was moved in (step L).  The child updates, calls, has a child of its own, and
 * exits.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "stopper.h"
#include "stopper_letters.h"
#include "subject.h"

/* ----------------------------------------------------------- the plugin */

static exported_check_func *plugin_check;
static uintptr_t plugin_start, plugin_end;

static int find_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	int i;

	(void)size;
	(void)arg;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = info->dlpi_phdr + i;
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD && p->p_flags & PF_X &&
		    (uintptr_t)plugin_check - start < p->p_memsz) {
			plugin_start = start;
			plugin_end = start + p->p_memsz;
			return 1;
		}
	}
	return 0;
}

static void load_plugin(void)
{
	void *handle;

	subject_load("plugin_both.so", &handle);
	*(void **)&plugin_check = dlsym(handle, EXPORTED_CHECK);
	expect(plugin_check);
	expect(dl_iterate_phdr(find_text, NULL) == 1);
}

/* -------------------------------------------------------- text is lost */

/* How many times this thread loses text of the plugin as it moves it in. */
static __thread int losses;

/*
 * Stands in for the C library's.  As the kernel does where it finds no memory half
 * way: the place is unmapped, and nothing has moved.
 */
__attribute__((visibility("default"))) void *
mremap(void *from, size_t old_len, size_t len, int flags, ...)
{
	va_list args;
	void *to;

	va_start(args, flags);
	to = va_arg(args, void *);
	va_end(args);
	if (losses && flags & MREMAP_FIXED &&
	    (uintptr_t)to - (plugin_start & ~4095ul) <
		    plugin_end - (plugin_start & ~4095ul)) {
		losses--;
		munmap(to, len);
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mremap, from, old_len, len, flags, to);
}

/* ------------------------------------------------------------- children */

static pid_t clone_process(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static pid_t (*make_child)(void);

static void change_everything(unsigned int n)
{
	expect_equal(program_subject()->change(n), 0);
	expect_equal(exported_update(n), 0);
	expect_equal(exported_check(n), 0);
	expect_equal(plugin_check(n), 0);
}

/* All places agree, after the first update; before it text may be missing. */
static void call_and_update(unsigned int n)
{
	unsigned int now = 0;
	pid_t pid;

	expect_equal(program_subject()->call(), 0);
	expect_equal(program_subject()->update_other(n), 0);
	while (now < 4 && exported_check(now))
		now++;
	expect(now < 4);
	expect_equal(plugin_check(now), 0);
	change_everything(n);
	pid = make_child();
	if (!pid) {
		change_everything(n + 1);
		_exit(0);
	}
	expect_equal(apart_wait(pid), 0);
	change_everything(n + 2);
}

/* The steps at which a child was made. */
static char born[100];

static void child_is_born(unsigned int n)
{
	size_t seen = strlen(born);
	pid_t pid = make_child();

	if (!pid) {
		call_and_update(n);
		if (make_child == fork)
			exit(0);
		_exit(0);
	}
	if (seen < sizeof(born) - 1)
		born[seen] = stop_letter();
	if (apart_wait(pid)) {
		printf("# the child of step %u (%c)\n", n, stop_letter());
		fflush(stdout);
		apart_fail(__FILE__, __LINE__, "the child ends well");
	}
}

/* -------------------------------------------------------------- updates */

/* As many times as the library tries to move text in again, and more. */
#define FOR_GOOD	100

static char fails;
static int loses;

/* The controls have no failure. */
static int update(unsigned int n)
{
	int err;

	if (!apart_is_control()) {
		stop_fail(fails);
		losses = loses;
	}
	err = exported_update(n);
	stop_fail(0);
	losses = 0;
	return err;
}

/* Then the plugin was lost, and must be there again. */
static void at_each_step(pid_t (*make)(void), char letter)
{
	unsigned int n = 0;
	int stopped;

	make_child = make;
	memset(born, 0, sizeof(born));
	do {
		n++;
		expect_equal(exported_update(n + 1), 0);
		stopped = stop_at_step(n, update, child_is_born, n);
		expect_equal(exported_check(n), 0);
		expect_equal(plugin_check(n), 0);
	} while (stopped);
	printf("# children at %s\n", born);
	fflush(stdout);
	expect(strchr(born, letter));
}

/* More steps than an update has: nothing is stopped. */
#define NO_STEP		1000

/* Moving text is tried before it fails: by the first update beside a thread. */
static void with_each_kind(char letter)
{
	if (!strcmp(static_call_backend(), "generic"))
		apart_skip("nothing is moved");
	load_plugin();
	expect(!stop_at_step(NO_STEP, exported_update, child_is_born, 1));
	at_each_step(fork, letter);
	at_each_step(_Fork, letter);
	at_each_step(clone_process, letter);
}

static void given_back(void)
{
	fails = 'D';
	with_each_kind('R');
}

static void lost_once(void)
{
	loses = 1;
	with_each_kind('L');
}

static void lost_often(void)
{
	loses = 4;
	with_each_kind('L');
}

static void lost_for_good(void)
{
	loses = FOR_GOOD;
	with_each_kind('L');
}

/* What is not moved in stays as the file has it. */
static void not_moved_in(void)
{
	fails = 'F';
	with_each_kind('F');
}

static void not_edited(void)
{
	fails = 'E';
	with_each_kind('E');
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a child where text is given back", given_back, APART_TEST },
		{ "a child where text is lost once", lost_once, APART_TEST },
		{ "a child where text is lost often", lost_often, APART_TEST },
		{ "a child where text is lost for good", lost_for_good,
		  APART_TEST },
		{ "a child where text is not moved in", not_moved_in,
		  APART_TEST },
		{ "a child where text is not edited", not_edited, APART_TEST },
		{ "control: no text is given back without a failure",
		  given_back, APART_CONTROL },
		{ "control: no text is lost without a failure", lost_once,
		  APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
