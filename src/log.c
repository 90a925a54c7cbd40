/* SPDX-License-Identifier: MIT */
/* log.c - the debug log. */
#include "sc_config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* Written once, by the first static_call_init(), with the lock held. */
static int enabled;

/* On the stack: two threads may log at once, and there is no allocator. */
struct line {
	char text[256];
	size_t len;
};

void sc_log_enable(int on)
{
	enabled = on;
}

int sc_log_enabled(void)
{
	return enabled;
}

/* What does not fit is cut; the end of the line always fits. */
static void put(struct line *line, const char *s)
{
	size_t len = strlen(s), room = sizeof(line->text) - 1 - line->len;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, s, len);
	line->len += len;
}

/* errno values are left as numbers: strerror() may call malloc(). */
static void put_number(struct line *line, long number)
{
	char digits[24], *p = digits + sizeof(digits);
	unsigned long n = number < 0 ? -(unsigned long)number :
				       (unsigned long)number;

	*--p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	put(line, number < 0 ? " error " : " ");
	put(line, p);
}

static void put_address(struct line *line, unsigned long address)
{
	char digits[2 * sizeof(address) + 1], *p = digits + sizeof(digits);

	*--p = '\0';
	do {
		*--p = "0123456789abcdef"[address % 16];
		address /= 16;
	} while (address);
	put(line, " at 0x");
	put(line, p);
}

/* One write, so that lines of threads and processes do not mix. */
static void write_line(struct line *line)
{
	int saved = errno;

	line->text[line->len++] = '\n';
	if (write(STDERR_FILENO, line->text, line->len) < 0)
		errno = saved;
	errno = saved;
}

static void begin(struct line *line, const char *event, const char *name)
{
	put(line, "libstaticcall: ");
	put(line, event);
	if (name) {
		put(line, " ");
		put(line, name);
	}
}

void sc_log_at(const char *event, const char *name, unsigned long address)
{
	struct line line = { .len = 0 };

	if (!enabled)
		return;
	begin(&line, event, name);
	put_address(&line, address);
	write_line(&line);
}

void sc_log(const char *event, const char *name, const char *detail,
	    long number)
{
	struct line line = { .len = 0 };

	if (!enabled)
		return;
	begin(&line, event, name);
	if (detail) {
		put(&line, ": ");
		put(&line, detail);
	}
	put_number(&line, number);
	write_line(&line);
}
