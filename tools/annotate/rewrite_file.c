/* SPDX-License-Identifier: MIT */
/*
 * rewrite_file.c - writes the new object once all its sections are known.
 *
 * libelf would make a list of all sections anew, and a system call for each of
 * them and for each gap, which were a quarter of what the hook added to a link of
 * 500 objects (bench/linkcost.sh).  Here many go with one call.
 */
#include <errno.h>
#include <sys/uio.h>

#include "annotate/rewrite.h"

enum { MOST_PIECES = 256 };

struct writer {
	struct sc_rewrite *rewrite;
	int fd;
	Elf64_Ehdr ehdr;
	uint64_t end;			/* of the last piece, in the file */
	struct iovec piece[MOST_PIECES];
	int n;
};

static int write_pieces(struct writer *writer)
{
	struct iovec *piece = writer->piece;
	ssize_t n;

	while (writer->n) {
		n = writev(writer->fd, piece, writer->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sc_error_errno(writer->rewrite->object->name,
					      "cannot write the new object");
		for (; writer->n && (size_t)n >= piece->iov_len; piece++) {
			n -= (ssize_t)piece->iov_len;
			writer->n--;
		}
		if (writer->n) {
			piece->iov_base = (char *)piece->iov_base + n;
			piece->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static void add(struct writer *writer, const void *data, size_t size)
{
	if (size)
		writer->piece[writer->n++] = (struct iovec){
			.iov_base = (void *)(uintptr_t)data, .iov_len = size,
		};
}

static int put(struct writer *writer, uint64_t offset, const void *data,
	       size_t size)
{
	static const char gap[SC_REWRITE_ALIGN];

	if (!size)
		return 0;
	if (writer->n + 2 > MOST_PIECES && write_pieces(writer))
		return -1;
	add(writer, gap, offset - writer->end);
	add(writer, data, size);
	writer->end = offset + size;
	return 0;
}

/* Gives @buffer the file's byte order. */
static int convert(struct writer *writer, Elf_Type type, void *buffer,
		   size_t size)
{
	Elf_Data data = {
		.d_buf = buffer, .d_type = type, .d_size = size,
		.d_version = EV_CURRENT,
	};

	if (!size || elf64_xlatetof(&data, &data, ELFDATA2LSB))
		return 0;
	return sc_error(writer->rewrite->object->name,
			"cannot build the new object: %s", elf_errmsg(-1));
}

static int put_header(struct writer *writer, uint64_t table, size_t n)
{
	struct sc_object *object = writer->rewrite->object;
	Elf64_Shdr *zero = &writer->rewrite->section[0].shdr;
	Elf64_Ehdr *ehdr = &writer->ehdr;

	*ehdr = *object->ehdr;
	ehdr->e_version = EV_CURRENT;
	ehdr->e_ehsize = sizeof(*ehdr);
	ehdr->e_phoff = 0;
	ehdr->e_phnum = 0;
	ehdr->e_shoff = table;
	ehdr->e_shentsize = sizeof(Elf64_Shdr);
	/* By its size: an object may have put a small number there, too. */
	ehdr->e_shnum = n < SHN_LORESERVE ? (Elf64_Half)n : 0;
	zero->sh_size = n < SHN_LORESERVE ? 0 : n;
	ehdr->e_shstrndx = object->names < SHN_LORESERVE ?
			   (Elf64_Half)object->names : SHN_XINDEX;
	zero->sh_link = object->names < SHN_LORESERVE ?
			0 : (Elf64_Word)object->names;
	return convert(writer, ELF_T_EHDR, ehdr, sizeof(*ehdr)) ?
	       -1 : put(writer, 0, ehdr, sizeof(*ehdr));
}

static int put_section(struct writer *writer, const struct sc_section *section)
{
	const Elf64_Shdr *shdr = &section->shdr;

	if (!section->data)
		return 0;
	/* What is not ELF_T_BYTE is a copy of our own. */
	if (section->type != ELF_T_BYTE &&
	    convert(writer, section->type, section->data, shdr->sh_size))
		return -1;
	return put(writer, shdr->sh_offset, section->data, shdr->sh_size);
}

int sc_rewrite_write(struct sc_rewrite *rewrite, int fd)
{
	struct writer writer = { .rewrite = rewrite, .fd = fd };
	size_t n = rewrite->n_sections, size = n * sizeof(Elf64_Shdr), i;
	struct sc_object *object = rewrite->object;
	Elf64_Shdr *table = sc_pool_alloc(&object->pool, n, sizeof(*table));
	uint64_t at = sc_rewrite_place(rewrite, 8, size);

	if (!table)
		return sc_error(object->name, "out of memory");
	if (put_header(&writer, at, n))
		return -1;
	for (i = 0; i < n; i++) {
		table[i] = rewrite->section[i].shdr;
		if (put_section(&writer, &rewrite->section[i]))
			return -1;
	}
	if (convert(&writer, ELF_T_SHDR, table, size) ||
	    put(&writer, at, table, size))
		return -1;
	return write_pieces(&writer);
}
