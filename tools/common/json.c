/* SPDX-License-Identifier: MIT */
/*
 * json.c - writes JSON.
 *
 * Rule: the output is valid UTF-8, whatever bytes names and paths have.  A byte
 * that is none is written as \udcXX, from which a reader gets it back (Python's
 * os.fsencode() does).
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/json.h"

enum { MOST_DEPTH = 16 };

bool sc_json_compact;

static char closers[MOST_DEPTH];	/* of what is open */
static unsigned int depth;
static bool has_member;			/* in what is open */

static void new_line(void)
{
	unsigned int i;

	if (sc_json_compact)
		return;
	putchar('\n');
	for (i = 0; i < depth; i++)
		fputs("  ", stdout);
}

/* How many bytes the character at @s has; 0: it is not UTF-8. */
static unsigned int character(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead, low, high;	/* of the second byte */
	} forms[] = {
		{ 0x80, 0x00, 0, 0 },
		{ 0xe0, 0xc0, 0x80, 0xbf },
		{ 0xf0, 0xe0, 0x80, 0xbf },
		{ 0xf8, 0xf0, 0x80, 0xbf },
	};
	unsigned int n, i;

	for (n = 0; n < 4; n++)
		if ((s[0] & forms[n].mask) == forms[n].lead)
			break;
	if (n == 4)
		return 0;
	for (i = 1; i <= n; i++)
		if (s[i] < forms[n].low || s[i] > forms[n].high)
			return 0;
	/* Longer than needed, a surrogate, or beyond the last character. */
	if ((n == 1 && s[0] < 0xc2) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f) || s[0] > 0xf4)
		return 0;
	return n + 1;
}

static void put_text(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int n;

	putchar('"');
	for (; *s; s += n ? n : 1) {
		n = character(s);
		if (!n)
			printf("\\udc%02x", *s);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < ' ' || *s == 0x7f)
			printf("\\u%04x", *s);
		else
			fwrite(s, n, 1, stdout);
	}
	putchar('"');
}

static void begin(const char *name)
{
	if (has_member)
		putchar(',');
	if (depth)
		new_line();
	has_member = true;
	if (!name)
		return;
	put_text(name);
	fputs(sc_json_compact ? ":" : ": ", stdout);
}

static void open_value(const char *name, char opener, char closer)
{
	begin(name);
	putchar(opener);
	if (depth < MOST_DEPTH)
		closers[depth] = closer;
	depth++;
	has_member = false;
}

void sc_json_object(const char *name)
{
	open_value(name, '{', '}');
}

void sc_json_array(const char *name)
{
	open_value(name, '[', ']');
}

void sc_json_close(void)
{
	depth--;
	if (has_member)
		new_line();
	putchar(depth < MOST_DEPTH ? closers[depth] : '?');
	has_member = depth > 0;
	if (!depth)
		putchar('\n');
}

void sc_json_string(const char *name, const char *value)
{
	if (!value) {
		sc_json_null(name);
		return;
	}
	begin(name);
	put_text(value);
}

void sc_json_number(const char *name, uint64_t value)
{
	begin(name);
	printf("%" PRIu64, value);
}

void sc_json_address(const char *name, uint64_t value)
{
	begin(name);
	printf("\"0x%" PRIx64 "\"", value);
}

void sc_json_bool(const char *name, bool value)
{
	begin(name);
	fputs(value ? "true" : "false", stdout);
}

void sc_json_null(const char *name)
{
	begin(name);
	fputs("null", stdout);
}

void sc_json_source(const char *file, int line)
{
	sc_json_string("source", file);
	if (file)
		sc_json_number("line", (uint64_t)line);
	else
		sc_json_null("line");
}
