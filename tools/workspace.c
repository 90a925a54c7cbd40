/* SPDX-License-Identifier: MIT */
/* workspace.c - a temporary directory with one directory for each file. */
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

char *sc_workspace_file(struct sc_workspace *workspace, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir, *file;

	if (!workspace->dir && make_top(workspace))
		return NULL;
	dir = sc_pool_string(workspace->pool, "%s/%u", workspace->dir,
			     workspace->nr++);
	file = dir ? sc_pool_string(workspace->pool, "%s/%s", dir,
				    slash ? slash + 1 : path) : NULL;
	if (!file) {
		sc_error(path, "out of memory");
		return NULL;
	}
	if (sc_cleanup_add(dir, true) || sc_cleanup_add(file, false))
		return NULL;
	if (mkdir(dir, 0700)) {
		sc_error_errno(workspace->dir, "cannot make a directory in it");
		return NULL;
	}
	return file;
}
