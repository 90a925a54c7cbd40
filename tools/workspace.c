/* SPDX-License-Identifier: MIT */
/*
 * workspace.c - a temporary directory.  Most files share one directory in it;
 * another is made for a file whose name is taken.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workspace.h"

static int make_top(struct sc_workspace *workspace)
{
	const char *top = getenv("TMPDIR");

	if (!top || !*top)
		top = P_tmpdir;
	workspace->dir = sc_pool_string(workspace->pool,
					"%s/static-call-XXXXXX", top);
	if (!workspace->dir || sc_cleanup_mkdtemp(workspace->dir)) {
		workspace->dir = NULL;
		return sc_error_errno(top, "cannot make a directory in it");
	}
	return 0;
}

static char *make_dir(struct sc_workspace *workspace)
{
	char *dir;

	if (!workspace->dir && make_top(workspace))
		return NULL;
	dir = sc_pool_string(workspace->pool, "%s/%u", workspace->dir,
			     workspace->nr++);
	if (!dir) {
		sc_error(workspace->dir, "out of memory");
		return NULL;
	}
	if (sc_cleanup_add(dir, true))
		return NULL;
	if (mkdir(dir, 0700)) {
		sc_error_errno(workspace->dir, "cannot make a directory in it");
		return NULL;
	}
	return dir;
}

char *sc_workspace_file(struct sc_workspace *workspace, const char *path,
			bool alone)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *dir, *file = NULL;

	if (!workspace->shared)
		workspace->shared = make_dir(workspace);
	if (!workspace->shared)
		return NULL;
	if (!alone)
		file = sc_pool_string(workspace->pool, "%s/%s",
				      workspace->shared, name);
	if (!file || !access(file, F_OK)) {
		dir = make_dir(workspace);
		if (!dir)
			return NULL;
		file = sc_pool_string(workspace->pool, "%s/%s", dir, name);
	}
	if (!file) {
		sc_error(path, "out of memory");
		return NULL;
	}
	return sc_cleanup_add(file, false) ? NULL : file;
}
