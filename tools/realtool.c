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
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "realtool.h"

/* The file that marks the directory of a hook. */
#define MARK "hook.rsp"

static char *try_directory(struct sc_pool *pool, const char *dir, size_t len,
			   const char *name)
{
	char *mark, *path;
	struct stat st;

	/* An empty name in PATH or COMPILER_PATH is the current directory. */
	if (!len) {
		dir = ".";
		len = 1;
	}
	path = sc_pool_string(pool, "%.*s%s%s", (int)len, dir,
			      dir[len - 1] == '/' ? "" : "/", name);
	if (!path || access(path, X_OK) || stat(path, &st) ||
	    !S_ISREG(st.st_mode))
		return NULL;
	mark = sc_pool_string(pool, "%.*s/" MARK, (int)len, dir);
	return mark && access(mark, F_OK) ? path : NULL;
}

static char *try_list(struct sc_pool *pool, const char *list, const char *name)
{
	char *path = NULL;
	size_t len;

	while (list && *list && !path) {
		len = strcspn(list, ":");
		path = try_directory(pool, list, len, name);
		list += len + (list[len] == ':');
	}
	return path;
}

/* gcc tells its options as 'word' 'word'..., with ' written as '\''. */
static char *try_gcc_options(struct sc_pool *pool, const char *options,
			     const char *name)
{
	const char *at = options, *end;
	bool next = false;
	char *path = NULL;

	while (at && !path && (at = strchr(at, '\''))) {
		end = strchr(++at, '\'');
		if (!end)
			break;
		if (next)
			path = try_directory(pool, at, (size_t)(end - at),
					     name);
		else if (!strncmp(at, "-B", 2) && end - at > 2)
			path = try_directory(pool, at + 2,
					     (size_t)(end - at) - 2, name);
		next = end - at == 2 && !strncmp(at, "-B", 2);
		at = end + 1;
	}
	return path;
}

/*
 * gcc names its lto-wrapper, PREFIX/gcc/MACHINE/VERSION/lto-wrapper; tools of
 * its own are beside that, above it, or in PREFIX/../MACHINE/bin.
 */
static char *try_gcc_installation(struct sc_pool *pool, const char *wrapper,
				  const char *name)
{
	char *dir = wrapper ? sc_pool_string(pool, "%s", wrapper) : NULL;
	char *machine, *bin, *slash, *path;

	if (!dir || !(slash = strrchr(dir, '/')))
		return NULL;
	*slash = '\0';
	path = try_directory(pool, dir, strlen(dir), name);
	if (path || !(slash = strrchr(dir, '/')))
		return path;
	*slash = '\0';
	path = try_directory(pool, dir, strlen(dir), name);
	machine = strrchr(dir, '/');
	if (path || !machine)
		return path;
	bin = sc_pool_string(pool, "%s/../../..%s/bin", dir, machine);
	return bin ? try_directory(pool, bin, strlen(bin), name) : NULL;
}

static char *read_proc(struct sc_pool *pool, const char *path, size_t *size)
{
	const size_t room = 1 << 20;
	char *text = sc_pool_alloc(pool, room, 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	*size = 0;
	while (text && fd >= 0 && *size < room - 1) {
		n = read(fd, text + *size, room - 1 - *size);
		if (n <= 0)
			break;
		*size += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* clang says nothing in the environment; it is the parent. */
static char *try_parent(struct sc_pool *pool, const char *name)
{
	char *file = sc_pool_string(pool, "/proc/%d/cmdline", (int)getppid());
	char exe[PATH_MAX], *text, *at, *path = NULL;
	bool next = false;
	size_t size;
	ssize_t len;

	text = file ? read_proc(pool, file, &size) : NULL;
	for (at = text; at && at < text + size && !path;
	     at += strlen(at) + 1) {
		if (next)
			path = try_directory(pool, at, strlen(at), name);
		else if (!strncmp(at, "-B", 2) && at[2])
			path = try_directory(pool, at + 2, strlen(at + 2),
					     name);
		next = !strcmp(at, "-B");
	}
	if (path)
		return path;
	file = sc_pool_string(pool, "/proc/%d/exe", (int)getppid());
	len = file ? readlink(file, exe, sizeof(exe) - 1) : -1;
	if (len <= 0)
		return NULL;
	exe[len] = '\0';
	at = strrchr(exe, '/');
	return at ? try_directory(pool, exe, (size_t)(at - exe), name) : NULL;
}

char *sc_realtool(struct sc_pool *pool, const char *name)
{
	bool gcc = getenv("COLLECT_GCC") != NULL;
	char *path;

	path = try_gcc_options(pool, getenv("COLLECT_GCC_OPTIONS"), name);
	if (!path)
		path = try_list(pool, getenv("COMPILER_PATH"), name);
	if (!path)
		path = try_gcc_installation(pool, getenv("COLLECT_LTO_WRAPPER"),
					    name);
	if (!path && !gcc)
		path = try_parent(pool, name);
	if (!path)
		path = try_list(pool, getenv("PATH"), name);
	return path;
}
