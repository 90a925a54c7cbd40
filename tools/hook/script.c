/* SPDX-License-Identifier: MIT */
/*
 * script.c - finds the inputs that a linker script names: what is written in
 * INPUT(...) and GROUP(...), also in AS_NEEDED(...) within them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/script.h"

enum { LARGE = 1 << 20 };	/* bytes: no script that people write */

static bool begins_list(const char *word, size_t len)
{
	return len == 5 && (!memcmp(word, "INPUT", 5) ||
			    !memcmp(word, "GROUP", 5));
}

bool sc_script_has_inputs(const uint8_t *text, size_t size)
{
	return size && size < LARGE && !memchr(text, 0, size) &&
	       (memmem(text, size, "INPUT", 5) ||
		memmem(text, size, "GROUP", 5));
}

struct reader {
	const char *at, *end;
	unsigned int depth;		/* of parentheses in a list; 0: in none */
	bool list;			/* a list is about to begin */
};

/* The length of what separates words at @at: blanks, commas, comments. */
static size_t gap_length(const struct reader *reader)
{
	const char *end;

	if (isspace((unsigned char)*reader->at) || *reader->at == ',')
		return 1;
	if (reader->end - reader->at < 4 || memcmp(reader->at, "/*", 2) != 0)
		return 0;
	end = memmem(reader->at + 2, (size_t)(reader->end - reader->at) - 2,
		     "*/", 2);
	return (size_t)((end ? end + 2 : reader->end) - reader->at);
}

static size_t word_length(const struct reader *reader)
{
	const char *at = reader->at;

	if (*at == '"') {
		const char *end = memchr(at + 1, '"',
					 (size_t)(reader->end - at) - 1);

		return (size_t)((end ? end + 1 : reader->end) - at);
	}
	while (at < reader->end && !isspace((unsigned char)*at) &&
	       !strchr(",(){};\"", *at))
		at++;
	return at == reader->at ? 1 : (size_t)(at - reader->at);
}

static void note_parenthesis(struct reader *reader, char c)
{
	if (c == '(' && (reader->list || reader->depth))
		reader->depth++;
	else if (c == ')' && reader->depth)
		reader->depth--;
	reader->list = false;
}

/* One name in a list; 0, or -1 after a message. */
static int put_name(struct sc_pool *pool, FILE *out, const char *word,
		    size_t len, const char *(*input)(void *context, const char *name),
		    void *context)
{
	bool quoted = word[0] == '"' && len > 1;
	char *name = sc_pool_string(pool, "%.*s", (int)(len - 2 * quoted),
				    word + quoted);
	const char *new;

	new = name ? input(context, name) : NULL;
	if (!new)
		return -1;
	if (!strcmp(new, name))
		fprintf(out, "%.*s", (int)len, word);
	else if (*new)
		fprintf(out, "\"%s\"", new);
	return 0;
}

char *sc_script_rewrite(struct sc_pool *pool, const uint8_t *text, size_t size,
			const char *(*input)(void *context, const char *name),
			void *context)
{
	struct reader reader = { .at = (const char *)text };
	char *buffer = NULL, *new = NULL;
	size_t room, len;
	FILE *out = open_memstream(&buffer, &room);
	int err = out ? 0 : -1;

	for (reader.end = reader.at + size; !err && reader.at < reader.end;
	     reader.at += len) {
		len = gap_length(&reader);
		if (len) {
			fwrite(reader.at, 1, len, out);
			continue;
		}
		len = word_length(&reader);
		if (strchr("(){};", *reader.at)) {
			note_parenthesis(&reader, *reader.at);
			fputc(*reader.at, out);
		} else if (reader.depth && reader.at[0] != '\0' &&
			   !(len == 9 && !memcmp(reader.at, "AS_NEEDED", 9))) {
			err = put_name(pool, out, reader.at, len, input,
				       context);
		} else {
			reader.list = begins_list(reader.at, len);
			fwrite(reader.at, 1, len, out);
		}
	}
	if (out && fclose(out))
		err = sc_error_errno(NULL, "out of memory");
	if (!err)
		new = sc_pool_string(pool, "%s", buffer);
	free(buffer);
	return new;
}
