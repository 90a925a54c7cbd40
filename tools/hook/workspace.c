/* SPDX-License-Identifier: MIT */
/*
 * workspace.c - private copies of the inputs of a link.
 *
 * Linkers print the names of their inputs, in messages, in maps, in lists of
 * dependencies, and linker scripts tell inputs apart by name.  So the name of a
 * copy is that of the original behind a prefix, and to take the prefix away is
 * the way back, however a linker quotes what follows:
 *
 *	src/x.o		TOP/0/0/src/x.o
 *	../lib/x.o	TOP/0/1/.up/../lib/x.o	(one ".up/" for each way up)
 *	/lib/x.a	TOP/0/a/lib/x.a
 *
 * Some linkers make TOP/0/1/lib/x.o of the second.  The first number is the
 * stage.  The content is in memory, and the name a
 * symbolic link to it, which is nothing to lose if the hook is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "hook/workspace.h"

#define IN_MEMORY "/dev/shm"
#define UP ".up/"

enum { SPARE_FILES = 32 };

static bool is_in_memory(const char *dir)
{
	struct statfs fs;

	return !statfs(dir, &fs) && fs.f_type == TMPFS_MAGIC;
}

/* The first of these where a directory can be made; a disk comes last. */
static int make_top(struct sc_workspace *workspace)
{
	const char *own = getenv("TMPDIR");
	const char *const dirs[] = {
		own && is_in_memory(own) ? own : NULL,
		is_in_memory(IN_MEMORY) ? IN_MEMORY : NULL, own, P_tmpdir,
	};
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		char *top;

		if (!dirs[i] || dirs[i][0] != '/')
			continue;
		top = sc_pool_string(workspace->pool, "%s/static-call-XXXXXX",
				     dirs[i]);
		if (top && !sc_cleanup_mkdtemp(top)) {
			workspace->top = top;
			return 0;
		}
	}
	return sc_error_errno(P_tmpdir, "cannot make a directory in it");
}

/* How many directories up @path leads at most. */
static unsigned int ways_up(const char *path)
{
	int depth = 0, least = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && !strncmp(path, "..", 2))
			depth--;
		else if (len && !(len == 1 && path[0] == '.'))
			depth++;
		if (depth < least)
			least = depth;
		path += len + (path[len] == '/');
	}
	return (unsigned int)-least;
}

/* Makes all directories in front of the last name of @path. */
static int make_dirs(struct sc_workspace *workspace, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);
	char *dir;

	if (workspace->dir && !strncmp(workspace->dir, path, len) &&
	    !workspace->dir[len])
		return 0;
	dir = sc_pool_string(workspace->pool, "%.*s", (int)len, path);
	if (!dir)
		return sc_error(path, "out of memory");
	len = strlen(workspace->top) + 1;
	while (dir[len]) {
		char *slash = dir + len + strcspn(dir + len, "/"), end = *slash;

		*slash = '\0';
		if (sc_cleanup_mkdir(dir) && errno != EEXIST)
			return sc_error_errno(dir, "cannot make this directory");
		*slash = end;
		len = (size_t)(slash - dir) + (end == '/');
	}
	workspace->dir = dir;
	return 0;
}

/* @text @n times. */
static const char *repeated(struct sc_workspace *workspace, const char *text,
			    unsigned int n)
{
	char *all = n ? sc_pool_alloc(workspace->pool, n + 1, strlen(text)) :
			NULL;

	while (all && n--)
		strcat(all, text);
	return all ? all : "";
}

/* The name that a copy of @path has.  NULL: a message. */
static char *copy_name(struct sc_workspace *workspace, const char *path)
{
	unsigned int up = ways_up(path);
	char *name;

	if (!workspace->top && make_top(workspace))
		return NULL;
	if (path[0] == '/')
		name = sc_pool_string(workspace->pool, "%s/%u/a%s",
				      workspace->top, workspace->stage, path);
	else
		name = sc_pool_string(workspace->pool, "%s/%u/%u/%s%s",
				      workspace->top, workspace->stage, up,
				      repeated(workspace, UP, up), path);
	if (!name) {
		sc_error(path, "out of memory");
		return NULL;
	}
	return make_dirs(workspace, name) ? NULL : name;
}

/*
 * A file in memory, which takes a descriptor for as long as it is there.  Some
 * must be left, or inputs could not be read, and would go without records.
 */
static int open_memory(void)
{
	int fd = memfd_create("static-call", MFD_CLOEXEC);
	struct rlimit limit;

	if (fd < 0 || getrlimit(RLIMIT_NOFILE, &limit) ||
	    (rlim_t)fd + SPARE_FILES < limit.rlim_cur)
		return fd;
	limit.rlim_cur = limit.rlim_max;
	if (!setrlimit(RLIMIT_NOFILE, &limit) &&
	    (rlim_t)fd + SPARE_FILES < limit.rlim_cur)
		return fd;
	close(fd);
	return -1;
}

/* Leads @name to the memory of @fd; false if nobody could read it there. */
static bool link_memory(struct sc_workspace *workspace, int fd,
			const char *name)
{
	char target[64];

	snprintf(target, sizeof(target), "/proc/%d/fd/%d", (int)getpid(), fd);
	if (symlink(target, name))
		return false;
	/* What holds for one file holds for all. */
	if (!workspace->memory_read)
		workspace->memory_read = !access(name, R_OK);
	if (!workspace->memory_read)
		unlink(name);
	return workspace->memory_read;
}

static int open_copy(struct sc_workspace *workspace, struct sc_copy *copy)
{
	copy->fd = open_memory();
	if (copy->fd >= 0) {
		copy->in_memory = link_memory(workspace, copy->fd, copy->name);
		if (copy->in_memory)
			return 0;
		close(copy->fd);
	}
	copy->fd = open(copy->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			0600);
	copy->had = copy->fd < 0 && errno == EEXIST;
	return copy->fd >= 0 || copy->had ?
	       0 : sc_error_errno(copy->name, "cannot create");
}

int sc_workspace_open(struct sc_workspace *workspace, const char *path,
		      struct sc_copy *copy)
{
	*copy = (struct sc_copy){ copy_name(workspace, path), -1, false, false };
	if (!copy->name || sc_cleanup_add(copy->name, false))
		return -1;
	return open_copy(workspace, copy);
}

int sc_workspace_close(const struct sc_copy *copy)
{
	if (copy->fd < 0 || copy->in_memory)
		return 0;
	/* A full disk may show itself only here. */
	return close(copy->fd) ?
	       sc_error_errno(copy->name, "cannot write") : 0;
}

char *sc_workspace_scratch(struct sc_workspace *workspace, const char *name)
{
	char *path;

	if (!workspace->top && make_top(workspace))
		return NULL;
	path = sc_pool_string(workspace->pool, "%s/scratch/%s", workspace->top,
			      name);
	if (!path) {
		sc_error(name, "out of memory");
		return NULL;
	}
	return make_dirs(workspace, path) || sc_cleanup_add(path, false) ?
	       NULL : path;
}

/*
 * The length of the prefix that begins at @text, or 0; in *@up, the ways up that a
 * linker has taken out of what follows.
 */
static size_t prefix_length(const struct sc_workspace *workspace,
			    const char *text, size_t len, size_t *up)
{
	const size_t one = sizeof(UP) - 1;
	size_t at = strlen(workspace->top);

	*up = 0;
	if (len < at + 5 || memcmp(text, workspace->top, at) ||
	    text[at] != '/' || text[at + 2] != '/')
		return 0;
	at += 3;
	/* The slash that follows is the user's. */
	if (text[at] == 'a' && text[at + 1] == '/')
		return at + 1;
	while (at < len && text[at] >= '0' && text[at] <= '9')
		*up = 10 * *up + (size_t)(text[at++] - '0');
	if (at >= len || text[at++] != '/')
		return 0;
	for (; *up && len - at >= one && !memcmp(text + at, UP, one); --*up)
		at += one;
	return at;
}

char *sc_workspace_restore(const struct sc_workspace *workspace,
			   const char *text, size_t *len)
{
	const char *end = text + *len, *next;
	char *new = NULL, *copy = NULL;
	FILE *out = NULL;
	size_t up;

	while (workspace->top &&
	       (next = memmem(text, (size_t)(end - text), workspace->top,
			      strlen(workspace->top)))) {
		size_t prefix = prefix_length(workspace, next,
					      (size_t)(end - next), &up);

		if (!out)
			out = open_memstream(&new, len);
		if (!out)
			return NULL;
		fwrite(text, 1, (size_t)(next - text), out);
		if (!prefix)
			fputc(*next++, out);
		while (prefix && up--)
			fputs("../", out);
		text = next + prefix;
	}
	if (!out)
		return NULL;
	fwrite(text, 1, (size_t)(end - text), out);
	if (!fclose(out))
		copy = sc_pool_alloc(workspace->pool, *len + 1, 1);
	if (copy)
		memcpy(copy, new, *len);
	free(new);
	return copy;
}

void sc_workspace_restore_file(const struct sc_workspace *workspace,
			       const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text, *new = NULL;
	size_t len;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		len = (size_t)st.st_size;
		text = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (text != MAP_FAILED) {
			new = sc_workspace_restore(workspace, text, &len);
			munmap(text, (size_t)st.st_size);
		}
		if (new && (pwrite(fd, new, len, 0) != (ssize_t)len ||
			    ftruncate(fd, (off_t)len)))
			sc_error_errno(path, "cannot write");
	}
	close(fd);
}
