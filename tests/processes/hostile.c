/* SPDX-License-Identifier: MIT */
/*
 * hostile.c - files whose notes and records were damaged, or made by somebody who means
 * harm: each word of them is set to odd values, and each time the file is loaded as a
 * plugin, or run as a program, in a process of its own.
 *
 * Nothing crashes, and calls are right: what cannot be believed is no record, and an
 * unpatched call goes through its key.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "exported.h"
#include "plugin_plain.h"
#include "subject.h"

#define NOTE_OWNER	"StaticCall"
#define SITES		".static_call_sites"

/* ---------------------------------------------------------------- the file */

static unsigned char *image;
static size_t image_size;

static void read_image(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	expect(fd >= 0);
	expect_equal(fstat(fd, &st), 0);
	image_size = (size_t)st.st_size;
	image = malloc(image_size);
	expect(image);
	expect_equal(read(fd, image, image_size), image_size);
	close(fd);
}

static void write_image(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	expect(fd >= 0);
	expect_equal(write(fd, image, image_size), image_size);
	close(fd);
}

/* ------------------------------------------------- the words to be changed */

#define MAX_WORDS	400

static struct {
	size_t at;
	const char *what;
} words[MAX_WORDS];
static unsigned int n_words;

static void add_words(size_t at, size_t size, const char *what)
{
	size_t i;

	for (i = 0; i + 4 <= size; i += 4) {
		expect(n_words < MAX_WORDS);
		words[n_words].at = at + i;
		words[n_words++].what = what;
	}
}

/* Of each note of ours: the three words of its head and what it says. */
static void add_notes(size_t at, size_t end)
{
	while (at + sizeof(ElfW(Nhdr)) <= end) {
		ElfW(Nhdr) n;
		size_t size;

		memcpy(&n, image + at, sizeof(n));
		size = sizeof(n) + ((n.n_namesz + 3) & ~3u) +
		       ((n.n_descsz + 3) & ~3u);
		if (n.n_namesz == sizeof(NOTE_OWNER) &&
		    !memcmp(image + at + sizeof(n), NOTE_OWNER, n.n_namesz))
			add_words(at, size, "note");
		at += size;
	}
}

static int is_plugin;

static void add_segments(void)
{
	const ElfW(Ehdr) *eh = (const void *)image;
	size_t i;

	for (i = 0; i < eh->e_phnum; i++) {
		size_t at = eh->e_phoff + i * sizeof(ElfW(Phdr));
		const ElfW(Phdr) *ph = (const void *)(image + at);

		if (ph->p_type != PT_NOTE)
			continue;
		add_notes(ph->p_offset, ph->p_offset + ph->p_filesz);
		/*
		 * Not its type: what is no note at all is none of ours.  And
		 * not of a program: the loader itself believes its headers.
		 */
		if (is_plugin)
			add_words(at + offsetof(ElfW(Phdr), p_offset),
				  sizeof(*ph) - offsetof(ElfW(Phdr), p_offset),
				  "header of the notes");
	}
}

static void add_records(void)
{
	const ElfW(Ehdr) *eh = (const void *)image;
	const ElfW(Shdr) *sh = (const void *)(image + eh->e_shoff);
	const char *names = (const char *)image + sh[eh->e_shstrndx].sh_offset;
	size_t i;

	for (i = 0; i < eh->e_shnum; i++)
		if (!strcmp(names + sh[i].sh_name, SITES))
			add_words(sh[i].sh_offset, sh[i].sh_size, "record");
}

static void find_words(void)
{
	n_words = 0;
	add_segments();
	add_records();
	if (!n_words)
		apart_skip("this backend has no notes");
}

/* ------------------------------------------------------------ odd values */

#define N_VALUES	27u

static uint32_t odd_value(uint32_t old, unsigned int i)
{
	static const uint32_t set[] = {
		0, 1, 3, 5, 1000, 0x10000, 0x7ffffff0, 0x7fffffff, 0x80000000,
		0xfffffff0, 0xffffffff,
	};
	static const uint32_t add[] = {
		1, 2, 4, 8, 12, 16, 32, 0x1000, 0x100000,
		-1u, -4u, -8u, -12u, -32u, -0x1000u, -0x100000u,
	};

	if (i < sizeof(set) / sizeof(set[0]))
		return set[i];
	return old + add[i - sizeof(set) / sizeof(set[0])];
}

static uint32_t get_word(unsigned int w)
{
	uint32_t value;

	memcpy(&value, image + words[w].at, sizeof(value));
	return value;
}

static void set_word(unsigned int w, uint32_t value)
{
	memcpy(image + words[w].at, &value, sizeof(value));
}

/* The same on every machine. */
static uint32_t next_random(void)
{
	static uint32_t state = 12345;

	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

/* ------------------------------------------------------------ what is tried */

static char path[64];
static unsigned int tried, failed;

static void *idle(void *arg)
{
	pause();
	return arg;
}

static void use_plugin(unsigned int n)
{
	const struct subject *(*get)(void);
	exported_check_func *check;
	pthread_t thread;
	void *handle;

	if (n % 2)
		pthread_create(&thread, NULL, idle, NULL);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return;		/* the loader has its own opinion */
	*(void **)&get = dlsym(handle, SUBJECT_OF_PLUGIN);
	*(void **)&check = dlsym(handle, EXPORTED_CHECK);
	expect(get && check);
	expect_equal(get()->check(0), 0);
	expect_equal(check(0), 0);
	for (n = 1; n < 4; n++) {
		expect_equal(get()->change(n), 0);
		expect_equal(get()->update_other(n), 0);
		expect_equal(exported_update(n), 0);
		expect_equal(check(n), 0);
	}
	dlclose(handle);
	expect_equal(exported_update(1), 0);
	expect_equal(exported_check(1), 0);
	expect_equal(program_subject()->change(2), 0);
}

static void run_program(unsigned int n)
{
	(void)n;
	execl(path, path, (char *)NULL);
	_exit(0);		/* the kernel has its own opinion */
}

static int ends_well(int status)
{
	/* exit_traced says 7; the loader that refuses it 127. */
	return status == 0 || status == 7 || status == 127;
}

static void (*act)(unsigned int n);

static void try_image(unsigned int w, uint32_t value)
{
	int status;
	pid_t pid;

	write_image(path);
	pid = fork();
	if (!pid) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		alarm(1200);
		if (act == run_program)
			freopen("/dev/null", "w", stderr);
		act(tried);
		_exit(0);
	}
	status = apart_wait(pid);
	tried++;
	if (ends_well(status) || ++failed > 20)
		return;
	printf("# %s: the word at %#zx as %#x: %d\n", words[w].what,
	       words[w].at, value, status);
	fflush(stdout);
}

static void try_each_word(void)
{
	unsigned int w, i;

	for (w = 0; w < n_words; w++) {
		uint32_t old = get_word(w);

		for (i = 0; i < N_VALUES; i++) {
			/* A short run takes some of them, each of another word. */
			if ((w + i) % 20 >= apart_rounds(20))
				continue;
			if (odd_value(old, i) == old)
				continue;
			set_word(w, odd_value(old, i));
			try_image(w, get_word(w));
		}
		set_word(w, old);
	}
}

/* Some at a time, also each other's values: a record that leads to another call. */
static void try_some_words(void)
{
	unsigned int n, rounds = apart_rounds(500);

	for (n = 0; n < rounds; n++) {
		unsigned int w[3], i;
		uint32_t old[3];

		for (i = 0; i < 3; i++) {
			w[i] = next_random() % n_words;
			old[i] = get_word(w[i]);
			set_word(w[i], next_random() % 2 ?
				 get_word(next_random() % n_words) :
				 odd_value(old[i], next_random() % N_VALUES));
		}
		try_image(w[0], get_word(w[0]));
		while (i--)
			set_word(w[i], old[i]);
	}
}

static void try_file(const char *name, void (*with)(unsigned int n))
{
	act = with;
	is_plugin = with == use_plugin;
	read_image(name);
	find_words();
	snprintf(path, sizeof(path), "./hostile-%ld.tmp", (long)getpid());
	try_image(0, get_word(0));
	expect_equal(failed, 0);
	try_each_word();
	try_some_words();
	unlink(path);
	printf("# %u words, %u files tried, %u failed\n", n_words, tried,
	       failed);
	fflush(stdout);
	expect_equal(failed, 0);
}

static void plugin(void)
{
	try_file(apart_path("plugin_both.so"), use_plugin);
}

static void program(void)
{
	try_file("./exit_traced", run_program);
}

/* ---------------------------------------- records that lead to other calls */

static const ElfW(Shdr) *section(const char *name)
{
	const ElfW(Ehdr) *eh = (const void *)image;
	const ElfW(Shdr) *sh = (const void *)(image + eh->e_shoff);
	const char *names = (const char *)image + sh[eh->e_shstrndx].sh_offset;
	size_t i;

	for (i = 0; i < eh->e_shnum; i++)
		if (!strcmp(names + sh[i].sh_name, name))
			return sh + i;
	return NULL;
}

static const ElfW(Sym) *symbol(size_t n, const char **name)
{
	const ElfW(Shdr) *symtab = section(".symtab");
	const ElfW(Shdr) *strtab = section(".strtab");
	const ElfW(Sym) *sym;

	if (!symtab || !strtab || n >= symtab->sh_size / sizeof(*sym))
		return NULL;
	sym = (const void *)(image + symtab->sh_offset);
	*name = (const char *)image + strtab->sh_offset + sym[n].st_name;
	return sym + n;
}

/* Where a function calls @target, in memory; text lies in the file as there. */
static uint64_t find_call(const ElfW(Sym) *func, uint64_t target)
{
	const ElfW(Shdr) *text = section(".text");
	const unsigned char *code = image + text->sh_offset +
				    (func->st_value - text->sh_addr);
	uint64_t i;

	for (i = 0; i + 5 <= func->st_size; i++) {
		int32_t to;

		memcpy(&to, code + i + 1, sizeof(to));
		if (code[i] == 0xe8 &&
		    func->st_value + i + 5 + (uint64_t)(int64_t)to == target)
			return func->st_value + i;
	}
	return 0;
}

/* As code was moved, and the records were not. */
static void lead_records_to_plain_calls(void)
{
	const ElfW(Shdr) *sites = section(SITES);
	const ElfW(Sym) *sym;
	uint64_t target = 0;
	const char *name;
	size_t i, r = 0;

	if (!sites)
		apart_skip("this backend has no records");
	for (i = 0; (sym = symbol(i, &name)); i++)
		if (!strcmp(name, PLAIN_TARGET))
			target = sym->st_value;
	expect(target);
	for (i = 0; (sym = symbol(i, &name)) && 8 * r < sites->sh_size; i++) {
		uint64_t call;
		int32_t to;

		if (strncmp(name, PLAIN_PREFIX, strlen(PLAIN_PREFIX)) != 0)
			continue;
		call = find_call(sym, target);
		if (!call)
			continue;
		to = (int32_t)(call - (sites->sh_addr + 8 * r));
		memcpy(image + sites->sh_offset + 8 * r++, &to, sizeof(to));
	}
	/* Without them there was no test. */
	expect_equal(r, PLAIN_CALLS);
}

static void use_plain_plugin(int edited)
{
	struct static_call_info before = { .size = sizeof(before) }, after;
	plugin_plain_update_func *update;
	plugin_plain_wrong_func *wrong;
	void *handle;

	expect_equal(static_call_get_info(&before), 0);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	expect(handle);
	*(void **)&update = dlsym(handle, "plugin_plain_update");
	*(void **)&wrong = dlsym(handle, "plugin_plain_wrong");
	expect(update && wrong);
	expect_equal(wrong(0), 0);
	expect_equal(update(1), 0);
	expect_equal(wrong(1), 0);
	after = before;
	expect_equal(static_call_get_info(&after), 0);
	expect_equal(after.sites_patched - before.sites_patched,
		     edited ? 0 : PLAIN_CALLS);
	expect_equal(dlclose(handle), 0);
}

static void moved_code(void)
{
	pthread_t thread;

	read_image(apart_path("plugin_plain.so"));
	snprintf(path, sizeof(path), "./hostile-%ld.tmp", (long)getpid());
	write_image(path);
	if (section(SITES))
		use_plain_plugin(0);
	unlink(path);
	lead_records_to_plain_calls();
	write_image(path);
	use_plain_plugin(1);
	expect_equal(pthread_create(&thread, NULL, idle, NULL), 0);
	use_plain_plugin(1);
	unlink(path);
}

static void crash(unsigned int n)
{
	if (n)
		abort();
}

static void crash_is_seen(void)
{
	try_file(apart_path("plugin_both.so"), crash);
}

int main(int argc, char **argv)
{
	static const struct apart_case cases[] = {
		{ "a plugin with damaged notes and records", plugin,
		  APART_TEST },
		{ "a program with damaged notes and records", program,
		  APART_TEST },
		{ "records that lead to other calls", moved_code, APART_TEST },
		{ "control: a crash is seen", crash_is_seen, APART_CONTROL },
		{ NULL, NULL, APART_TEST },
	};

	return apart_main(argc, argv, cases);
}
