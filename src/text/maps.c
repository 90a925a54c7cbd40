/* SPDX-License-Identifier: MIT */
/*
 * maps.c - reads /proc/self/maps and its like, for the engine: below, that of the
 * thread, see sc_maps_open_file().  For the names in the debug log, which every
 * backend has, symbol.c reads it as well.
 *
 * PROCMAP_QUERY (Linux 6.11) finds one mapping in a fraction of the time that
 * reading the whole text takes.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "maps.h"
#include "why.h"

/* The kernel's ABI, which the headers of older systems lack. */
struct procmap_query_abi {
	uint64_t size;
	uint64_t query_flags;
	uint64_t query_addr;
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t vma_flags;
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t vma_name_size;
	uint32_t build_id_size;
	uint64_t vma_name_addr;
	uint64_t build_id_addr;
};
#define PROCMAP_QUERY_ABI	_IOWR('f', 17, struct procmap_query_abi)

/* A file read in pieces, a line at a time. */
struct reader {
	int fd;
	const char *name;
	size_t pos, len;
	char buffer[1024];
};

#define OF_THREAD	"open /proc/thread-self/"
#define OF_PROCESS	"open /proc/self/"
#define OPEN		"open "

/* @dir says what is done, as it will be noted. */
static int open_below(const char *dir, const char *name, int flags)
{
	char path[48];
	size_t len;

	dir += strlen(OPEN);
	len = strlen(dir);
	memcpy(path, dir, len);
	strcpy(path + len, name);
	return open(path, flags | O_CLOEXEC);
}

/*
 * Older kernels have one for the process only; so do some sandboxes.  Where both
 * fail it is the first that should be there.
 */
int sc_maps_open_file(const char *name, int flags)
{
	const char *dir = OF_THREAD;
	int fd = open_below(dir, name, flags), err = errno;

	if (fd < 0 && err != EMFILE && err != ENFILE) {
		fd = open_below(OF_PROCESS, name, flags);
		if (err == ENOENT) {
			dir = OF_PROCESS;
			err = errno;
		}
	}
	if (fd < 0)
		errno = -sc_why_note(dir, name, -err);
	return fd;
}

int sc_maps_open_mem(int flags)
{
	return sc_maps_open_file("mem", flags);
}

int sc_file_set(struct sc_file *file, int fd)
{
	struct stat st = { .st_ino = 0 };

	if (fd < 0)
		return -errno;
	fstat(fd, &st);
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->fd = fd;
	return 0;
}

/* The number is forgotten first: from then on a child may have it again. */
void sc_file_close(struct sc_file *file)
{
	int fd = file->fd;

	file->fd = -1;
	if (fd >= 0)
		close(fd);
}

/*
 * The table of descriptors was copied before the memory, so the number may be
 * closed, or be a file of the program's by now.  Device and inode tell, for each
 * process has files of its own below /proc.
 */
void sc_file_close_inherited(struct sc_file *file)
{
	struct stat st;

	if (file->fd >= 0 && file->inode && fstat(file->fd, &st) == 0 &&
	    st.st_dev == file->device && st.st_ino == file->inode)
		close(file->fd);
	file->fd = -1;
}

int sc_maps_open(struct sc_maps *maps, bool alone)
{
	int fd = sc_maps_open_file("maps", O_RDONLY);

	maps->no_query = false;
	if (!alone || fd < 0)
		return sc_file_set(&maps->file, fd);
	maps->file = (struct sc_file){ .fd = fd };
	return 0;
}

void sc_maps_close(struct sc_maps *maps)
{
	sc_file_close(&maps->file);
}

/*
 * Copies the next line, without its end and cut to @size, to @line.  Returns 1,
 * 0 at the end, or a negative errno.
 */
static int read_line(struct reader *in, char *line, size_t size)
{
	size_t used = 0;

	for (;;) {
		if (in->pos == in->len) {
			ssize_t got = read(in->fd, in->buffer,
					   sizeof(in->buffer));

			if (got < 0)
				return sc_why_note("read /proc/self/",
						   in->name, -errno);
			if (got == 0)
				return 0;
			in->pos = 0;
			in->len = (size_t)got;
		}
		if (in->buffer[in->pos] == '\n')
			break;
		if (used + 1 < size)
			line[used++] = in->buffer[in->pos];
		in->pos++;
	}
	in->pos++;
	line[used] = '\0';
	return 1;
}

/* A number in base 10 or 16, and whatever one character follows it. */
static const char *number(const char *s, unsigned int base, uint64_t *value)
{
	*value = 0;
	for (; *s; s++) {
		unsigned int digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned int)(*s - '0');
		else if (base == 16 && *s >= 'a' && *s <= 'f')
			digit = (unsigned int)(*s - 'a' + 10);
		else
			break;
		*value = *value * base + digit;
	}
	return *s ? s + 1 : s;
}

/* "start-end perms offset major:minor inode path" */
static bool parse(const char *line, struct sc_vma *vma)
{
	uint64_t start, end, major, minor;
	const char *s = number(line, 16, &start);

	if (s == line || s[-1] != '-')
		return false;
	s = number(s, 16, &end);
	if (s[-1] != ' ' || strlen(s) < 5)
		return false;
	vma->start = start;
	vma->end = end;
	vma->flags = (s[0] == 'r' ? SC_VMA_READ : 0) |
		     (s[1] == 'w' ? SC_VMA_WRITE : 0) |
		     (s[2] == 'x' ? SC_VMA_EXEC : 0) |
		     (s[3] == 's' ? SC_VMA_SHARED : 0);
	s = number(s + 5, 16, &vma->offset);
	s = number(s, 16, &major);
	s = number(s, 16, &minor);
	number(s, 10, &vma->inode);
	vma->major = (uint32_t)major;
	vma->minor = (uint32_t)minor;
	return true;
}

/*
 * From the start each time.  The kernel makes the text as it is read, so other
 * threads that map meanwhile may move lines; a mapping that does not change, as
 * text is, is found all the same.
 */
static int find_in_text(int fd, uintptr_t addr, struct sc_vma *vma)
{
	struct reader in = { .fd = fd, .name = "maps" };
	char line[128];
	int err;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return sc_why_note("lseek /proc/self/", in.name, -errno);
	while ((err = read_line(&in, line, sizeof(line))) == 1) {
		if (!parse(line, vma))
			return -EIO;
		if (addr < vma->end)
			return addr >= vma->start ? 0 : -ENOENT;
	}
	return err ? err : -ENOENT;
}

/*
 * ENOENT is an answer, and any other error of the query is taken to mean that
 * the kernel, or a sandbox, does not know it.
 */
int sc_maps_find(struct sc_maps *maps, uintptr_t addr, struct sc_vma *vma)
{
	struct procmap_query_abi query = {
		.size = sizeof(query),
		.query_addr = addr,
	};

	if (maps->no_query)
		return find_in_text(maps->file.fd, addr, vma);
	if (ioctl(maps->file.fd, PROCMAP_QUERY_ABI, &query) < 0) {
		if (errno == ENOENT)
			return -ENOENT;
		maps->no_query = true;
		return find_in_text(maps->file.fd, addr, vma);
	}
	vma->start = query.vma_start;
	vma->end = query.vma_end;
	vma->offset = query.vma_offset;
	vma->inode = query.inode;
	vma->major = query.dev_major;
	vma->minor = query.dev_minor;
	vma->flags = (unsigned int)query.vma_flags & 15u;
	return 0;
}

/* The line "VmFlags: rd ex mr ..." of the mapping that @line has begun. */
static int flag_in_smaps(struct reader *in, uintptr_t addr, const char *name)
{
	struct sc_vma vma = { .end = 0 };
	char line[256];
	int err;

	while ((err = read_line(in, line, sizeof(line))) == 1) {
		const char *s;

		if (parse(line, &vma) || addr < vma.start || addr >= vma.end ||
		    strncmp(line, "VmFlags:", 8) != 0)
			continue;
		for (s = line + 8; s[0] == ' ' && s[1] && s[2]; s += 3)
			if (s[1] == name[0] && s[2] == name[1])
				return 1;
		return 0;
	}
	return err ? err : -ENOENT;
}

/* Slow, for the kernel counts pages for it: asked where nothing else tells. */
int sc_maps_has_flag(uintptr_t addr, const char *name)
{
	struct reader in = {
		.fd = sc_maps_open_file("smaps", O_RDONLY),
		.name = "smaps",
	};
	int ret;

	if (in.fd < 0)
		return -errno;
	ret = flag_in_smaps(&in, addr, name);
	close(in.fd);
	return ret;
}

/* Unknown counts as traced: then traps that are found stay. */
static bool is_traced(int status)
{
	struct reader in = { .fd = status, .name = "status" };
	char line[128];
	bool traced = true;

	if (status < 0)
		return true;
	while (read_line(&in, line, sizeof(line)) == 1) {
		if (strncmp(line, "TracerPid:\t", 11) != 0)
			continue;
		traced = line[11] != '0';
		break;
	}
	close(status);
	return traced;
}

/* Debuggers take all threads; others may have taken the first one only. */
bool sc_maps_traced(void)
{
	return is_traced(sc_maps_open_file("status", O_RDONLY)) ||
	       is_traced(open_below(OF_PROCESS, "status", O_RDONLY));
}

/* A private page is one that is present and not of the file, or swapped out. */
int sc_maps_is_private_copy(uintptr_t addr)
{
	const uint64_t present = 1ull << 63, swapped = 1ull << 62;
	const uint64_t of_file = 1ull << 61;
	uint64_t entry;
	int fd = sc_maps_open_file("pagemap", O_RDONLY), ret = -EIO;

	if (fd < 0)
		return -errno;
	if (pread(fd, &entry, sizeof(entry),
		  (off_t)(addr / SC_PAGE * sizeof(entry))) == sizeof(entry))
		ret = (entry & (present | swapped)) && !(entry & of_file);
	close(fd);
	return ret;
}

/* Unknown counts as strict: that way costs time, the other one text. */
bool sc_maps_strict_overcommit(void)
{
	char mode = '2';
	int fd = open_below("open /proc/sys/vm/", "overcommit_memory", O_RDONLY);

	if (fd < 0) {
		sc_why_note("open /proc/sys/vm/", "overcommit_memory", -errno);
		return true;
	}
	if (read(fd, &mode, 1) != 1)
		mode = '2';
	else if (mode == '2')
		sc_why_note("vm.overcommit_memory is 2", NULL, 0);
	close(fd);
	return mode == '2';
}
