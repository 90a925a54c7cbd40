/* SPDX-License-Identifier: MIT */
/*
 * mapped.c - finds the files that the code of a process is from, and how far from
 * its place there it lies.
 *
 * Rule: a file that may be another than the mapped one is believed only if memory
 * says the same.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/process.h"

#define DELETED " (deleted)"

enum { NO_PLACE = 1 };	/* code that is on its way to another place */

static int open_regular(const struct sc_process *process, const char *path)
{
	int fd = openat(process->dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/*
 * The file of a mapping.  map_files leads to the very file, a deleted one too,
 * but only for root.  The rest may lead to another by now (*@sure is false):
 * the program itself, and the path, as the process sees it and as we do.  Some
 * file systems tell other inode numbers here than in maps.
 */
static int open_file(struct sc_process *process,
		     const struct sc_mapping *mapping, const char *path,
		     bool *sure)
{
	struct sc_pool *pool = &process->pool;
	const char *names[] = {
		sc_pool_string(pool, "map_files/%" PRIx64 "-%" PRIx64,
			       mapping->start, mapping->end),
		"exe", sc_pool_string(pool, "root%s", path), path,
	};
	int fd, other = -1;
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fd = names[i] ? open_regular(process, names[i]) : -1;
		if (fd < 0)
			continue;
		*sure = !i;
		if (*sure || (!fstat(fd, &st) && st.st_ino == mapping->inode)) {
			if (other >= 0)
				close(other);
			return fd;
		}
		if (i == 1 || other >= 0)
			close(fd);
		else
			other = fd;
	}
	return other;
}

/* Are the @size bytes at @offset of the file in memory, too? */
static bool is_mapped(struct sc_process *process, const struct sc_binary *binary,
		      uint64_t bias, uint64_t offset, size_t size)
{
	uint8_t bytes[4096];
	size_t i, part;

	for (i = 0; i < binary->n_phdrs; i++) {
		const Elf64_Phdr *phdr = &binary->phdr[i];

		if (phdr->p_type == PT_LOAD && offset >= phdr->p_offset &&
		    offset - phdr->p_offset < phdr->p_filesz)
			break;
	}
	if (i == binary->n_phdrs || offset > binary->size ||
	    size > binary->size - offset)
		return false;
	bias += binary->phdr[i].p_vaddr - binary->phdr[i].p_offset;
	for (; size; size -= part, offset += part) {
		part = size < sizeof(bytes) ? size : sizeof(bytes);
		if (!sc_process_read(process, bias + offset, bytes, part) ||
		    memcmp(bytes, binary->file + offset, part) != 0)
			return false;
	}
	return true;
}

/* The headers and the notes, with the build-id among them, tell. */
static bool is_the_file(struct sc_process *process,
			const struct sc_binary *binary, uint64_t bias)
{
	size_t i;

	if (!is_mapped(process, binary, bias, 0, sizeof(*binary->ehdr)) ||
	    !is_mapped(process, binary, bias, binary->ehdr->e_phoff,
		       binary->n_phdrs * sizeof(*binary->phdr)))
		return false;
	for (i = 0; i < binary->n_phdrs; i++)
		if (binary->phdr[i].p_type == PT_NOTE &&
		    !is_mapped(process, binary, bias, binary->phdr[i].p_offset,
			       binary->phdr[i].p_filesz))
			return false;
	return true;
}

/*
 * By how much addresses in memory exceed those in the file.  False for what the
 * loader did not put there: the first segment is not where it should be.  The
 * library maps text once more, with and without the right to run it, and its two
 * mappings may lie side by side.
 */
static bool find_bias(const struct sc_process *process,
		      const struct sc_binary *binary,
		      const struct sc_mapping *mapping, uint64_t *bias)
{
	const Elf64_Phdr *first = NULL, *code = NULL;
	uint64_t from = mapping->offset, start;
	uint64_t to = from + (mapping->end - mapping->start);
	const struct sc_mapping *head;
	size_t i;

	for (i = 0; i < binary->n_phdrs; i++) {
		const Elf64_Phdr *phdr = &binary->phdr[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		if (!first)
			first = phdr;
		if ((phdr->p_flags & PF_X) && phdr->p_offset < to &&
		    from < phdr->p_offset + phdr->p_filesz)
			code = phdr;
	}
	if (!code)
		return false;
	*bias = mapping->start - from - (code->p_vaddr - code->p_offset);
	start = *bias + first->p_vaddr;
	head = sc_mapping_at(process, mapping, start);
	return head && start - head->start + head->offset == first->p_offset;
}

bool sc_loaded_is_ours(Elf *elf)
{
	const Elf64_Ehdr *ehdr = elf ? elf64_getehdr(elf) : NULL;

	return ehdr && ehdr->e_machine == EM_X86_64 &&
	       ehdr->e_ident[EI_DATA] == ELFDATA2LSB &&
	       (ehdr->e_type == ET_EXEC || ehdr->e_type == ET_DYN);
}

/* Code of a file that is known already? */
static bool is_known(const struct sc_process *process,
		     const struct sc_mapping *mapping)
{
	uint64_t bias;
	size_t i;

	for (i = 0; i < process->n_loaded; i++)
		if (sc_mapping_same_file(process->loaded[i].mapping, mapping) &&
		    (!find_bias(process, &process->loaded[i].binary, mapping,
				&bias) ||
		     bias == process->loaded[i].bias))
			return true;
	return false;
}

void sc_loaded_close(struct sc_loaded *loaded)
{
	Elf *elf = loaded->binary.elf;

	sc_binary_close(&loaded->binary);
	loaded->binary = (struct sc_binary){ .elf = NULL };
	if (!loaded->borrowed)
		elf_end(elf);
	if (loaded->fd >= 0)
		close(loaded->fd);
	loaded->fd = -1;
}

static int open_binary(struct sc_loaded *loaded)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(loaded->fd, ELF_C_READ_MMAP, NULL);
	if (sc_loaded_is_ours(elf))
		return sc_binary_open(&loaded->binary, elf, loaded->path);
	elf_end(elf);
	return 0;
}

/* Without the mark that the kernel puts behind the name of a deleted file. */
static char *clean_path(struct sc_process *process, const char *path)
{
	size_t len = strlen(path), mark = sizeof(DELETED) - 1;

	if (len > mark && !strcmp(path + len - mark, DELETED))
		len -= mark;
	return sc_pool_string(&process->pool, "%.*s", (int)len, path);
}

/* Memory that a program fills with code of its own making is no ELF file. */
static bool looks_like_elf(struct sc_process *process,
			   const struct sc_mapping *mapping)
{
	char magic[SELFMAG];
	size_t i;

	for (i = 0; i < process->n_mappings; i++)
		if (!process->mapping[i].offset &&
		    sc_mapping_same_file(&process->mapping[i], mapping) &&
		    sc_process_read(process, process->mapping[i].start, magic,
				    sizeof(magic)))
			return !memcmp(magic, ELFMAG, sizeof(magic));
	return false;
}

/*
 * Finds the file of the code at @mapping and its records.  A file that has none
 * is noted too, so that it is not asked for again.
 */
static int open_loaded(struct sc_process *process, struct sc_loaded *loaded)
{
	const struct sc_mapping *mapping = loaded->mapping;
	bool sure = false;

	loaded->fd = open_file(process, mapping, loaded->path, &sure);
	if (loaded->fd < 0)
		return !looks_like_elf(process, mapping) ? 0 :
		       sc_error_errno(loaded->path,
				      "cannot open what process %s has mapped",
				      process->name);
	if (open_binary(loaded))
		return -1;
	if (!loaded->binary.elf)
		return 0;
	if (!find_bias(process, &loaded->binary, mapping, &loaded->bias))
		return NO_PLACE;
	if (sure || is_the_file(process, &loaded->binary, loaded->bias) ||
	    process->ended)
		return 0;
	return sc_error(loaded->path, "is not what process %s has mapped: deleted or replaced since; root can read what is mapped",
			process->name);
}

static int add_module(struct sc_process *process,
		      const struct sc_mapping *mapping)
{
	struct sc_loaded loaded = { .mapping = mapping, .fd = -1 }, *new;
	int result;

	new = sc_pool_grow(&process->pool, process->loaded, process->n_loaded,
			   sizeof(*new));
	loaded.path = clean_path(process, mapping->path);
	if (!new || !loaded.path)
		return sc_error(process->name, "out of memory");
	process->loaded = new;
	result = open_loaded(process, &loaded);
	if (result)
		sc_loaded_close(&loaded);
	if (result == NO_PLACE)
		return 0;
	new[process->n_loaded++] = loaded;
	return result;
}

void sc_loaded_find(struct sc_process *process)
{
	size_t i;

	for (i = 0; i < process->n_mappings && !process->ended; i++) {
		const struct sc_mapping *mapping = &process->mapping[i];

		if (mapping->executable && mapping->inode &&
		    mapping->path[0] == '/' && !is_known(process, mapping) &&
		    add_module(process, mapping))
			process->err = -1;
	}
}
