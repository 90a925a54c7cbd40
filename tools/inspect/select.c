/* SPDX-License-Identifier: MIT */
/* select.c - finds processes by name in /proc. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/select.h"

/* The kernel keeps no more of a program's name. */
enum { COMM_MAX = 15 };

bool sc_select_is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

int sc_select_pid(struct sc_selection *selection, const char *pid)
{
	char **new = sc_pool_grow(&selection->pool, selection->pid,
				  selection->n, sizeof(*new));
	char *copy = sc_pool_string(&selection->pool, "%s", pid);

	if (!new || !copy)
		return sc_error(NULL, "out of memory");
	selection->pid = new;
	new[selection->n++] = copy;
	return 0;
}

static bool comm_is(int proc, const char *pid, const char *name)
{
	char path[PATH_MAX], comm[COMM_MAX + 2];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, comm, sizeof(comm) - 1);
		close(fd);
	}
	if (n <= 0)
		return false;
	comm[n] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	return !strncmp(comm, name, COMM_MAX) &&
	       (strlen(name) <= COMM_MAX ? strlen(comm) == strlen(name) : true);
}

/* The name of the program's file: longer, and the process cannot change it. */
static bool program_is(int proc, const char *pid, const char *name)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX], program[PATH_MAX], *base;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/exe", pid);
	n = readlinkat(proc, path, program, sizeof(program) - 1);
	if (n <= 0)
		return false;
	program[n] = '\0';
	if ((size_t)n > strlen(deleted) &&
	    !strcmp(program + n - strlen(deleted), deleted))
		program[(size_t)n - strlen(deleted)] = '\0';
	base = strrchr(program, '/');
	return base && !strcmp(base + 1, name);
}

/* All but this one, or those that are called @name. */
static int add_from_proc(struct sc_selection *selection, const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	if (!proc)
		return sc_error_errno("/proc", "cannot open");
	while (!err && (entry = readdir(proc))) {
		const char *pid = entry->d_name;

		if (!isdigit((unsigned char)pid[0]) || atol(pid) == getpid())
			continue;
		if (!name || comm_is(dirfd(proc), pid, name) ||
		    program_is(dirfd(proc), pid, name))
			err = sc_select_pid(selection, pid);
	}
	closedir(proc);
	return err;
}

int sc_select_name(struct sc_selection *selection, const char *name)
{
	return add_from_proc(selection, name);
}

int sc_select_all(struct sc_selection *selection)
{
	return add_from_proc(selection, NULL);
}

void sc_select_end(struct sc_selection *selection)
{
	sc_pool_empty(&selection->pool);
	*selection = (struct sc_selection){ .n = 0 };
}
