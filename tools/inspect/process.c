/* SPDX-License-Identifier: MIT */
/*
 * process.c - reads /proc/PID: its memory, and what is mapped where.
 *
 * Rules: everything goes through one descriptor of /proc/PID, or of one thread
 * below it, so that a number given to another process is never mistaken; nothing
 * read is trusted.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/process.h"

bool sc_process_read(struct sc_process *process, uint64_t address, void *to,
		     size_t size)
{
	ssize_t n = pread(process->memory, to, size, (off_t)address);

	/* Its memory is gone: it has ended, or runs another program. */
	if (!n)
		process->ended = true;
	return n == (ssize_t)size;
}

bool sc_process_read64(struct sc_process *process, uint64_t address,
		       uint64_t *value)
{
	return sc_process_read(process, address, value, sizeof(*value));
}

bool sc_mapping_same_file(const struct sc_mapping *a, const struct sc_mapping *b)
{
	return a->inode == b->inode && a->device == b->device &&
	       !strcmp(a->path, b->path);
}

const struct sc_mapping *sc_mapping_at(const struct sc_process *process,
				       const struct sc_mapping *like,
				       uint64_t address)
{
	size_t i;

	for (i = 0; i < process->n_mappings; i++) {
		const struct sc_mapping *mapping = &process->mapping[i];

		if (address >= mapping->start && address < mapping->end &&
		    sc_mapping_same_file(mapping, like))
			return mapping;
	}
	return NULL;
}

static int add_mapping(struct sc_process *process, char *line)
{
	unsigned int major = 0, minor = 0;
	struct sc_mapping mapping, *new;
	char permissions[5];
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64
		   " %n", &mapping.start, &mapping.end, permissions,
		   &mapping.offset, &major, &minor, &mapping.inode, &at) < 7)
		return sc_error(process->name, "cannot read its maps: %s",
				line);
	mapping.device = (uint64_t)major << 32 | minor;
	mapping.executable = permissions[2] == 'x';
	mapping.path = sc_pool_string(&process->pool, "%s", line + at);
	new = sc_pool_grow(&process->pool, process->mapping,
			   process->n_mappings, sizeof(*new));
	if (!new || !mapping.path)
		return sc_error(process->name, "out of memory");
	process->mapping = new;
	new[process->n_mappings++] = mapping;
	return 0;
}

static int read_maps(struct sc_process *process)
{
	int fd = openat(process->dir, "maps", O_RDONLY | O_CLOEXEC), err = 0;
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	size_t room = 0;
	char *line = NULL;

	if (!file) {
		sc_error_errno(process->name, "cannot read its maps");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!err && getline(&line, &room, file) > 0)
		err = add_mapping(process, line);
	if (!err && ferror(file))
		err = sc_error_errno(process->name, "cannot read its maps");
	free(line);
	fclose(file);
	return err;
}

static int open_directory(const struct sc_process *process)
{
	char path[64];
	size_t i;
	int dir;

	for (i = 0; isdigit((unsigned char)process->name[i]); i++)
		;
	if (!i || process->name[i])
		return sc_error(process->name, "is not the number of a process");
	snprintf(path, sizeof(path), "/proc/%s", process->name);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT)
		return sc_error(process->name, "there is no such process");
	return dir < 0 ? sc_error_errno(process->name, "cannot open") : dir;
}

int sc_process_open(struct sc_process *process, const char *pid)
{
	int dir;

	*process = (struct sc_process){ .name = pid, .dir = -1, .memory = -1 };
	dir = open_directory(process);
	return dir < 0 ? -1 : sc_process_open_at(process, pid, dir);
}

enum { NO_MEMORY = 1 };

/*
 * Opens the memory that process->dir shows: 0, NO_MEMORY, or -1 with a message.
 *
 * When a process has ended, its mem file is root's and its maps are empty.  So
 * the maps tell first: EACCES alone would mislead.
 */
static int open_memory(struct sc_process *process)
{
	int err;

	process->memory = openat(process->dir, "mem", O_RDONLY | O_CLOEXEC);
	err = process->memory < 0 ? errno : 0;
	if (err == ESRCH)
		return NO_MEMORY;
	if (read_maps(process))
		return -1;
	if (!process->n_mappings)
		return NO_MEMORY;
	errno = err;
	return err ? sc_error_errno(process->name, "cannot read its memory") : 0;
}

/* process->dir becomes that of thread @tid; false: there is none. */
static bool go_to_thread(struct sc_process *process, int tasks, const char *tid)
{
	int dir = openat(tasks, tid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return false;
	close(process->dir);
	process->dir = dir;
	if (process->memory >= 0)
		close(process->memory);
	process->memory = -1;
	return true;
}

/* The main thread may have ended, and others not: as open_memory(). */
static int open_memory_of_threads(struct sc_process *process)
{
	int fd = openat(process->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tasks = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int err = NO_MEMORY;

	if (!tasks) {
		if (fd >= 0)
			close(fd);
		return NO_MEMORY;
	}
	while (err == NO_MEMORY && (entry = readdir(tasks)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    go_to_thread(process, fd, entry->d_name))
			err = open_memory(process);
	closedir(tasks);
	return err;
}

int sc_process_open_at(struct sc_process *process, const char *name, int dir)
{
	int err;

	*process = (struct sc_process){ .name = name, .dir = dir };
	err = open_memory(process);
	if (err == NO_MEMORY)
		err = open_memory_of_threads(process);
	if (err == NO_MEMORY)
		return sc_error(name, "has no memory: it has ended, or is a thread of the kernel");
	if (err)
		return -1;
	sc_loaded_find(process);
	return 0;
}

void sc_process_close(struct sc_process *process)
{
	size_t i;

	for (i = 0; i < process->n_loaded; i++)
		sc_loaded_close(&process->loaded[i]);
	if (process->memory >= 0)
		close(process->memory);
	if (process->dir >= 0)
		close(process->dir);
	sc_pool_empty(&process->pool);
}

const struct sc_binary_function *
sc_process_function(struct sc_process *process, uint64_t address,
		    const struct sc_loaded **loaded)
{
	size_t i;

	for (i = 0; i < process->n_loaded; i++) {
		*loaded = &process->loaded[i];
		if (sc_mapping_at(process, (*loaded)->mapping, address) &&
		    sc_binary_at(&(*loaded)->binary, address - (*loaded)->bias,
				1))
			return sc_binary_function(&process->loaded[i].binary,
						 address - (*loaded)->bias);
	}
	return NULL;
}
