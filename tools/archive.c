/* SPDX-License-Identifier: MIT */
/*
 * archive.c - reads a static library, plain or thin, and writes a new one.
 *
 * Rules: members keep their order and their names; the symbol index is the old
 * one with new offsets, so that the linker takes the members it would have
 * taken.  What is not understood is refused, and then nothing is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "inputfile.h"

#define MAGIC "!<arch>\n"
#define THIN_MAGIC "!<thin>\n"

enum { MAGIC_SIZE = 8, HEADER = 60, SHORT_NAME = 15 };

struct member {
	uint64_t old_offset;		/* of the header */
	uint64_t new_offset;
	const char *header;		/* old */
	const char *name;		/* base name */
	const uint8_t *data;
	size_t size;
	struct sc_inputfile own;	/* a file, a new object: to be unmapped */
	size_t name_offset;		/* in the new table of long names */
	bool dropped;
};

struct archive {
	struct sc_workspace *workspace;
	const char *path;
	const uint8_t *file;
	size_t size;
	bool thin;
	const uint8_t *index;		/* of symbols */
	size_t index_size, index_entry;
	const char *names;		/* long ones */
	size_t names_size;
	struct member *member;
	size_t nr, room;
	bool drop_bitcode, changed;
	size_t nr_bitcode;
};

bool sc_archive_is(const uint8_t *file, size_t size)
{
	return size >= MAGIC_SIZE && (!memcmp(file, MAGIC, MAGIC_SIZE) ||
				      !memcmp(file, THIN_MAGIC, MAGIC_SIZE));
}

bool sc_archive_is_thin(const uint8_t *file)
{
	return !memcmp(file, THIN_MAGIC, MAGIC_SIZE);
}

static int broken(const struct archive *archive, const char *what, size_t at)
{
	return sc_error(archive->path, "%s (at offset %zu)", what, at);
}

/* A decimal number in a field padded with spaces. */
static bool read_number(const char *field, size_t size, uint64_t *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < size && field[i] >= '0' && field[i] <= '9'; i++)
		*value = 10 * *value + (uint64_t)(field[i] - '0');
	return i > 0 && (i == size || field[i] == ' ');
}

/* The name in @header, from the table of long ones if it is there. */
static char *member_name(struct archive *archive, const char *header)
{
	const char *name = header, *end;
	size_t len = 16;
	uint64_t at;

	if (header[0] == '/' && read_number(header + 1, 15, &at)) {
		if (at >= archive->names_size)
			return NULL;
		name = archive->names + at;
		len = archive->names_size - at;
		end = memchr(name, '\n', len);
		if (!end || end == name || end[-1] != '/')
			return NULL;
		len = (size_t)(end - name) - 1;
	} else {
		/* A name ends at its last '/', or is padded with spaces. */
		while (len && name[len - 1] == ' ')
			len--;
		if (len && name[len - 1] == '/')
			len--;
	}
	return len && len < PATH_MAX ?
	       sc_pool_string(archive->workspace->pool, "%.*s", (int)len,
			      name) : NULL;
}

/* The file that a thin archive speaks of. */
static int read_thin_member(struct archive *archive, struct member *member,
			    const char *name)
{
	const char *slash = strrchr(archive->path, '/');
	struct sc_pool *pool = archive->workspace->pool;
	char *path;

	if (name[0] == '/' || !slash)
		path = sc_pool_string(pool, "%s", name);
	else
		path = sc_pool_string(pool, "%.*s/%s",
				      (int)(slash - archive->path),
				      archive->path, name);
	if (!path || sc_inputfile_map(&member->own, path))
		return sc_error_errno(archive->path, "cannot read member %s",
				      name);
	member->data = member->own.data;
	member->size = member->own.size;
	return 0;
}

static int add_member(struct archive *archive, const char *header,
		      size_t offset, const uint8_t *data, size_t size)
{
	char *name = member_name(archive, header), *slash;
	struct member *member;

	if (!name || !strncmp(name, "#1/", 3) ||
	    !strncmp(name, "__.SYMDEF", 9))
		return broken(archive, "a member's name is not understood",
			      offset);
	if (archive->nr == archive->room) {
		size_t more = archive->room ? 2 * archive->room : 64;
		struct member *new = sc_pool_alloc(archive->workspace->pool,
						   more, sizeof(*new));

		if (!new)
			return sc_error(archive->path, "out of memory");
		if (archive->nr)
			memcpy(new, archive->member,
			       archive->nr * sizeof(*new));
		archive->member = new;
		archive->room = more;
	}
	slash = strrchr(name, '/');
	member = &archive->member[archive->nr++];
	*member = (struct member){
		.old_offset = offset, .header = header, .data = data,
		.size = size, .name = slash ? slash + 1 : name,
	};
	return archive->thin ? read_thin_member(archive, member, name) : 0;
}

/* One entry at @offset; *@next is where the next one is. */
static int read_entry(struct archive *archive, size_t offset, size_t *next)
{
	const char *header = (const char *)archive->file + offset;
	const uint8_t *data = archive->file + offset + HEADER;
	bool special;
	uint64_t size;

	if (archive->size - offset < HEADER || memcmp(header + 58, "`\n", 2) ||
	    !read_number(header + 48, 10, &size))
		return broken(archive, "broken header of a member", offset);
	special = header[0] == '/' &&
		  (header[1] == ' ' || header[1] == '/' ||
		   !strncmp(header, "/SYM64/ ", 8));
	*next = offset + HEADER;
	if (!archive->thin || special) {
		if (size > archive->size - offset - HEADER)
			return broken(archive, "truncated", offset);
		*next += size + (size & 1);
	}
	if (!special)
		return add_member(archive, header, offset, data, size);
	if (header[1] == '/') {
		archive->names = (const char *)data;
		archive->names_size = size;
	} else {
		archive->index = data;
		archive->index_size = size;
		archive->index_entry = header[1] == ' ' ? 4 : 8;
	}
	return 0;
}

static int read_archive(struct archive *archive)
{
	size_t offset = MAGIC_SIZE;

	archive->thin = sc_archive_is_thin(archive->file);
	while (offset < archive->size)
		if (read_entry(archive, offset, &offset))
			return -1;
	return 0;
}

static int annotate_members(struct archive *archive)
{
	size_t i;

	for (i = 0; i < archive->nr; i++) {
		struct member *member = &archive->member[i];
		struct sc_inputfile file = { member->data, member->size,
					     false };
		char *name = sc_pool_string(archive->workspace->pool, "%s(%s)",
					    archive->path, member->name);
		struct sc_inputfile new;

		if (!name)
			return sc_error(archive->path, "out of memory");
		if (sc_inputfile_is_bitcode(&file)) {
			archive->nr_bitcode++;
			member->dropped = archive->drop_bitcode;
			archive->changed |= member->dropped;
			continue;
		}
		switch (sc_inputfile_annotate_memory(&file, name, &new)) {
		case SC_ANNOTATE_DONE:
			sc_inputfile_unmap(&member->own);
			member->own = new;
			member->data = new.data;
			member->size = new.size;
			archive->changed = true;
			break;
		case SC_ANNOTATE_ERROR:
			return -1;
		default:
			break;
		}
	}
	return 0;
}

static uint64_t get_be(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | *at++;
	return value;
}

static void put_be(uint8_t *at, size_t size, uint64_t value)
{
	while (size--) {
		at[size] = value & 0xff;
		value >>= 8;
	}
}

static int compare_offset(const void *key, const void *entry)
{
	uint64_t offset = *(const uint64_t *)key;
	const struct member *member = entry;

	return offset < member->old_offset ? -1 : offset > member->old_offset;
}

struct index {
	uint8_t *data;			/* the new one */
	size_t size, nr;
	struct member **of;		/* by entry */
};

/*
 * The new index without the members that are dropped; the offsets are put in
 * when they are known.
 */
static int read_index(struct archive *archive, struct index *index)
{
	const size_t entry = archive->index_entry, room = archive->index_size;
	const uint8_t *old = archive->index, *name, *end = old + room;
	uint64_t n = room >= entry ? get_be(old, entry) : 0, i;
	uint8_t *names;

	if (room < entry || n > (room - entry) / entry)
		return sc_error(archive->path, "broken symbol index");
	index->data = sc_pool_alloc(archive->workspace->pool, room + 1, 1);
	index->of = sc_pool_alloc(archive->workspace->pool, n + 1,
				  sizeof(*index->of));
	names = sc_pool_alloc(archive->workspace->pool, room + 1, 1);
	if (!index->data || !index->of || !names)
		return sc_error(archive->path, "out of memory");
	name = old + entry * (n + 1);
	for (i = 1; i <= n; i++) {
		uint64_t offset = get_be(old + i * entry, entry);
		struct member *member = archive->nr ?
			bsearch(&offset, archive->member, archive->nr,
				sizeof(*member), compare_offset) : NULL;
		const uint8_t *next = memchr(name, 0, (size_t)(end - name));

		if (!member || !next)
			return sc_error(archive->path, "broken symbol index");
		next++;
		if (!member->dropped) {
			index->of[index->nr++] = member;
			memcpy(names + index->size, name,
			       (size_t)(next - name));
			index->size += (size_t)(next - name);
		}
		name = next;
	}
	memcpy(index->data + entry * (index->nr + 1), names, index->size);
	index->size += entry * (index->nr + 1);
	index->size += index->size & 1;
	return 0;
}

/* Where everything will be; returns the size of the long names. */
static size_t lay_out(struct archive *archive, const struct index *index)
{
	uint64_t offset = MAGIC_SIZE;
	size_t names = 0, i;

	for (i = 0; i < archive->nr; i++) {
		struct member *member = &archive->member[i];

		member->name_offset = names;
		if (!member->dropped && strlen(member->name) > SHORT_NAME)
			names += strlen(member->name) + 2;
	}
	if (archive->index)
		offset += HEADER + index->size;
	if (names)
		offset += HEADER + names + (names & 1);
	for (i = 0; i < archive->nr; i++) {
		struct member *member = &archive->member[i];

		if (member->dropped)
			continue;
		member->new_offset = offset;
		offset += HEADER + member->size + (member->size & 1);
	}
	return names;
}

static int write_index(struct archive *archive, struct index *index, FILE *out)
{
	const size_t entry = archive->index_entry;
	size_t i;

	put_be(index->data, entry, index->nr);
	for (i = 0; i < index->nr; i++) {
		uint64_t offset = index->of[i]->new_offset;

		if (entry == 4 && offset > UINT32_MAX)
			return sc_error(archive->path,
					"gets too large for its symbol index");
		put_be(index->data + (i + 1) * entry, entry, offset);
	}
	fprintf(out, "%-16s%-12s%-6s%-6s%-8s%-10zu`\n",
		entry == 4 ? "/" : "/SYM64/", "0", "0", "0", "0", index->size);
	fwrite(index->data, 1, index->size, out);
	return 0;
}

static void write_names(struct archive *archive, size_t size, FILE *out)
{
	size_t i;

	fprintf(out, "%-48s%-10zu`\n", "//", size + (size & 1));
	for (i = 0; i < archive->nr; i++)
		if (!archive->member[i].dropped &&
		    strlen(archive->member[i].name) > SHORT_NAME)
			fprintf(out, "%s/\n", archive->member[i].name);
	if (size & 1)
		fputc('\n', out);
}

static void write_member(const struct member *member, FILE *out)
{
	char name[24];

	if (strlen(member->name) > SHORT_NAME)
		snprintf(name, sizeof(name), "/%zu", member->name_offset);
	else
		snprintf(name, sizeof(name), "%s/", member->name);
	fprintf(out, "%-16s%.32s%-10zu`\n", name, member->header + 16,
		member->size);
	fwrite(member->data, 1, member->size, out);
	if (member->size & 1)
		fputc('\n', out);
}

static int write_archive(struct archive *archive, const char *path)
{
	struct index index = { .nr = 0 };
	size_t names, left = 0, i;
	int error = 0;
	FILE *out;

	for (i = 0; i < archive->nr; i++)
		left += !archive->member[i].dropped;
	/* gold takes an index before no members for a cut file. */
	if (!left)
		archive->index = NULL;
	if (archive->index && read_index(archive, &index))
		return -1;
	names = lay_out(archive, &index);
	out = fopen(path, "we");
	if (!out)
		return sc_error_errno(path, "cannot create");
	fputs(MAGIC, out);
	if (archive->index)
		error = write_index(archive, &index, out);
	if (names)
		write_names(archive, names, out);
	for (i = 0; i < archive->nr; i++)
		if (!archive->member[i].dropped)
			write_member(&archive->member[i], out);
	if (fflush(out) || ferror(out))
		error = sc_error_errno(path, "cannot write");
	if (fclose(out) && !error)
		error = sc_error_errno(path, "cannot write");
	return error;
}

int sc_archive_annotate(struct sc_workspace *workspace, const char *path,
			const uint8_t *file, size_t size, bool drop_bitcode,
			char **copy, size_t *nr_bitcode)
{
	struct archive archive = {
		.workspace = workspace, .path = path, .file = file,
		.size = size, .drop_bitcode = drop_bitcode,
	};
	int error = 0;
	size_t i;

	*copy = NULL;
	if (read_archive(&archive) || annotate_members(&archive)) {
		error = -1;
	} else if (archive.changed) {
		*copy = sc_workspace_file(workspace, path, false);
		error = *copy ? write_archive(&archive, *copy) : -1;
	}
	*nr_bitcode = archive.nr_bitcode;
	for (i = 0; i < archive.nr; i++)
		sc_inputfile_unmap(&archive.member[i].own);
	return error;
}
