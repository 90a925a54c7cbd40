/* SPDX-License-Identifier: MIT */
/*
 * line.h - a line of text that is put together on the stack: there is no allocator,
 * and no stdio.
 */
#ifndef SC_LINE_H
#define SC_LINE_H

#include <stddef.h>
#include <string.h>

/* At first all zero, so that the text always has an end. */
struct sc_line {
	char text[512];
	size_t len;
};

/* What does not fit is cut. */
static inline void sc_line_put(struct sc_line *line, const char *s)
{
	size_t len = strlen(s), room = sizeof(line->text) - 1 - line->len;

	if (len > room)
		len = room;
	memcpy(line->text + line->len, s, len);
	line->len += len;
}

/* @base is 10 or 16. */
void sc_line_put_number(struct sc_line *line, unsigned long number,
			unsigned int base);

/* A name that must leave room for what follows: so much of it at most. */
#define SC_LINE_SHORT	80
void sc_line_put_short(struct sc_line *line, const char *s);

/* "EBUSY"; @err is an errno, above zero. */
void sc_line_put_error(struct sc_line *line, int err);

#endif
