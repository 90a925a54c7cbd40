/* SPDX-License-Identifier: MIT */
/*
 * fuzz.c - a target for libFuzzer: any bytes may be given to tool and hook.
 *
 * The first byte says what the rest is: an object, a linked file, an archive,
 * a response file, the command line of a linker, a linker script, what a compiler
 * says in the environment, or the memory of a process.  Beyond not crashing, what
 * was annotated must be sound: annotated again, nothing is left to do.
 *
 * Files are opened below a scratch directory only, whatever the input names.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotate/annotate.h"
#include "hook/archive.h"
#include "hook/inputfile.h"
#include "hook/linker.h"
#include "hook/lto.h"
#include "hook/realtool.h"
#include "hook/script.h"
#include "inspect/commands.h"
#include "inspect/process.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The linker turns calls of NAME into calls of __wrap_NAME. */
int __real_open(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
int __real_stat(const char *path, struct stat *st);
int __real_access(const char *path, int mode);
int __wrap_open(const char *path, int flags, ...);
FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_access(const char *path, int mode);

static char scratch[PATH_MAX];
static char artifacts[PATH_MAX];	/* where libFuzzer itself writes */
static bool guarding;

static bool allowed(const char *path)
{
	if (!guarding || !strncmp(path, "/proc/self/fd/", 14) ||
	    (!strstr(path, "..") &&
	     (path[0] != '/' || !strncmp(path, scratch, strlen(scratch)) ||
	      !strncmp(path, artifacts, strlen(artifacts)))))
		return true;
	errno = EACCES;
	return false;
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	int mode = 0;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, int);
		va_end(args);
	}
	return allowed(path) ? __real_open(path, flags, mode) : -1;
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	return allowed(path) ? __real_fopen(path, mode) : NULL;
}

int __wrap_stat(const char *path, struct stat *st)
{
	return allowed(path) ? __real_stat(path, st) : -1;
}

int __wrap_access(const char *path, int mode)
{
	return allowed(path) ? __real_access(path, mode) : -1;
}

/* The script has put what command lines may name into $FUZZ_SCRATCH. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *dir = getenv("FUZZ_SCRATCH");

	(void)argc;
	(void)argv;
	if (!getcwd(artifacts, sizeof(artifacts)) || !dir ||
	    !realpath(dir, scratch) || chdir(scratch) ||
	    setenv("TMPDIR", scratch, 1) || !freopen("/dev/null", "w", stdout))
		abort();
	sc_quiet = true;
	return 0;
}

static int memory_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

static void list_and_verify(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	sc_list_file(path);
	sc_verify_file(path);
}

static void fuzz_object(const uint8_t *data, size_t size)
{
	int in = memory_file(data, size), out = memory_file(NULL, 0);
	const char *why;

	if (sc_annotate_fd(in, out, "fuzz", &why) == SC_ANNOTATE_DONE) {
		if (sc_annotate_fd(out, -1, "fuzz", &why) !=
		    SC_ANNOTATE_NOTHING)
			abort();
		list_and_verify(out);
	}
	list_and_verify(in);
	close(in);
	close(out);
}

static void fuzz_binary(const uint8_t *data, size_t size)
{
	int fd = memory_file(data, size);

	list_and_verify(fd);
	close(fd);
}

static void annotate_archive(const uint8_t *data, size_t size, bool drop,
			     bool again)
{
	struct sc_pool pool = { NULL };
	struct sc_workspace workspace = { .pool = &pool };
	struct sc_inputfile file;
	struct sc_archive_result result;

	/* A linker's inputs are memory of just their size, so is this. */
	if (sc_archive_is(data, size) &&
	    !sc_archive_annotate(&workspace, "lib.a", data, size, drop, &result) &&
	    result.copy) {
		if (again || sc_inputfile_map(&file, result.copy))
			abort();
		annotate_archive(file.data, file.size, drop, true);
		sc_inputfile_unmap(&file);
	}
	sc_pool_empty(&pool);
}

static char *make_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* What is written is what is read, unless it names files itself. */
static void write_and_read(const struct sc_args *args)
{
	struct sc_args again = { .pool = args->pool };
	char *argv[] = { (char *)"ld", (char *)"@out.rsp", NULL };
	size_t i;

	for (i = 1; i < args->n; i++)
		if (args->arg[i][0] == '@')
			return;
	if (sc_args_write(args, "out.rsp") || sc_args_expand(&again, argv) ||
	    again.n != args->n)
		abort();
	/* The next input must not find it. */
	unlink("out.rsp");
	for (i = 1; i < args->n; i++)
		if (strcmp(again.arg[i], args->arg[i]) != 0)
			abort();
}

static void fuzz_response(const uint8_t *data, size_t size)
{
	char *argv[] = { (char *)"ld", (char *)"@in.rsp", NULL };
	struct sc_pool pool = { NULL };
	struct sc_args args = { .pool = &pool };
	FILE *file = fopen("in.rsp", "w");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		abort();
	if (!sc_args_expand(&args, argv))
		write_and_read(&args);
	sc_pool_empty(&pool);
}

/* One word on each line. */
static void fuzz_linker(const uint8_t *data, size_t size)
{
	char *argv[64], *text = make_text(data, size), *at = text;
	struct sc_pool pool = { NULL };
	struct sc_link link = { .pool = &pool };
	const size_t room = sizeof(argv) / sizeof(argv[0]);
	struct sc_lto lto;
	size_t n = 0;

	argv[n++] = (char *)"ld.lld";
	while (n + 1 < room && (argv[n] = strsep(&at, "\n")))
		n++;
	argv[n] = NULL;
	if (!sc_link_read(&link, "ld.lld", argv) && !sc_link_annotate(&link)) {
		if (sc_lto_wanted(&link) && !sc_lto_begin(&lto, &link))
			sc_lto_continue(&lto, &link);
		write_and_read(&link.out);
	}
	sc_pool_empty(&pool);
	free(text);
}

static void fuzz_environment(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"COLLECT_GCC_OPTIONS", "COMPILER_PATH", "COLLECT_LTO_WRAPPER",
		"PATH",
	};
	char *text = make_text(data, size), *at = text, *value;
	struct sc_pool pool = { NULL };
	size_t i;

	/* Without that it would look at the fuzzer's own command line. */
	setenv("COLLECT_GCC", "gcc", 1);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = strsep(&at, "\n");
		setenv(names[i], value ? value : "", 1);
	}
	sc_realtool(&pool, "ld.lld");
	sc_pool_empty(&pool);
	free(text);
}

static const char *same_name(void *context, const char *name)
{
	(void)context;
	return name;
}

/* Where all names stay, the script stays. */
static void fuzz_script(const uint8_t *data, size_t size)
{
	struct sc_pool pool = { NULL };
	char *text;

	if (sc_script_has_inputs(data, size)) {
		text = sc_script_rewrite(&pool, data, size, same_name, NULL);
		if (!text || strlen(text) != size || memcmp(text, data, size))
			abort();
	}
	sc_pool_empty(&pool);
}

static void write_file(int dir, const char *name, off_t at, const void *data,
		       size_t size)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, at) ||
	    pwrite(fd, data, size, at) != (ssize_t)size || close(fd))
		abort();
}

/*
 * A directory that looks like that of a process.  After the first byte, N, come
 * N changes of memory, of three bytes: where, in two of them, and what.  The
 * rest is the program, which lies in memory as in the file.
 */
static void fuzz_process(const uint8_t *data, size_t size)
{
	const uint64_t base = 0x10000;
	const size_t changes = size ? 3 * (size_t)data[0] : 0;
	const uint8_t *program = data + 1 + changes;
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sc_process process;
	struct stat st;
	char maps[256];
	uint8_t *memory;
	size_t i;

	if (size < 1 + changes + 64 || dir < 0)
		goto out;
	size -= 1 + changes;
	write_file(dir, "exe", 0, program, size);
	memory = malloc(size);
	if (!memory || fstatat(dir, "exe", &st, 0))
		abort();
	memcpy(memory, program, size);
	for (i = 1; i < 1 + changes; i += 3)
		memory[(data[i] | (size_t)data[i + 1] << 8) % size] =
			data[i + 2];
	write_file(dir, "mem", (off_t)base, memory, size);
	free(memory);
	snprintf(maps, sizeof(maps), "%llx-%llx r-xp 00000000 00:00 %llu /x\n",
		 (unsigned long long)base, (unsigned long long)(base + size),
		 (unsigned long long)st.st_ino);
	write_file(dir, "maps", 0, maps, strlen(maps));
	if (!sc_process_open_at(&process, "1", dup(dir)))
		sc_status_show(&process);
	sc_process_close(&process);
out:
	if (dir >= 0)
		close(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int kind = size ? *data : 0, first = dup(0);

	if (!kind || first < 0)
		return -1;
	data++;
	size--;
	guarding = true;
	switch (kind) {
	case 't':
		fuzz_script(data, size);
		break;
	case 'o':
		fuzz_object(data, size);
		break;
	case 'i':
		fuzz_binary(data, size);
		break;
	case 'a':
	case 'A':
		annotate_archive(data, size, kind == 'A', false);
		break;
	case 'r':
		fuzz_response(data, size);
		break;
	case 'l':
		fuzz_linker(data, size);
		break;
	case 'e':
		fuzz_environment(data, size);
		break;
	case 's':
		fuzz_process(data, size);
		break;
	default:
		kind = 0;
	}
	sc_cleanup_run();
	/* Copies keep a descriptor each until the program ends. */
	close_range((unsigned int)first, ~0U, 0);
	guarding = false;
	return kind ? 0 : -1;
}
