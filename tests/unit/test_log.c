/* SPDX-License-Identifier: MIT */
/* test_log.c - the debug log: what a line looks like. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "unit.h"

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

#if LONG_MAX > 0x7fffffff
#define LARGEST		"9223372036854775807"
#define SMALLEST	"9223372036854775808"
#else
#define LARGEST		"2147483647"
#define SMALLEST	"2147483648"
#endif

static const struct {
	const char *event, *name, *detail;
	long number;
	const char *line;
} lines[] = {
	{ "update", "x", NULL, 0, "libstaticcall: update x 0\n" },
	{ "update", "x", "far", 7, "libstaticcall: update x: far 7\n" },
	{ "update", NULL, NULL, -22, "libstaticcall: update error 22\n" },
	{ "backend", "inline", "why", -1,
	  "libstaticcall: backend inline: why error 1\n" },
	{ "e", NULL, "d", 0, "libstaticcall: e: d 0\n" },
	{ "e", "", "", 1234567890, "libstaticcall: e :  1234567890\n" },
	{ "e", NULL, NULL, LONG_MAX, "libstaticcall: e " LARGEST "\n" },
	{ "e", NULL, NULL, LONG_MIN, "libstaticcall: e error " SMALLEST "\n" },
};

START_TEST(test_log_line)
{
	catch_stderr();
	sc_log_enable(1);
	sc_log(lines[_i].event, lines[_i].name, lines[_i].detail,
	       lines[_i].number);
	ck_assert_str_eq(caught(), lines[_i].line);
}
END_TEST

START_TEST(test_address)
{
	char wanted[160];

	catch_stderr();
	sc_log_enable(1);
	sc_log_at("e", "x", 0);
	sc_log_at("e", NULL, 0x7f00cafe);
	sc_log_at("e", "x", ULONG_MAX);
	sc_log_enable(0);
	sc_log_at("e", "x", 1);
	snprintf(wanted, sizeof(wanted),
		 "libstaticcall: e x at 0x0\n"
		 "libstaticcall: e at 0x7f00cafe\n"
		 "libstaticcall: e x at 0x%lx\n", ULONG_MAX);
	ck_assert_str_eq(caught(), wanted);
}
END_TEST

START_TEST(test_log_is_silent_unless_enabled)
{
	catch_stderr();
	sc_log("update", "x", NULL, 0);
	ck_assert_int_eq(sc_log_enabled(), 0);
	sc_log_enable(1);
	ck_assert_int_ne(sc_log_enabled(), 0);
	sc_log_enable(0);
	sc_log("update", "x", NULL, 0);
	ck_assert_str_eq(caught(), "");
}
END_TEST

/* A long name is cut; the line still ends, and is one line. */
START_TEST(test_log_cuts)
{
	char name[1000];
	const char *got;
	size_t len;

	memset(name, 'n', sizeof(name) - 1);
	for (len = 200; len < 300; len++) {
		name[len] = '\0';
		catch_stderr();
		sc_log_enable(1);
		sc_log("event", name, "detail", -5);
		got = caught();
		ck_assert_uint_le(strlen(got), 256);
		ck_assert_uint_ge(strlen(got), 220);
		ck_assert_ptr_eq(strchr(got, '\n'), got + strlen(got) - 1);
		ck_assert_int_eq(strncmp(got, "libstaticcall: event nnn", 24),
				 0);
		name[len] = 'n';
	}
}
END_TEST

START_TEST(test_log_keeps_errno)
{
	int err2 = dup(2);

	sc_log_enable(1);
	close(2);
	errno = EXDEV;
	sc_log("nobody", "hears", NULL, 1);
	ck_assert_int_eq(errno, EXDEV);
	dup2(err2, 2);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("log");

	tcase_add_loop_test(tc, test_log_line, 0,
			    (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_test(tc, test_address);
	tcase_add_test(tc, test_log_is_silent_unless_enabled);
	tcase_add_test(tc, test_log_cuts);
	tcase_add_test(tc, test_log_keeps_errno);
	return unit_end();
}
