/* SPDX-License-Identifier: MIT */
/*
 * linker.c - finds the objects and libraries on the command line of a linker,
 * and puts annotated private copies in the place of those that need it.
 *
 * Rules: a word that is not understood stays as it is; a library that cannot
 * be found is the linker's business.  Only what is an x86-64 object that names
 * a trampoline is ever replaced, so that mistaking an option's value for a
 * file does no harm.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "inputfile.h"
#include "linker.h"

/* Options whose value is the next word. */
static const char *const valued[] = {
	"-A", "-F", "-G", "-L", "-M", "-O", "-P", "-R", "-T", "-Y", "-a", "-b",
	"-c", "-e", "-f", "-h", "-l", "-m", "-o", "-u", "-y", "-z",
	"-Map", "-defsym", "-dynamic-linker", "-fini", "-init", "-plugin",
	"-plugin-opt", "-rpath", "-rpath-link", "-soname", "-version-script",
	"--architecture", "--auxiliary", "--defsym", "--dynamic-linker",
	"--dynamic-list", "--entry", "--exclude-libs", "--filter", "--fini",
	"--format", "--init", "--just-symbols", "--library", "--library-path",
	"--oformat", "--output", "--plugin", "--plugin-opt",
	"--retain-symbols-file", "--rpath", "--rpath-link", "--script",
	"--section-start", "--soname", "--sysroot", "--undefined",
	"--version-script", "--wrap",
};

static bool has_value(const char *arg)
{
	size_t i;

	for (i = 0; i < sizeof(valued) / sizeof(valued[0]); i++)
		if (!strcmp(arg, valued[i]))
			return true;
	return false;
}

/* The value of a long option in its "=" form, or NULL. */
static char *long_value(char *arg, const char *name)
{
	size_t len = strlen(name);

	/* Linkers take one dash for two. */
	if (arg[0] != '-')
		return NULL;
	arg += arg[1] == '-' ? 2 : 1;
	return !strncmp(arg, name, len) && arg[len] == '=' ?
	       arg + len + 1 : NULL;
}

static bool is_any(const char *arg, const char *const *list)
{
	while (*list)
		if (!strcmp(arg, *list++))
			return true;
	return false;
}

int sc_link_read(struct sc_link *link, char *const *argv)
{
	static const char *const relocatable[] = {
		"-r", "-i", "-Ur", "--relocatable", "-relocatable", NULL
	};
	static const char *const output[] = { "-o", "--output", NULL };
	size_t i;

	link->in.pool = link->pool;
	link->out.pool = link->pool;
	link->workspace.pool = link->pool;
	if (sc_args_expand(&link->in, argv))
		return -1;
	for (i = 1; i < link->in.nr; i++) {
		char *arg = link->in.arg[i], *value = long_value(arg, "output");

		if (value)
			link->output = value;
		else if (is_any(arg, output))
			link->output = link->in.arg[i + 1];
		else if (is_any(arg, relocatable))
			link->relocatable = true;
		else if (!strncmp(arg, "-o", 2) && arg[2] &&
			 strncmp(arg, "-oformat", 8))
			link->output = arg + 2;
		if (has_value(arg) && i + 1 < link->in.nr)
			i++;
	}
	return 0;
}

struct search {
	struct sc_link *link;
	struct sc_args dirs;		/* -L */
	const char *sysroot;
	bool statics, saved[16];	/* -Bstatic; what --push-state saved */
	unsigned int depth;
	bool placed;			/* link->instead is in link->out */
};

static int add_dir(struct search *search, char *dir)
{
	const char *rest = NULL;

	if (dir && dir[0] == '=')
		rest = dir + 1;
	else if (dir && !strncmp(dir, "$SYSROOT", 8))
		rest = dir + 8;
	if (rest)
		dir = sc_pool_string(search->link->pool, "%s%s",
				     search->sysroot, rest);
	return dir ? sc_args_add(&search->dirs, dir) : 0;
}

/* The value of option @i: in the same word, behind "=", or the next word. */
static char *option_value(const struct sc_args *args, size_t i, char letter,
			  const char *name)
{
	char *arg = args->arg[i], *value = long_value(arg, name);

	if (value)
		return value;
	if (arg[0] == '-' && arg[1] == letter)
		return arg[2] ? arg + 2 : args->arg[i + 1];
	if (arg[0] == '-' && arg[1] == '-' && !strcmp(arg + 2, name))
		return args->arg[i + 1];
	return NULL;
}

/* All directories count for all libraries, wherever they are given. */
static int read_dirs(struct search *search)
{
	const struct sc_args *in = &search->link->in;
	size_t i;

	search->dirs.pool = search->link->pool;
	search->sysroot = "";
	for (i = 1; i < in->nr; i++) {
		char *value = long_value(in->arg[i], "sysroot");

		if (value)
			search->sysroot = value;
		else if (!strcmp(in->arg[i], "--sysroot") && in->arg[i + 1])
			search->sysroot = in->arg[i + 1];
	}
	for (i = 1; i < in->nr; i++) {
		char *value = option_value(in, i, 'L', "library-path");

		if (value && add_dir(search, value))
			return -1;
		if (has_value(in->arg[i]) && i + 1 < in->nr)
			i++;
	}
	return 0;
}

/* The static library that -l@name means here, or NULL: another, or none. */
static char *find_library(struct search *search, const char *name)
{
	struct sc_pool *pool = search->link->pool;
	size_t i;

	for (i = 0; i < search->dirs.nr; i++) {
		const char *dir = search->dirs.arg[i];
		char *path;

		if (name[0] == ':') {
			path = sc_pool_string(pool, "%s/%s", dir, name + 1);
			if (path && !access(path, R_OK))
				return path;
			continue;
		}
		path = sc_pool_string(pool, "%s/lib%s.so", dir, name);
		if (!search->statics && path && !access(path, R_OK))
			return NULL;
		path = sc_pool_string(pool, "%s/lib%s.a", dir, name);
		if (path && !access(path, R_OK))
			return path;
	}
	return NULL;
}

struct input {
	char *copy;			/* annotated; NULL: needs none */
	size_t nr_bitcode;		/* modules of it */
	bool all_bitcode;		/* it is nothing else */
};

struct copy {
	struct sc_link *link;
	const char *path;
	char *name;
	int fd;
};

static int open_copy(void *context)
{
	struct copy *copy = context;

	copy->name = sc_workspace_file(&copy->link->workspace, copy->path,
				       false);
	if (!copy->name)
		return -1;
	copy->fd = open(copy->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return copy->fd < 0 ? sc_error_errno(copy->name, "cannot create") :
			      copy->fd;
}

static int annotate_object(struct sc_link *link, const char *path,
			   const struct sc_inputfile *file, char **name)
{
	struct copy copy = { link, path, NULL, -1 };
	enum sc_annotate_result result;

	result = sc_inputfile_annotate(file, path, open_copy, &copy);
	/* A full disk may show itself only here. */
	if (copy.fd >= 0 && close(copy.fd) && result == SC_ANNOTATE_DONE) {
		sc_error_errno(copy.name, "cannot write");
		result = SC_ANNOTATE_ERROR;
	}
	if (result == SC_ANNOTATE_DONE)
		*name = copy.name;
	return result == SC_ANNOTATE_ERROR ? -1 : 0;
}

static int annotate_input(struct sc_link *link, const char *path,
			  struct input *input)
{
	struct sc_inputfile file;
	int error = 0;

	*input = (struct input){ .copy = NULL };
	if (sc_inputfile_map(&file, path))
		return 0;
	if (sc_inputfile_is_bitcode(&file)) {
		input->nr_bitcode = 1;
		input->all_bitcode = true;
	} else if (!sc_archive_is(file.data, file.size)) {
		error = annotate_object(link, path, &file, &input->copy);
	} else if (sc_archive_is_thin(file.data) || link->instead ||
		   sc_inputfile_may_call(&file)) {
		/* A thin archive's members are other files: look at those. */
		error = sc_archive_annotate(&link->workspace, path, file.data,
					    file.size, link->instead != NULL,
					    &input->copy, &input->nr_bitcode);
	}
	sc_inputfile_unmap(&file);
	return error;
}

/* -Bstatic and its like say which libraries the following -l may mean. */
static void note_state(struct search *search, const char *arg)
{
	static const char *const statics[] = {
		"-Bstatic", "--Bstatic", "-static", "--static", "-dn",
		"-non_shared", "--non_shared", NULL
	};
	static const char *const dynamic[] = {
		"-Bdynamic", "--Bdynamic", "-dy", "-call_shared",
		"--call_shared", NULL
	};
	const unsigned int room = sizeof(search->saved) /
				  sizeof(search->saved[0]);

	if (is_any(arg, statics))
		search->statics = true;
	else if (is_any(arg, dynamic))
		search->statics = false;
	else if (!strcmp(arg, "--push-state") || !strcmp(arg, "-push-state"))
		search->saved[search->depth++ % room] = search->statics;
	else if ((!strcmp(arg, "--pop-state") ||
		  !strcmp(arg, "-pop-state")) && search->depth)
		search->statics = search->saved[--search->depth % room];
}

/* The objects made of bitcode, where the first of it was. */
static int place_objects(struct search *search)
{
	const struct sc_args *instead = search->link->instead;
	size_t i;

	for (i = 0; !search->placed && i < instead->nr; i++)
		if (sc_args_add(&search->link->out, instead->arg[i]))
			return -1;
	search->placed = true;
	return 0;
}

/* Word @i, and the next where it is that word's value. */
static int annotate_word(struct search *search, size_t *i)
{
	struct sc_link *link = search->link;
	char *arg = link->in.arg[*i], *next = link->in.arg[*i + 1];
	char *value = option_value(&link->in, *i, 'l', "library");
	struct input input = { .copy = NULL };
	char *path = arg;
	bool pair = has_value(arg) && next;

	note_state(search, arg);
	if (value)
		path = find_library(search, value);
	else if (arg[0] == '-')
		path = NULL;
	if (path && annotate_input(link, path, &input))
		return -1;
	*i += pair;
	link->nr_bitcode += input.nr_bitcode;
	if (input.nr_bitcode && link->instead) {
		if (place_objects(search))
			return -1;
		if (input.all_bitcode)
			return 0;
	}
	if (input.copy) {
		link->changed = true;
		return sc_args_add(&link->out, input.copy);
	}
	if (sc_args_add(&link->out, arg))
		return -1;
	return pair ? sc_args_add(&link->out, next) : 0;
}

int sc_link_annotate(struct sc_link *link)
{
	struct search search = { .link = link };
	size_t i;

	link->out.nr = 0;
	link->nr_bitcode = 0;
	if (read_dirs(&search) || sc_args_add(&link->out, link->in.arg[0]))
		return -1;
	for (i = 1; i < link->in.nr; i++)
		if (annotate_word(&search, &i))
			return -1;
	return 0;
}
