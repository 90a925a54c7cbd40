/* SPDX-License-Identifier: MIT */
/*
 * members.c - reads a static library: GNU's, plain or thin, BSD's or Darwin's.
 *
 * Rule: where BSD's form is another, what was read looks like GNU's.
 */
#include <limits.h>
#include <string.h>

#include "hook/members.h"

#define BSD_INDEX "__.SYMDEF"

static bool is_thin(const uint8_t *file)
{
	return !memcmp(file, SC_ARCHIVE_THIN, SC_ARCHIVE_MAGIC_SIZE);
}

/* It is said only of an archive that matters. */
static int broken(struct sc_members *archive, const char *what, size_t at)
{
	archive->broken = what;
	archive->broken_at = at;
	return -1;
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

/* A name in the table of long ones; *@len is its length, 0 if none is there. */
static const char *long_name(const struct sc_members *archive, uint64_t at,
			     size_t *len)
{
	const char *name, *end;

	*len = 0;
	if (at >= archive->names_size)
		return NULL;
	name = archive->names + at;
	end = memchr(name, '\n', archive->names_size - at);
	if (end && end != name && end[-1] == '/')
		*len = (size_t)(end - name) - 1;
	return name;
}

/* The name of @member; BSD's long ones lie in front of the data. */
static char *member_name(const struct sc_members *archive,
			 struct sc_member *member)
{
	const char *header = member->header, *name = header;
	size_t len = 16;
	uint64_t at;

	if (header[0] == '/' && read_number(header + 1, 15, &at)) {
		name = long_name(archive, at, &len);
	} else if (!strncmp(header, "#1/", 3) &&
		   read_number(header + 3, 13, &at) && at <= member->size) {
		name = (const char *)member->data;
		len = strnlen(name, at);
		/* It would end GNU's. */
		if (memchr(name, '\n', len))
			len = 0;
		member->data += at;
		member->size -= at;
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
static int read_thin_member(struct sc_members *archive,
			    struct sc_member *member, const char *name)
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

void sc_put_be(uint8_t *at, size_t size, uint64_t value)
{
	while (size--) {
		at[size] = value & 0xff;
		value >>= 8;
	}
}

static uint64_t get_le(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | at[size];
	return value;
}

struct bsd_index {
	const uint8_t *pairs;		/* where a name is, where its member */
	const uint8_t *names;
	size_t entry, n, size;		/* size: of the names */
};

/* It is the size of the pairs, the pairs, the size of the names, the names. */
static bool read_bsd_index(struct bsd_index *index,
			   const struct sc_member *member)
{
	const size_t entry = index->entry;
	uint64_t size;

	if (member->size < 2 * entry)
		return false;
	size = get_le(member->data, entry);
	if (size % (2 * entry) || size > member->size - 2 * entry)
		return false;
	index->n = size / (2 * entry);
	index->pairs = member->data + entry;
	index->names = index->pairs + size + entry;
	index->size = member->size - 2 * entry - size;
	return true;
}

/* As GNU's, in @new: the number of symbols, where their members are, names. */
static bool convert_index(const struct bsd_index *index, uint8_t *new)
{
	const size_t entry = index->entry;
	const uint8_t *pair = index->pairs, *name, *end;
	uint8_t *names = new + entry * (index->n + 1);
	size_t room = index->size, len, i;
	uint64_t at;

	sc_put_be(new, entry, index->n);
	for (i = 1; i <= index->n; i++, pair += 2 * entry) {
		at = get_le(pair, entry);
		if (at >= index->size)
			return false;
		name = index->names + at;
		end = memchr(name, 0, index->size - at);
		len = end ? (size_t)(end - name) + 1 : 0;
		/* No two symbols share a name. */
		if (!len || len > room)
			return false;
		memcpy(names, name, len);
		names += len;
		room -= len;
		sc_put_be(new + i * entry, entry, get_le(pair + entry, entry));
	}
	return true;
}

static int add_bsd_index(struct sc_members *archive,
			 const struct sc_member *member, size_t entry)
{
	struct bsd_index index = { .entry = entry };
	uint8_t *new;

	if (!read_bsd_index(&index, member))
		return broken(archive, "broken symbol index",
			      member->old_offset);
	archive->index_size = entry * (index.n + 1) + index.size;
	new = sc_pool_alloc(archive->workspace->pool, archive->index_size, 1);
	if (!new)
		return sc_error(archive->path, "out of memory");
	if (!convert_index(&index, new))
		return broken(archive, "broken symbol index",
			      member->old_offset);
	archive->index = new;
	archive->index_entry = entry;
	return 0;
}

static int add_member(struct sc_members *archive, const char *header,
		      size_t offset, const uint8_t *data, size_t size)
{
	struct sc_member member = {
		.old_offset = offset, .header = header, .data = data,
		.size = size,
	}, *new;
	char *name = member_name(archive, &member), *slash;

	if (!name)
		return broken(archive, "a member's name is not understood",
			      offset);
	if (!strncmp(name, BSD_INDEX, sizeof(BSD_INDEX) - 1))
		return add_bsd_index(archive, &member,
				     strstr(name, "_64") ? 8 : 4);
	new = sc_pool_grow(archive->workspace->pool, archive->member,
			   archive->n, sizeof(*new));
	if (!new)
		return sc_error(archive->path, "out of memory");
	archive->member = new;
	slash = strrchr(name, '/');
	member.name = slash ? slash + 1 : name;
	new += archive->n++;
	*new = member;
	return archive->thin ? read_thin_member(archive, new, name) : 0;
}

/* One entry at @offset; *@next is where the next one is. */
static int read_entry(struct sc_members *archive, size_t offset, size_t *next)
{
	const char *header = (const char *)archive->file + offset;
	const uint8_t *data = archive->file + offset + SC_MEMBER_HEADER;
	bool special;
	uint64_t size;

	if (archive->size - offset < SC_MEMBER_HEADER || memcmp(header + 58, "`\n", 2) ||
	    !read_number(header + 48, 10, &size))
		return broken(archive, "broken header of a member", offset);
	special = header[0] == '/' &&
		  (header[1] == ' ' || header[1] == '/' ||
		   !strncmp(header, "/SYM64/ ", 8));
	*next = offset + SC_MEMBER_HEADER;
	if (!archive->thin || special) {
		if (size > archive->size - offset - SC_MEMBER_HEADER)
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

int sc_members_read(struct sc_members *archive)
{
	size_t offset = SC_ARCHIVE_MAGIC_SIZE;

	archive->thin = is_thin(archive->file);
	while (offset < archive->size)
		if (read_entry(archive, offset, &offset))
			return -1;
	return 0;
}
