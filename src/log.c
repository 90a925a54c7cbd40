/* SPDX-License-Identifier: MIT */
/* log.c - the debug log. */
#include "sc_config.h"

#include <errno.h>
#include <unistd.h>

#include "line.h"
#include "log.h"

/* Written once, by sc_start(), with the lock held. */
static int enabled;

void sc_log_enable(int on)
{
	enabled = on;
}

int sc_log_enabled(void)
{
	return enabled;
}

/* errno values are left as numbers: strerror() may call malloc(). */
static void put_number(struct sc_line *line, long number)
{
	sc_line_put(line, number < 0 ? " error " : " ");
	sc_line_put_number(line, number < 0 ? -(unsigned long)number :
					      (unsigned long)number, 10);
}

/* One write, so that lines of threads and processes do not mix. */
static void write_line(struct sc_line *line)
{
	int saved = errno;

	/* In place of the end, for which there is always room. */
	line->text[line->len++] = '\n';
	if (write(STDERR_FILENO, line->text, line->len) < 0)
		errno = saved;
}

static void begin(struct sc_line *line, const char *event, const char *name)
{
	sc_line_put(line, "libstaticcall: ");
	sc_line_put(line, event);
	if (name) {
		sc_line_put(line, " ");
		sc_line_put(line, name);
	}
}

void sc_log_at(const char *event, const char *name, unsigned long address)
{
	struct sc_line line = { .len = 0 };

	if (!enabled)
		return;
	begin(&line, event, name);
	sc_line_put(&line, " at 0x");
	sc_line_put_number(&line, address, 16);
	write_line(&line);
}

void sc_log(const char *event, const char *name, const char *detail,
	    long number)
{
	struct sc_line line = { .len = 0 };

	if (!enabled)
		return;
	begin(&line, event, name);
	if (detail) {
		sc_line_put(&line, ": ");
		sc_line_put(&line, detail);
	}
	put_number(&line, number);
	write_line(&line);
}
