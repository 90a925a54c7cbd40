/* SPDX-License-Identifier: MIT */
/*
 * assembler.c - looks through what an assembler is told to read.
 *
 * Rules: where it is not sure what that is (standard input, a file of options,
 * .include), there may be a static call in it.  It runs before the C library is
 * ready, see bare.h.
 */
#include <sys/stat.h>

#include <static_call/format.h>

#include "assembler.h"
#include "bare.h"

/* LONGEST: of what is looked for; ".include" has as many. */
enum { CHUNK = 4096, LONGEST = sizeof(STATIC_CALL_TRAMP_PREFIX_STR) };

/* Options whose value is the next word; that is no file to be read. */
static bool has_value(const char *arg)
{
	return sc_bare_equal(arg, "-o") || sc_bare_equal(arg, "-I") ||
	       sc_bare_equal(arg, "--MD") || sc_bare_equal(arg, "--defsym") ||
	       sc_bare_equal(arg, "--debug-prefix-map");
}

/* The name of a directive may be in capitals. */
static bool is_include(const char *text)
{
	const char *name = ".include";

	for (; *name; name++, text++)
		if (*text != *name && (*text | 0x20) != *name)
			return false;
	return true;
}

/* Behind the @len characters is a zero. */
static bool chunk_may_call(const char *text, size_t len)
{
	for (; len; len--, text++)
		if ((*text == '_' &&
		     sc_bare_begins(text, STATIC_CALL_TRAMP_PREFIX_STR)) ||
		    (*text == '.' && is_include(text)))
			return true;
	return false;
}

/* Each chunk is looked at behind the end of the one before. */
static bool file_may_call(long fd)
{
	char text[LONGEST + CHUNK + 1];
	long n;
	int i;

	for (i = 0; i < LONGEST; i++)
		text[i] = '\0';
	while ((n = sc_bare_read(fd, text + LONGEST, CHUNK)) > 0) {
		text[LONGEST + n] = '\0';
		if (chunk_may_call(text, (size_t)n + LONGEST))
			return true;
		for (i = 0; i < LONGEST; i++)
			text[i] = text[n + i];
	}
	return n < 0;
}

/* What is read from anything but a file is gone. */
static bool is_file(const char *path)
{
	struct statx st;

	return !sc_system(SYS_statx, AT_FDCWD, (long)path, 0, STATX_TYPE,
			  (long)&st) &&
	       S_ISREG(st.stx_mode);
}

static bool name_may_call(const char *path)
{
	long fd = is_file(path) ? sc_bare_open(path) : -1;
	bool may_call = fd < 0 || file_may_call(fd);

	if (fd >= 0)
		sc_bare_close(fd);
	return may_call;
}

bool sc_assembler_may_call(char *const *argv)
{
	bool any = false;
	const char *arg;

	while ((arg = *++argv)) {
		if (has_value(arg)) {
			if (!*++argv)
				break;
		} else if (arg[0] == '@') {
			return true;
		} else if (arg[0] != '-' || !arg[1] || sc_bare_equal(arg, "--")) {
			if (name_may_call(arg))
				return true;
			any = true;
		}
	}
	return !any;
}
