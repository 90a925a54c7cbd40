/* SPDX-License-Identifier: MIT */
/* test_log.c - the debug log: what a line looks like. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "unit.h"

/* How the log opened its file. */
static int opened;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	opened = flags;
	return __real_open(path, flags, mode);
}

static int saved_stderr;
static int ends[2];

static void catch_stderr(void)
{
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	saved_stderr = dup(2);
	ck_assert_int_ge(saved_stderr, 0);
	ck_assert_int_eq(dup2(ends[1], 2), 2);
}

/* What was written since; restores stderr. */
static const char *caught(void)
{
	static char text[1024];
	ssize_t n = read(ends[0], text, sizeof(text) - 1);

	dup2(saved_stderr, 2);
	close(ends[0]);
	close(ends[1]);
	close(saved_stderr);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* "libstaticcall: pid N: " and @rest. */
static const char *ours(const char *rest)
{
	static char line[1024];

	snprintf(line, sizeof(line), "libstaticcall: pid %d: %s", (int)getpid(),
		 rest);
	return line;
}

static const struct {
	const char *event, *name, *text, *why;
	int err;
	const char *line;
} lines[] = {
	{ "module", "x", NULL, NULL, 0, "module x\n" },
	{ "module", "x", "far", NULL, 0, "module x: far\n" },
	{ "module", NULL, "gone", NULL, 0, "module: gone\n" },
	{ "text", "x", "not patched", "mremap: EPERM", 0,
	  "text x: not patched, mremap: EPERM\n" },
	{ "update", "x", NULL, NULL, -EINVAL,
	  "update x: EINVAL: name each key once, and no NULL\n" },
	{ "text", "x", "not restored", "open it: EMFILE", -EMFILE,
	  "text x: not restored, EMFILE (open it: EMFILE): close file descriptors or raise RLIMIT_NOFILE; an update needs two\n" },
	{ "e", NULL, NULL, NULL, -7, "e: error 7\n" },
	{ "e", "/proc/self/exe", NULL, NULL, 0, "e /proc/self/exe\n" },
	{ "e", "x", NULL, "why", -ENOENT, "e x: ENOENT (why)\n" },
};

START_TEST(test_log_line)
{
	catch_stderr();
	sc_log_to("1");
	sc_log_error(lines[_i].event, lines[_i].name, lines[_i].text,
		     lines[_i].why, lines[_i].err);
	ck_assert_str_eq(caught(), ours(lines[_i].line));
	catch_stderr();
	sc_log(lines[_i].event, lines[_i].name, lines[_i].text);
	ck_assert_ptr_null(strstr(caught(), "error"));
}
END_TEST

/* In some emulators the link leads to the emulator. */
static bool the_link_leads_here(void)
{
	static const char name[] = "/test_log";
	char path[4096];
	ssize_t len = readlink("/proc/thread-self/exe", path, sizeof(path));

	return len >= (ssize_t)strlen(name) &&
	       memcmp(path + len - strlen(name), name, strlen(name)) == 0;
}

/* The loader has no name for the program. */
START_TEST(test_the_program_has_its_own_name)
{
	const char *got;

	catch_stderr();
	sc_log_to("1");
	sc_log("module", "/proc/thread-self/exe", "far");
	got = caught();
	ck_assert_ptr_nonnull(strstr(got, "/test_log: far\n"));
	ck_assert_ptr_null(strstr(got, "/proc/"));
}
END_TEST

/* Those that static_call_update(3) lists. */
static const int documented[] = { EINVAL, ENOMEM, EBUSY, EDEADLK, EPERM,
				  EACCES, EMFILE, ENFILE, EIO, ENOSYS };

START_TEST(test_each_error_has_its_name_and_cure)
{
	const char *got, *name;

	catch_stderr();
	sc_log_to("1");
	sc_log_error("update", "x", NULL, NULL, -documented[_i]);
	got = caught();
	name = strstr(got, "update x: E");
	ck_assert_ptr_nonnull(name);
	ck_assert_ptr_nonnull(strstr(name + strlen("update x: "), ": "));
}
END_TEST

START_TEST(test_address)
{
	char want[4096], largest[64];

	snprintf(want, sizeof(want), "%s", ours("e x at 0x0\n"));
	strcat(want, ours("e at 0x7f00cafe: lost\n"));
	snprintf(largest, sizeof(largest), "e x at 0x%lx\n", ULONG_MAX);
	strcat(want, ours(largest));
	catch_stderr();
	sc_log_to("1");
	sc_log_at("e", "x", 0, NULL);
	sc_log_at("e", NULL, 0x7f00cafe, "lost");
	sc_log_at("e", "x", ULONG_MAX, NULL);
	sc_log_to(NULL);
	sc_log_at("e", "x", 1, NULL);
	ck_assert_str_eq(caught(), want);
}
END_TEST

/* What does not say where is no place to write to. */
static const char *const nowhere[] = { NULL, "", "0", "11", "yes", "file" };

START_TEST(test_log_is_silent_unless_enabled)
{
	char cwd[] = "/tmp/unit-log.XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(cwd));
	ck_assert_int_eq(chdir(cwd), 0);
	catch_stderr();
	sc_log("update", "x", NULL);
	sc_log_to("1");
	ck_assert_int_ne(sc_log_enabled(), 0);
	sc_log_to(nowhere[_i]);
	ck_assert_int_eq(sc_log_enabled(), 0);
	sc_log("update", "x", NULL);
	sc_log_error("update", "x", NULL, NULL, -1);
	ck_assert_str_eq(caught(), "");
	/* and there is nothing in the directory */
	ck_assert_int_eq(rmdir(cwd), 0);
}
END_TEST

/* Each line opens the file, adds to it, and leaves no descriptor. */
START_TEST(test_log_goes_to_a_file)
{
	char where[] = "/tmp/unit-log.XXXXXX", got[1024] = "", want[2048];
	int fd = mkstemp(where), next = dup(2);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "first\n", 6), 6);
	close(next);
	catch_stderr();
	sc_log_to(where);
	ck_assert_int_ne(sc_log_enabled(), 0);
	sc_log("module", "x", NULL);
	sc_log("module", "y", NULL);
	ck_assert_str_eq(caught(), "");
	ck_assert_int_eq(dup(2), next);
	ck_assert_int_ne(opened & O_CLOEXEC, 0);
	ck_assert_int_gt(pread(fd, got, sizeof(got) - 1, 0), 0);
	snprintf(want, sizeof(want), "first\n%s", ours("module x\n"));
	strcat(want, ours("module y\n"));
	ck_assert_str_eq(got, want);
	unlink(where);
}
END_TEST

/* A file that is new is its owner's; one that cannot be opened gets nothing. */
START_TEST(test_log_makes_the_file)
{
	char dir[] = "/tmp/unit-log.XXXXXX", where[64];
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(where, sizeof(where), "%s/log", dir);
	umask(0);
	sc_log_to(where);
	sc_log("module", "x", NULL);
	ck_assert_int_eq(stat(where, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(unlink(where), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	catch_stderr();
	errno = EXDEV;
	sc_log("module", "y", NULL);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_str_eq(caught(), "");
}
END_TEST

/* The program may change its environment, and a path may be too long. */
START_TEST(test_path_is_a_copy)
{
	char where[1100] = "./log";

	sc_log_to(where);
	ck_assert_int_ne(sc_log_enabled(), 0);
	strcpy(where, "/gone");
	sc_log("module", "x", NULL);
	ck_assert_int_eq(unlink("log"), 0);
	memset(where, '/', sizeof(where) - 1);
	where[1024] = '\0';
	sc_log_to(where);
	ck_assert_int_eq(sc_log_enabled(), 0);
	where[1023] = '\0';
	sc_log_to(where);
	ck_assert_int_ne(sc_log_enabled(), 0);
}
END_TEST

/* A long name is cut; the line still ends, and is one line. */
START_TEST(test_log_cuts)
{
	char name[1000];
	const char *got;
	size_t len;

	memset(name, 'n', sizeof(name) - 1);
	for (len = 400; len < 600; len++) {
		name[len] = '\0';
		catch_stderr();
		sc_log_to("1");
		sc_log_error("event", name, "detail", "why", -EBUSY);
		got = caught();
		ck_assert_uint_le(strlen(got), 512);
		ck_assert_uint_ge(strlen(got), 420);
		ck_assert_ptr_eq(strchr(got, '\n'), got + strlen(got) - 1);
		ck_assert_int_eq(strncmp(got, ours("event nnn"),
					 strlen(ours("event nnn"))), 0);
		name[len] = 'n';
	}
}
END_TEST

START_TEST(test_log_keeps_errno)
{
	int err2 = dup(2);

	sc_log_to("1");
	close(2);
	errno = EXDEV;
	sc_log("nobody", "hears", NULL);
	ck_assert_int_eq(errno, EXDEV);
	dup2(err2, 2);
}
END_TEST

/* ------------------------------------------------------------- the parts */

START_TEST(test_names_are_cut_for_what_follows)
{
	char name[SC_LINE_SHORT + 2];
	struct sc_line line = { .len = 0 };

	memset(name, 'n', sizeof(name));
	name[SC_LINE_SHORT] = '\0';
	sc_line_put_short(&line, name);
	ck_assert_str_eq(line.text, name);
	name[SC_LINE_SHORT] = 'n';
	name[SC_LINE_SHORT + 1] = '\0';
	line = (struct sc_line){ .len = 0 };
	sc_line_put_short(&line, name);
	ck_assert_uint_eq(line.len, SC_LINE_SHORT);
	ck_assert_str_eq(line.text + SC_LINE_SHORT - 4, "n...");
}
END_TEST

START_TEST(test_numbers)
{
	struct sc_line line = { .len = 0 };

	sc_line_put_number(&line, ULONG_MAX, 16);
	sc_line_put(&line, " ");
	sc_line_put_number(&line, 0, 10);
	sc_line_put(&line, " ");
	sc_line_put_number(&line, 1234567890, 10);
	ck_assert_ptr_nonnull(strstr(line.text, "ffff 0 1234567890"));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("log");

	tcase_add_loop_test(tc, test_log_line, 0,
			    (int)(sizeof(lines) / sizeof(lines[0])));
	unit_add_if(tc, test_the_program_has_its_own_name, 0, 1,
		    the_link_leads_here);
	tcase_add_loop_test(tc, test_each_error_has_its_name_and_cure, 0,
			    (int)(sizeof(documented) / sizeof(documented[0])));
	tcase_add_test(tc, test_address);
	tcase_add_loop_test(tc, test_log_is_silent_unless_enabled, 0,
			    (int)(sizeof(nowhere) / sizeof(nowhere[0])));
	tcase_add_test(tc, test_log_goes_to_a_file);
	tcase_add_test(tc, test_log_makes_the_file);
	tcase_add_test(tc, test_path_is_a_copy);
	tcase_add_test(tc, test_log_cuts);
	tcase_add_test(tc, test_log_keeps_errno);
	tcase_add_test(tc, test_names_are_cut_for_what_follows);
	tcase_add_test(tc, test_numbers);
	return unit_end();
}
