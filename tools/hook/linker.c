/* SPDX-License-Identifier: MIT */
/*
 * linker.c - puts annotated private copies in the place of those inputs on the
 * command line of a linker that need it.
 *
 * Rules: a word that is not understood stays as it is; a library that cannot
 * be found is the linker's business.  Only what is an x86-64 object that names
 * a trampoline is ever replaced, so that mistaking an option's value for a
 * file does no harm.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/input.h"
#include "hook/linker.h"
#include "hook/words.h"

/* The file that the hook's directory has for final links. */
#define HOOK_LIBRARY "build-hook.a"

/* Files that are text and name the inputs. */
static int note_text(struct sc_link *link, size_t i)
{
	static const char *const names[] = {
		"Map", "dependency-file", "print-archive-stats", "why-extract",
	};
	char *path;
	size_t j;

	for (j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
		path = sc_word_value(&link->in, i, 0, names[j]);
		if (path)
			return sc_args_add(&link->texts, path);
	}
	return 0;
}

static void note_option(struct sc_link *link, size_t i)
{
	static const char *const relocatable[] = {
		"-r", "-i", "-Ur", "--relocatable", "-relocatable", NULL
	};
	char *arg = link->in.arg[i], *value;

	value = sc_word_value(&link->in, i, 0, "output");
	if (!value && !strncmp(arg, "-o", 2) && strncmp(arg, "-oformat", 8))
		value = arg[2] ? arg + 2 : link->in.arg[i + 1];
	if (value)
		link->output = value;
	if (sc_word_is_any(arg, relocatable))
		link->relocatable = true;
	if (sc_word_value(&link->in, i, 0, "reproduce"))
		link->reproduce = true;
}

/* The hook's library in the directory of the file @name. */
static char *library_beside(struct sc_pool *pool, const char *name)
{
	const char *slash = strrchr(name, '/');

	return sc_pool_string(pool, "%.*s" HOOK_LIBRARY,
			      slash ? (int)(slash - name) + 1 : 0, name);
}

/* The hook's library in the first directory of PATH that has one, or NULL. */
static char *library_in_path(struct sc_pool *pool)
{
	const char *path = getenv("PATH");
	char *file;
	size_t len;

	while (path && *path) {
		len = strcspn(path, ":");
		file = sc_pool_string(pool, "%.*s/" HOOK_LIBRARY, (int)len, path);
		if (!file || (len && !access(file, R_OK)))
			return file;
		path += len + (path[len] == ':');
	}
	return NULL;
}

/*
 * The hook's library, beside the name that the hook was called by.  Where that name
 * was found in PATH, which may have changed since, it is beside the program, or
 * beside a link to the program: packages have the program somewhere else.
 */
static char *find_hook_library(struct sc_pool *pool, const char *hook)
{
	char exe[PATH_MAX], *library, *other;
	ssize_t len;

	if (strchr(hook, '/'))
		return library_beside(pool, hook);
	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[len > 0 ? len : 0] = '\0';
	library = library_beside(pool, exe);
	if (!library || !access(library, R_OK))
		return library;
	other = library_in_path(pool);
	return other ? other : library;
}

int sc_link_read(struct sc_link *link, const char *hook, char *const *argv)
{
	size_t i;

	link->in.pool = link->out.pool = link->texts.pool = link->pool;
	link->workspace.pool = link->pool;
	link->output = "a.out";
	link->reproduce = getenv("LLD_REPRODUCE");
	link->hook_library = find_hook_library(link->pool, hook);
	if (!link->hook_library || sc_args_expand(&link->in, argv))
		return -1;
	for (i = 1; i < link->in.n; i++) {
		note_option(link, i);
		if (note_text(link, i))
			return -1;
		if (sc_word_has_value(link->in.arg[i]) && i + 1 < link->in.n)
			i++;
	}
	return 0;
}

/* The objects made of bitcode, where the first of it was. */
static int place_objects(struct sc_inputs *inputs)
{
	struct sc_link *link = inputs->link;
	size_t i;

	for (i = 0; !inputs->placed && i < link->instead->n; i++)
		if (sc_args_add(&link->out, link->instead->arg[i]))
			return -1;
	inputs->placed = true;
	return 0;
}

/* The file that word @i names as an input, or NULL. */
static char *input_of(struct sc_inputs *inputs, size_t i)
{
	const struct sc_args *in = &inputs->link->in;
	char *value = sc_word_value(in, i, 'l', "library");

	if (value)
		return sc_search_library(&inputs->search, value);
	if (in->arg[i][0] != '-')
		return in->arg[i];
	return sc_word_value(in, i, 'T', "script");
}

/* Word @i with @copy as its input. */
static int add_copy(struct sc_link *link, size_t i, char *copy)
{
	link->changed = true;
	if (sc_word_value(&link->in, i, 'T', "script") &&
	    sc_args_add(&link->out, "-T"))
		return -1;
	return sc_args_add(&link->out, copy);
}

/* Word @i, and the next where it is that word's value. */
static int annotate_word(struct sc_inputs *inputs, size_t *i)
{
	struct sc_link *link = inputs->link;
	char *arg = link->in.arg[*i], *next = link->in.arg[*i + 1];
	struct sc_input input = { .copy = NULL };
	size_t at = *i;
	char *path;
	bool pair = sc_word_has_value(arg) && next;

	sc_search_note_state(&inputs->search, arg);
	path = input_of(inputs, at);
	if (path && sc_input_annotate(inputs, path, &input))
		return -1;
	*i += pair;
	link->n_bitcode += input.n_bitcode;
	if (input.n_bitcode && link->instead) {
		if (place_objects(inputs))
			return -1;
		if (input.all_bitcode)
			return 0;
	}
	if (input.copy)
		return add_copy(link, at, input.copy);
	if (sc_args_add(&link->out, arg))
		return -1;
	return pair ? sc_args_add(&link->out, next) : 0;
}

int sc_link_annotate(struct sc_link *link)
{
	struct sc_inputs inputs = { .link = link };
	size_t i;

	link->out.n = 0;
	link->n_bitcode = 0;
	if (sc_search_begin(&inputs.search, &link->in) ||
	    sc_args_add(&link->out, link->in.arg[0]))
		return -1;
	for (i = 1; i < link->in.n; i++)
		if (annotate_word(&inputs, &i))
			return -1;
	/* What it is to hold is made before, of the user's own files. */
	if (link->reproduce && link->workspace.top)
		sc_words_drop(&link->out, "reproduce");
	/* A linker takes its only member where something refers to it. */
	if (inputs.wants_hook && !access(link->hook_library, R_OK)) {
		link->definition = link->hook_library;
		link->changed = true;
		return sc_args_add(&link->out, link->definition);
	}
	return 0;
}
