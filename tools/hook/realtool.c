/* SPDX-License-Identifier: MIT */
/*
 * realtool.c - looks for a tool where the compiler that called the hook would
 * have looked next: in the other -B directories, in the directories of the
 * compiler's own installation, in PATH.
 *
 * Rules: a directory that holds a hook (of any version) is passed over, so two
 * hooks can never call each other for ever; the path found is not resolved,
 * because linkers look at the name they are called by.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/realtool.h"

/* The file that marks the directory of a hook. */
#define MARK "hook.rsp"

struct search {
	struct sc_pool *pool;
	const char *name;
};

/* The tool in the directory @dir of @len characters, NULL if it is not there. */
static char *in_directory(const struct search *search, const char *dir,
			  size_t len)
{
	char *path, *mark;
	struct stat st;

	/* An empty name in PATH or COMPILER_PATH is the current directory. */
	if (!len) {
		dir = ".";
		len = 1;
	}
	path = sc_pool_string(search->pool, "%.*s/%s", (int)len, dir,
			      search->name);
	mark = sc_pool_string(search->pool, "%.*s/" MARK, (int)len, dir);
	if (!path || !mark || access(path, X_OK) || stat(path, &st) ||
	    !S_ISREG(st.st_mode) || !access(mark, F_OK))
		return NULL;
	return path;
}

/* Directories with colons between them. */
static char *in_list(const struct search *search, const char *list)
{
	char *path = NULL;

	while (!path && list && *list) {
		size_t len = strcspn(list, ":");

		path = in_directory(search, list, len);
		list += len + (list[len] == ':');
	}
	return path;
}

/*
 * Takes the next word of a command line, which may be -BDIR, or -B and then DIR:
 * *@next says that DIR is what comes now.
 */
static char *in_word(const struct search *search, const char *word, size_t len,
		     bool *next)
{
	bool is_b = len >= 2 && word[0] == '-' && word[1] == 'B';
	bool is_directory = *next;

	*next = !is_directory && is_b && len == 2;
	if (is_directory)
		return in_directory(search, word, len);
	return is_b && len > 2 ? in_directory(search, word + 2, len - 2) : NULL;
}

/* gcc tells its options as 'word' 'word'..., with ' written as '\''. */
static char *in_gcc_options(const struct search *search, const char *options)
{
	const char *word = options, *end;
	bool next = false;
	char *path;

	while (word && (word = strchr(word, '\''))) {
		end = strchr(++word, '\'');
		if (!end)
			break;
		path = in_word(search, word, (size_t)(end - word), &next);
		if (path)
			return path;
		word = end + 1;
	}
	return NULL;
}

/* Takes the last name off @path and the slash before it; false if none is. */
static bool cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	return slash;
}

/*
 * gcc names its lto-wrapper, PREFIX/gcc/MACHINE/VERSION/lto-wrapper; tools of
 * its own are beside that, above it, or in PREFIX/../MACHINE/bin.
 */
static char *in_gcc_installation(const struct search *search,
				 const char *wrapper)
{
	char *dir = wrapper ? sc_pool_string(search->pool, "%s", wrapper) : NULL;
	char *path = NULL, *bin;
	int i;

	for (i = 0; i < 2 && !path; i++) {
		if (!dir || !cut(dir))
			return NULL;
		path = in_directory(search, dir, strlen(dir));
	}
	if (path || !strrchr(dir, '/'))
		return path;
	bin = sc_pool_string(search->pool, "%s/../../..%s/bin", dir,
			     strrchr(dir, '/'));
	return bin ? in_directory(search, bin, strlen(bin)) : NULL;
}

/* The -B directories of the parent, which may be a compiler. */
static char *in_parent_options(const struct search *search)
{
	char name[64], *word = NULL, *path = NULL;
	bool next = false;
	size_t room = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/cmdline", (int)getppid());
	file = fopen(name, "re");
	while (file && !path && getdelim(&word, &room, '\0', file) > 0)
		path = in_word(search, word, strlen(word), &next);
	free(word);
	if (file)
		fclose(file);
	return path;
}

/*
 * clang and its like say nothing in the environment, and have tools of their own
 * beside them.  What is beside a shell or make is nothing that was asked for.
 */
static char *beside_clang(const struct search *search)
{
	char exe[PATH_MAX], name[64];
	ssize_t len;

	snprintf(name, sizeof(name), "/proc/%d/exe", (int)getppid());
	len = readlink(name, exe, sizeof(exe) - 1);
	exe[len > 0 ? len : 0] = '\0';
	if (!strrchr(exe, '/') || !strstr(strrchr(exe, '/'), "lang"))
		return NULL;
	cut(exe);
	return in_directory(search, exe, strlen(exe));
}

char *sc_realtool(struct sc_pool *pool, const char *name)
{
	struct search search = { pool, name };
	char *path = in_gcc_options(&search, getenv("COLLECT_GCC_OPTIONS"));

	if (!path)
		path = in_list(&search, getenv("COMPILER_PATH"));
	if (!path)
		path = in_gcc_installation(&search,
					   getenv("COLLECT_LTO_WRAPPER"));
	if (!path && !getenv("COLLECT_GCC"))
		path = in_parent_options(&search);
	if (!path && !getenv("COLLECT_GCC"))
		path = beside_clang(&search);
	return path ? path : in_list(&search, getenv("PATH"));
}
