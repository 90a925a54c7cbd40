/* SPDX-License-Identifier: MIT */
/* search.c - finds libraries as a linker does. */
#include <string.h>
#include <unistd.h>

#include "hook/search.h"
#include "hook/words.h"

static int add_dir(struct sc_search *search, char *dir)
{
	const char *rest = NULL;

	if (dir && dir[0] == '=')
		rest = dir + 1;
	else if (dir && !strncmp(dir, "$SYSROOT", 8))
		rest = dir + 8;
	if (rest)
		dir = sc_pool_string(search->dirs.pool, "%s%s",
				     search->sysroot, rest);
	return dir ? sc_args_add(&search->dirs, dir) : 0;
}

int sc_search_begin(struct sc_search *search, const struct sc_args *in)
{
	size_t i;

	*search = (struct sc_search){ .dirs.pool = in->pool, .sysroot = "" };
	for (i = 1; i < in->n; i++) {
		char *value = sc_word_value(in, i, 0, "sysroot");

		if (value)
			search->sysroot = value;
	}
	for (i = 1; i < in->n; i++) {
		char *value = sc_word_value(in, i, 'L', "library-path");

		if (value && add_dir(search, value))
			return -1;
		if (sc_word_has_value(in->arg[i]) && i + 1 < in->n)
			i++;
	}
	return 0;
}

/* @dir/@name if it can be read, NULL if not. */
static char *there(struct sc_search *search, const char *dir, const char *prefix,
		   const char *name, const char *suffix)
{
	char *path = sc_pool_string(search->dirs.pool, "%s/%s%s%s", dir, prefix,
				    name, suffix);

	return path && !access(path, R_OK) ? path : NULL;
}

char *sc_search_library(struct sc_search *search, const char *name)
{
	char *path = NULL;
	size_t i;

	for (i = 0; !path && i < search->dirs.n; i++) {
		const char *dir = search->dirs.arg[i];

		if (name[0] == ':') {
			path = there(search, dir, "", name + 1, "");
			continue;
		}
		if (!search->statics)
			path = there(search, dir, "lib", name, ".so");
		if (!path)
			path = there(search, dir, "lib", name, ".a");
	}
	return path;
}

char *sc_search_in_script(struct sc_search *search, const char *script,
			  const char *name, bool *beside)
{
	const char *slash = strrchr(script, '/');
	char *path = NULL;
	size_t i;

	*beside = false;
	if (name[0] == '-' && name[1] == 'l')
		return sc_search_library(search, name + 2);
	if (name[0] == '=')
		return there(search, search->sysroot, "", name + 1, "");
	if (!access(name, R_OK))
		return sc_pool_string(search->dirs.pool, "%s", name);
	if (name[0] == '/')
		return NULL;
	if (slash)
		path = there(search, sc_pool_string(search->dirs.pool, "%.*s",
						    (int)(slash - script),
						    script),
			     "", name, "");
	*beside = path;
	for (i = 0; !path && i < search->dirs.n; i++)
		path = there(search, search->dirs.arg[i], "", name, "");
	return path;
}

void sc_search_note_state(struct sc_search *search, const char *arg)
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

	if (sc_word_is_any(arg, statics))
		search->statics = true;
	else if (sc_word_is_any(arg, dynamic))
		search->statics = false;
	else if (!strcmp(arg, "--push-state") || !strcmp(arg, "-push-state"))
		search->saved[search->depth++ % room] = search->statics;
	else if ((!strcmp(arg, "--pop-state") ||
		  !strcmp(arg, "-pop-state")) && search->depth)
		search->statics = search->saved[--search->depth % room];
}
