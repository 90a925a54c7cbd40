/* SPDX-License-Identifier: MIT */
/*
 * why.c - which system calls have failed, in words.
 *
 * static_call_get_info() gives out a pointer that must stay valid, the texts are
 * made of what the kernel said, and the library keeps no memory for them.  So
 * each text is written once into an array, behind those before it, and then
 * given out for ever; the same text is found again there.  A process sees a
 * handful of them.
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include "line.h"
#include "valgrind.h"
#include "why.h"

/* More than a step of the protocol can have. */
#define MOST_NOTES	4

/* Written by whoever asks the system, read by sc_why(). */
static struct note {
	const char *call, *file;
	int err;
} notes[MOST_NOTES];
static size_t n_notes;

/* Texts, each with its end; @n_used grows when one is complete. */
static char texts[1024];
static size_t n_used;

static const char too_many[] = "the system calls fail in too many ways";

int sc_why_note(const char *call, const char *file, int err)
{
	size_t i;

	for (i = 0; i < n_notes; i++)
		if (notes[i].call == call && notes[i].file == file &&
		    notes[i].err == err)
			return err;
	if (n_notes < MOST_NOTES)
		notes[n_notes++] = (struct note){ call, file, err };
	return err;
}

size_t sc_why_count(void)
{
	return n_notes;
}

void sc_why_forget(size_t n)
{
	if (n < n_notes)
		n_notes = n;
}

/* A text that was not complete is written over. */
void sc_why_repair(void)
{
	sc_valgrind_inherit(notes, sizeof(notes));
	sc_valgrind_inherit(&n_notes, sizeof(n_notes));
	sc_valgrind_inherit(texts, sizeof(texts));
	sc_valgrind_inherit(&n_used, sizeof(n_used));
	n_notes = 0;
}

/* ------------------------------------------------------------ the text */

static void put_note(struct sc_line *line, const struct note *note)
{
	if (line->len)
		sc_line_put(line, ", ");
	sc_line_put(line, note->call);
	if (note->file)
		sc_line_put(line, note->file);
	if (note->err) {
		sc_line_put(line, ": ");
		sc_line_put_error(line, -note->err);
	}
}

static const char *keep(const struct sc_line *line)
{
	char *text;
	size_t at;

	for (at = 0; at < n_used; at += strlen(texts + at) + 1)
		if (strcmp(texts + at, line->text) == 0)
			return texts + at;
	if (line->len + 1 > sizeof(texts) - n_used)
		return too_many;
	text = texts + n_used;
	memcpy(text, line->text, line->len + 1);
	n_used += line->len + 1;
	return text;
}

const char *sc_why(void)
{
	struct sc_line line = { .len = 0 };
	size_t i;

	for (i = 0; i < n_notes; i++)
		put_note(&line, notes + i);
	return n_notes ? keep(&line) : NULL;
}
