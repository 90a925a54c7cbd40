/* SPDX-License-Identifier: MIT */
/* inputfile.c - files of a link, looked at in memory. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <static_call/format.h>

#include "hook/inputfile.h"

/* Only the hook defines it: tools/hook/build_hook.S. */
#define HOOK_SYMBOL "__static_call_needs_the_build_hook__see_static_call_1"

/* What marks an object of gcc that has no code but for a later stage. */
#define GCC_LTO_ONLY "__gnu_lto_slim"

enum { SMALL = 128 << 10 };	/* a mapping costs more than the copy */

static int read_all(struct sc_inputfile *file, int fd, size_t size)
{
	uint8_t *data = malloc(size);
	ssize_t n = 0;

	while (data && file->size < size) {
		n = pread(fd, data + file->size, size - file->size,
			  (off_t)file->size);
		if (n <= 0)
			break;
		file->size += (size_t)n;
	}
	/* Cut shorter in between, it is what it is now. */
	if (!data || n < 0 || !file->size) {
		free(data);
		file->size = 0;
		return data && !n ? 0 : -1;
	}
	file->data = data;
	return 0;
}

static int map_fd(struct sc_inputfile *file, int fd)
{
	struct stat st;
	void *data;

	*file = (struct sc_inputfile){ NULL, 0, false };
	if (fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (!st.st_size)
		return 0;
	if (st.st_size <= SMALL)
		return read_all(file, fd, (size_t)st.st_size);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -1;
	*file = (struct sc_inputfile){ data, (size_t)st.st_size, true };
	return 0;
}

int sc_inputfile_map(struct sc_inputfile *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = fd < 0 ? -1 : map_fd(file, fd);

	if (fd >= 0)
		close(fd);
	return err;
}

void sc_inputfile_unmap(struct sc_inputfile *file)
{
	if (file->mapped)
		munmap((void *)(uintptr_t)file->data, file->size);
	else
		free((void *)(uintptr_t)file->data);
	*file = (struct sc_inputfile){ NULL, 0, false };
}

int sc_inputfile_keep(struct sc_inputfile *file, const char *name)
{
	uint8_t *data;

	if (!file->mapped)
		return 0;
	data = malloc(file->size);
	if (!data)
		return sc_error(name, "out of memory");
	memcpy(data, file->data, file->size);
	munmap((void *)(uintptr_t)file->data, file->size);
	*file = (struct sc_inputfile){ data, file->size, false };
	return 0;
}

/* Copies the header of @section; false where there is none. */
static bool section_header(const struct sc_inputfile *file,
			   const Elf64_Ehdr *ehdr, size_t section,
			   Elf64_Shdr *shdr)
{
	if (section >= ehdr->e_shnum || ehdr->e_shoff > file->size ||
	    (file->size - ehdr->e_shoff) / sizeof(*shdr) <= section)
		return false;
	memcpy(shdr, file->data + ehdr->e_shoff + section * sizeof(*shdr),
	       sizeof(*shdr));
	return true;
}

/* An x86-64 relocatable object, as far as can be told from its header. */
static bool is_object(const struct sc_inputfile *file, Elf64_Ehdr *ehdr)
{
	if (file->size < SELFMAG || memcmp(file->data, ELFMAG, SELFMAG) != 0)
		return false;
	*ehdr = (Elf64_Ehdr){ .e_shnum = 0 };
	memcpy(ehdr, file->data,
	       file->size < sizeof(*ehdr) ? file->size : sizeof(*ehdr));
	return ehdr->e_ident[EI_CLASS] == ELFCLASS64 &&
	       ehdr->e_ident[EI_DATA] == ELFDATA2LSB &&
	       ehdr->e_type == ET_REL && ehdr->e_machine == EM_X86_64;
}

/* The names of an ordinary object's symbols; false: look at all of it. */
static bool symbol_names(const struct sc_inputfile *file,
			 const Elf64_Ehdr *ehdr, Elf64_Shdr *names)
{
	size_t i, found = 0, link = 0;

	if (ehdr->e_shentsize != sizeof(*names))
		return false;
	for (i = 0; section_header(file, ehdr, i, names); i++)
		if (names->sh_type == SHT_SYMTAB && !found++)
			link = names->sh_link;
	return found == 1 && i == ehdr->e_shnum &&
	       section_header(file, ehdr, link, names) &&
	       names->sh_type == SHT_STRTAB &&
	       names->sh_offset <= file->size &&
	       names->sh_size <= file->size - names->sh_offset;
}

bool sc_inputfile_is_bitcode(const struct sc_inputfile *file)
{
	return file->size >= 4 && (!memcmp(file->data, "BC\xc0\xde", 4) ||
				   !memcmp(file->data, "\xde\xc0\x17\x0b", 4));
}

static bool has(const struct sc_inputfile *file, const char *text)
{
	return file->size && memmem(file->data, file->size, text, strlen(text));
}

unsigned int sc_inputfile_look(const struct sc_inputfile *file)
{
	struct sc_inputfile part = *file;
	bool bitcode = sc_inputfile_is_bitcode(file);
	unsigned int names = 0;
	Elf64_Ehdr ehdr;
	Elf64_Shdr shdr;

	if (!bitcode) {
		if (!is_object(file, &ehdr))
			return 0;
		if (symbol_names(file, &ehdr, &shdr)) {
			part.data += shdr.sh_offset;
			part.size = shdr.sh_size;
		}
	}
	if (has(&part, STATIC_CALL_TRAMP_PREFIX_STR))
		names |= bitcode ? SC_BITCODE_CALLS : SC_NAMES_CALLS;
	/* What gcc keeps for its link-time optimiser is compressed. */
	if (has(&part, HOOK_SYMBOL) || (!bitcode && has(&part, GCC_LTO_ONLY)))
		names |= SC_NAMES_HOOK;
	return names;
}

enum sc_annotate_result sc_inputfile_annotate(const struct sc_inputfile *file,
					      const char *name,
					      int (*open)(void *context),
					      void *context)
{
	const uint8_t *data = file->data;
	enum sc_annotate_result result;
	void *aligned = NULL;
	const char *why;

	/* Members of archives are 2-aligned. */
	if ((uintptr_t)data % sizeof(uint64_t)) {
		aligned = malloc(file->size);
		if (!aligned) {
			sc_error(name, "out of memory");
			return SC_ANNOTATE_ERROR;
		}
		data = memcpy(aligned, data, file->size);
	}
	result = sc_annotate_memory(data, file->size, open, context, name,
				    &why);
	free(aligned);
	return result;
}

struct memory_file {
	const char *name;
	int fd;
};

static int open_memory(void *context)
{
	struct memory_file *memory = context;

	memory->fd = memfd_create("static-call", MFD_CLOEXEC);
	return memory->fd < 0 ?
	       sc_error_errno(memory->name, "cannot copy") : memory->fd;
}

enum sc_annotate_result
sc_inputfile_annotate_memory(const struct sc_inputfile *file, const char *name,
			     struct sc_inputfile *new)
{
	struct memory_file memory = { name, -1 };
	enum sc_annotate_result result;

	result = sc_inputfile_annotate(file, name, open_memory, &memory);
	if (result == SC_ANNOTATE_DONE && map_fd(new, memory.fd)) {
		sc_error_errno(name, "cannot read the copy");
		result = SC_ANNOTATE_ERROR;
	}
	if (memory.fd >= 0)
		close(memory.fd);
	return result;
}
