/* SPDX-License-Identifier: MIT */
/*
 * rewrite_file.c - writes the new object once libelf has all of it.
 *
 * libelf can, but with a system call for each section and one for each gap, some
 * 48 an object, which was a third of what the hook added to a link of 500 objects
 * (bench/linkcost.sh).  Here many go with one call.
 */
#include <errno.h>
#include <sys/uio.h>

#include "annotate/rewrite.h"

enum { MOST_PIECES = 256 };

struct writer {
	const struct sc_rewrite *rewrite;
	int fd;
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
	return sc_rewrite_failed(writer->rewrite);
}

static int put_section(struct writer *writer, Elf_Scn *scn,
		       const Elf64_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(scn, NULL);

	if (!data || shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL)
		return 0;
	/* What is not ELF_T_BYTE is a copy of our own. */
	if (data->d_type != ELF_T_BYTE &&
	    convert(writer, data->d_type, data->d_buf, data->d_size))
		return -1;
	return put(writer, shdr->sh_offset, data->d_buf, data->d_size);
}

static int put_sections(struct writer *writer, const Elf64_Ehdr *ehdr, size_t n)
{
	struct sc_object *object = writer->rewrite->object;
	Elf64_Shdr *table = sc_pool_alloc(&object->pool, n, sizeof(*table));
	size_t i;

	if (!table)
		return sc_error(object->name, "out of memory");
	for (i = 0; i < n; i++) {
		Elf_Scn *scn = elf_getscn(writer->rewrite->out, i);
		const Elf64_Shdr *shdr = elf64_getshdr(scn);

		if (!shdr)
			return sc_rewrite_failed(writer->rewrite);
		table[i] = *shdr;
		if (i && put_section(writer, scn, shdr))
			return -1;
	}
	if (convert(writer, ELF_T_SHDR, table, n * sizeof(*table)))
		return -1;
	return put(writer, ehdr->e_shoff, table, n * sizeof(*table));
}

int sc_rewrite_write(const struct sc_rewrite *rewrite, int fd)
{
	struct writer writer = { .rewrite = rewrite, .fd = fd };
	Elf64_Ehdr *ehdr = elf64_getehdr(rewrite->out), copy;
	size_t n;

	if (!ehdr || elf_getshdrnum(rewrite->out, &n))
		return sc_rewrite_failed(rewrite);
	copy = *ehdr;
	if (convert(&writer, ELF_T_EHDR, &copy, sizeof(copy)) ||
	    put(&writer, 0, &copy, sizeof(copy)) ||
	    put_sections(&writer, ehdr, n))
		return -1;
	return write_pieces(&writer);
}
