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
	ssize_t n;

	if (process->core)
		return sc_core_read(process, address, to, size);
	n = pread(process->memory, to, size, (off_t)address);
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
	mapping.writable = permissions[1] == 'w';
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

/*
 * libdwfl reads this list too (dwfl_linux_proc_maps_report), but tells only from
 * where to where a file goes.  It was tried on processes with static calls:
 *
 *  - lines of one file that follow each other become one module, so a library that
 *    dlmopen() has loaded twice is there once, with symbols for the first alone;
 *  - the view of text and the mappings that moves leave behind (src/text/) become
 *    a second module of the program, at a place where it never ran;
 *  - of a file that was replaced it has no module to read, although map_files leads
 *    to the file;
 *  - of a process whose main thread has ended it finds nothing.
 *
 * Rights, offsets and the bounds of each mapping, which answer these, it does not
 * tell.  What the addresses mean, symbols.c then asks libdwfl.
 */
static int read_maps(struct sc_process *process)
{
	int fd = openat(process->dir, "maps", O_RDONLY | O_CLOEXEC), err = 0;
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	size_t room = 0;
	char *line = NULL;

	if (!file) {
		sc_error_errno(process->name, "cannot read its list of mappings: only its user and root may");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!err && getline(&line, &room, file) > 0)
		err = add_mapping(process, line);
	if (!err && ferror(file))
		err = sc_error_errno(process->name, "cannot read its list of mappings");
	free(line);
	fclose(file);
	return err;
}

/* An open /proc/PID; or -1, with a message and @why. */
static int open_directory(const char *pid, enum sc_opened *why)
{
	char path[64];
	int dir;

	snprintf(path, sizeof(path), "/proc/%s", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		return dir;
	*why = SC_NOT_READ;
	if (errno != ENOENT)
		return sc_error_errno(pid, "cannot open %s", path);
	*why = SC_NOT_THERE;
	return sc_error(pid, "there is no such process");
}

enum sc_opened sc_process_open(struct sc_process *process, const char *pid)
{
	enum sc_opened why = SC_NOT_READ;
	int dir;

	*process = (struct sc_process){ .name = pid, .dir = -1, .memory = -1 };
	dir = open_directory(pid, &why);
	return dir < 0 ? why : sc_process_open_at(process, pid, dir);
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
	return err ? sc_error_errno(process->name, "cannot read its memory: root may, and its user unless a security module such as Yama forbids it, see ptrace(2)") : 0;
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

/* What the kernel calls the program; "" where it does not say. */
static void read_command(struct sc_process *process)
{
	int fd = openat(process->dir, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, process->command,
				      sizeof(process->command) - 1);

	process->command[n > 0 ? n : 0] = '\0';
	process->command[strcspn(process->command, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

enum sc_opened sc_process_open_at(struct sc_process *process, const char *name,
				  int dir)
{
	int err;

	*process = (struct sc_process){
		.name = name, .dir = dir, .memory = -1,
		.pid = strtoull(name, NULL, 10),
	};
	read_command(process);
	err = open_memory(process);
	if (err == NO_MEMORY)
		err = open_memory_of_threads(process);
	if (err == NO_MEMORY) {
		sc_error(name, "has no memory: it has ended, or is a thread of the kernel");
		return SC_NOT_THERE;
	}
	if (err)
		return SC_NOT_READ;
	sc_loaded_find(process);
	return SC_OPENED;
}

void sc_process_close(struct sc_process *process)
{
	size_t i;

	for (i = 0; i < process->n_loaded; i++)
		sc_loaded_close(&process->loaded[i]);
	sc_symbols_free(process->symbols);
	sc_core_close(process->core);
	if (process->memory >= 0)
		close(process->memory);
	if (process->dir >= 0)
		close(process->dir);
	sc_pool_empty(&process->pool);
}

bool sc_process_is_writable(const struct sc_process *process, uint64_t address)
{
	size_t i;

	if (process->core)
		return sc_core_is_writable(process->core, address);
	for (i = 0; i < process->n_mappings; i++)
		if (address - process->mapping[i].start <
		    process->mapping[i].end - process->mapping[i].start)
			return process->mapping[i].writable;
	return false;
}

const struct sc_loaded *sc_process_file(const struct sc_process *process,
					uint64_t address)
{
	size_t i;

	for (i = 0; i < process->n_loaded; i++) {
		const struct sc_loaded *loaded = &process->loaded[i];

		if (loaded->binary.elf &&
		    (!loaded->mapping ||
		     sc_mapping_at(process, loaded->mapping, address)) &&
		    sc_binary_at(&loaded->binary, address - loaded->bias, 1))
			return loaded;
	}
	return NULL;
}

static struct Dwfl *symbols_of(struct sc_process *process)
{
	size_t i;

	if (process->symbols)
		return process->symbols;
	process->symbols = sc_symbols_new();
	for (i = 0; i < process->n_loaded; i++)
		if (process->loaded[i].binary.elf)
			sc_symbols_add(process->symbols,
				       process->loaded[i].path,
				       process->loaded[i].fd,
				       process->loaded[i].bias);
	return process->symbols;
}

struct sc_symbol sc_process_symbol(struct sc_process *process, uint64_t address)
{
	return sc_symbols_at(symbols_of(process), address);
}

void sc_process_each_symbol(struct sc_process *process,
			    const struct sc_loaded *loaded, const char *prefix,
			    int (*each)(void *context, const char *name,
					uint64_t value),
			    void *context)
{
	size_t i;

	for (i = 0; i < loaded->binary.n_phdrs; i++)
		if (loaded->binary.phdr[i].p_type == PT_LOAD) {
			sc_symbols_each(symbols_of(process), loaded->bias +
					loaded->binary.phdr[i].p_vaddr, prefix,
					each, context);
			return;
		}
}
