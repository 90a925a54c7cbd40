/* SPDX-License-Identifier: MIT */
/*
 * response.c - reads and writes response files as compilers, assemblers and
 * linkers do: words between white space, quotes of both kinds, and a backslash
 * that takes the next character as it is.
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/response.h"

/*
 * A file that names itself, or leads to itself, is not read again; behind these
 * limits none is.  The word stays as it is: the tool will say what it thinks of
 * it.
 */
enum { MAX_DEPTH = 64, MAX_FILES = 2000 };

/* The files that are being read, each named by the next. */
struct reading {
	const struct reading *outer;
	unsigned int depth;
	dev_t device;
	ino_t inode;
};

int sc_args_add(struct sc_args *args, const char *arg)
{
	/* One more for the NULL: there is room behind it, or it is the last. */
	char **new = sc_pool_grow(args->pool, args->arg, args->n,
				  sizeof(*new));

	if (new)
		new = sc_pool_grow(args->pool, new, args->n + 1, sizeof(*new));
	if (!new)
		return sc_error(NULL, "out of memory");
	args->arg = new;
	new[args->n++] = (char *)(uintptr_t)arg;
	new[args->n] = NULL;
	return 0;
}

static bool is_being_read(const struct reading *reading, const struct stat *st)
{
	for (; reading; reading = reading->outer)
		if (reading->device == st->st_dev &&
		    reading->inode == st->st_ino)
			return true;
	return false;
}

/* The text of a regular file, or NULL where there is none to be read. */
static char *read_text(struct sc_args *args, const char *path,
		       struct reading *reading)
{
	struct stat st;
	FILE *file;
	char *text = NULL;

	if (reading->depth > MAX_DEPTH || args->n_files == MAX_FILES ||
	    stat(path, &st) || !S_ISREG(st.st_mode) ||
	    is_being_read(reading->outer, &st))
		return NULL;
	file = fopen(path, "re");
	if (!file)
		return NULL;
	text = sc_pool_alloc(args->pool, (size_t)st.st_size + 1, 1);
	if (text && fread(text, 1, (size_t)st.st_size, file) !=
		    (size_t)st.st_size)
		text = NULL;
	fclose(file);
	reading->device = st.st_dev;
	reading->inode = st.st_ino;
	args->n_files++;
	return text;
}

/* Takes one word off *@at, undoing the quotes in place; NULL at the end. */
static char *next_word(char **at)
{
	char *in = *at, *out, *word, quote = 0;

	while (isspace((unsigned char)*in))
		in++;
	if (!*in)
		return NULL;
	for (word = out = in; *in; in++) {
		if (*in == '\\' && in[1])
			*out++ = *++in;
		else if (quote && *in == quote)
			quote = 0;
		else if (!quote && (*in == '\'' || *in == '"'))
			quote = *in;
		else if (!quote && isspace((unsigned char)*in))
			break;
		else
			*out++ = *in;
	}
	*at = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

static int expand(struct sc_args *args, char *arg, const struct reading *outer)
{
	struct reading reading = {
		.outer = outer, .depth = outer ? outer->depth + 1 : 1,
	};
	char *text = NULL, *word;

	if (arg[0] == '@')
		text = read_text(args, arg + 1, &reading);
	if (!text)
		return sc_args_add(args, arg);
	while ((word = next_word(&text)))
		if (expand(args, word, &reading))
			return -1;
	return 0;
}

int sc_args_expand(struct sc_args *args, char *const *argv)
{
	if (sc_args_add(args, argv[0]))
		return -1;
	while (*++argv)
		if (expand(args, *argv, NULL))
			return -1;
	return 0;
}

int sc_args_write(const struct sc_args *args, const char *path)
{
	FILE *file = fopen(path, "we");
	const char *at;
	size_t i;

	if (!file)
		return sc_error_errno(path, "cannot create");
	for (i = 1; i < args->n; i++) {
		if (!*args->arg[i])
			fputs("\"\"", file);
		for (at = args->arg[i]; *at; at++) {
			if (isspace((unsigned char)*at) || strchr("\\'\"", *at))
				fputc('\\', file);
			fputc(*at, file);
		}
		fputc('\n', file);
	}
	if (fflush(file) || ferror(file)) {
		sc_error_errno(path, "cannot write");
		fclose(file);
		return -1;
	}
	return fclose(file) ? sc_error_errno(path, "cannot write") : 0;
}
