/* SPDX-License-Identifier: MIT */
/* message.c - the one form that all messages of the tool have. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/tool.h"

bool sc_quiet;
void (*sc_message_hook)(const char *text);

/* One write for one message, so that parallel builds do not mix lines. */
static void say(const char *file, const char *format, va_list args,
		const char *reason)
{
	char text[2048], line[4096];

	if (sc_quiet)
		return;
	vsnprintf(text, sizeof(text), format, args);
	snprintf(line, sizeof(line), "%s%s%s%s%s", file ? file : "",
		 file ? ": " : "", text, reason ? ": " : "",
		 reason ? reason : "");
	if (sc_message_hook)
		sc_message_hook(line);
	fflush(stdout);
	fprintf(stderr, "static-call: %s\n", line);
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
