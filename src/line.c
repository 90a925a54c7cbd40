/* SPDX-License-Identifier: MIT */
/* line.c - a line of text on the stack: numbers, and errors by their names. */
#include "sc_config.h"

#include <errno.h>

#include "line.h"

/* musl has no strerrorname_np(), and glibc has it since 2.32. */
static const struct {
	int err;
	const char *name;
} names[] = {
	{ EPERM, "EPERM" },	{ ENOENT, "ENOENT" },	{ ESRCH, "ESRCH" },
	{ EINTR, "EINTR" },	{ EIO, "EIO" },		{ ENXIO, "ENXIO" },
	{ EBADF, "EBADF" },	{ EAGAIN, "EAGAIN" },	{ ENOMEM, "ENOMEM" },
	{ EACCES, "EACCES" },	{ EFAULT, "EFAULT" },	{ EBUSY, "EBUSY" },
	{ EEXIST, "EEXIST" },	{ ENODEV, "ENODEV" },	{ ENOTDIR, "ENOTDIR" },
	{ EINVAL, "EINVAL" },	{ ENFILE, "ENFILE" },	{ EMFILE, "EMFILE" },
	{ EROFS, "EROFS" },	{ ELOOP, "ELOOP" },	{ ENOSYS, "ENOSYS" },
	{ EDEADLK, "EDEADLK" },	{ EOPNOTSUPP, "EOPNOTSUPP" },
};

void sc_line_put_number(struct sc_line *line, unsigned long number,
			unsigned int base)
{
	char digits[24], *p = digits + sizeof(digits);

	*--p = '\0';
	do {
		*--p = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	sc_line_put(line, p);
}

void sc_line_put_short(struct sc_line *line, const char *s)
{
	char start[SC_LINE_SHORT + 1];

	if (strlen(s) <= SC_LINE_SHORT) {
		sc_line_put(line, s);
		return;
	}
	memcpy(start, s, SC_LINE_SHORT - 3);
	memcpy(start + SC_LINE_SHORT - 3, "...", 4);
	sc_line_put(line, start);
}

void sc_line_put_error(struct sc_line *line, int err)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].err == err) {
			sc_line_put(line, names[i].name);
			return;
		}
	/* A sandbox may say anything. */
	sc_line_put(line, "error ");
	sc_line_put_number(line, (unsigned long)err, 10);
}
