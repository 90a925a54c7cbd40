/* SPDX-License-Identifier: MIT */
/* message.c - the one form that all messages of the tool have. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/tool.h"

bool sc_quiet;

/* One write for one message, so that parallel builds do not mix lines. */
static void say(const char *file, const char *format, va_list args,
		const char *reason)
{
	char text[2048];

	if (sc_quiet)
		return;
	vsnprintf(text, sizeof(text), format, args);
	fflush(stdout);
	fprintf(stderr, "static-call: %s%s%s%s%s\n", file ? file : "",
		file ? ": " : "", text, reason ? ": " : "",
		reason ? reason : "");
}

int sc_error(const char *file, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(file, format, args, NULL);
	va_end(args);
	return -1;
}

int sc_error_errno(const char *file, const char *format, ...)
{
	int err = errno;
	va_list args;

	va_start(args, format);
	say(file, format, args, strerror(err));
	va_end(args);
	errno = err;
	return -1;
}
