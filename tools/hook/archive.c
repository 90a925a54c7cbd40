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

#include <static_call/format.h>

#include "hook/archive.h"
#include "hook/inputfile.h"

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
	size_t n;
	unsigned int found;		/* in the members, see inputfile.h */
	const char *broken;		/* NULL, or why it cannot be read */
	size_t broken_at;
	bool drop_bitcode, changed;
	size_t n_bitcode;
};

bool sc_archive_is(const uint8_t *file, size_t size)
{
	return size >= MAGIC_SIZE && (!memcmp(file, MAGIC, MAGIC_SIZE) ||
				      !memcmp(file, THIN_MAGIC, MAGIC_SIZE));
}

static bool is_thin(const uint8_t *file)
{
	return !memcmp(file, THIN_MAGIC, MAGIC_SIZE);
}

/* It is said only of an archive that matters. */
static int broken(struct archive *archive, const char *what, size_t at)
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
	struct member *member, *new;

	if (!name)
		return broken(archive, "a member's name is not understood",
			      offset);
	new = sc_pool_grow(archive->workspace->pool, archive->member,
			   archive->n, sizeof(*new));
	if (!new)
		return sc_error(archive->path, "out of memory");
	archive->member = new;
	slash = strrchr(name, '/');
	member = &archive->member[archive->n++];
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

	archive->thin = is_thin(archive->file);
	while (offset < archive->size)
		if (read_entry(archive, offset, &offset))
			return -1;
	return 0;
}

/* Puts the annotated member in the place of the old one. */
static int annotate_member(struct archive *archive, struct member *member)
{
	struct sc_inputfile file = { member->data, member->size, false }, new;
	char *name = sc_pool_string(archive->workspace->pool, "%s(%s)",
				    archive->path, member->name);

	if (!name)
		return sc_error(archive->path, "out of memory");
	switch (sc_inputfile_annotate_memory(&file, name, &new)) {
	case SC_ANNOTATE_DONE:
		sc_inputfile_unmap(&member->own);
		member->own = new;
		member->data = new.data;
		member->size = new.size;
		archive->changed = true;
		return 0;
	case SC_ANNOTATE_ERROR:
		return -1;
	default:
		return 0;
	}
}

static int annotate_members(struct archive *archive)
{
	size_t i;

	for (i = 0; i < archive->n; i++) {
		struct member *member = &archive->member[i];
		struct sc_inputfile file = { member->data, member->size,
					     false };
		unsigned int names = sc_inputfile_look(&file);

		archive->found |= names;
		if (sc_inputfile_is_bitcode(&file)) {
			archive->n_bitcode++;
			member->dropped = archive->drop_bitcode;
			archive->changed |= member->dropped;
		} else if ((names & SC_NAMES_CALLS) &&
			   annotate_member(archive, member)) {
			return -1;
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
	size_t size, n;
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
		struct member *member = archive->n ?
			bsearch(&offset, archive->member, archive->n,
				sizeof(*member), compare_offset) : NULL;
		const uint8_t *next = memchr(name, 0, (size_t)(end - name));

		if (!member || !next)
			return sc_error(archive->path, "broken symbol index");
		next++;
		if (!member->dropped) {
			index->of[index->n++] = member;
			memcpy(names + index->size, name,
			       (size_t)(next - name));
			index->size += (size_t)(next - name);
		}
		name = next;
	}
	memcpy(index->data + entry * (index->n + 1), names, index->size);
	index->size += entry * (index->n + 1);
	index->size += index->size & 1;
	return 0;
}

/* Where everything will be; returns the size of the long names. */
static size_t lay_out(struct archive *archive, const struct index *index)
{
	uint64_t offset = MAGIC_SIZE;
	size_t names = 0, i;

	for (i = 0; i < archive->n; i++) {
		struct member *member = &archive->member[i];

		member->name_offset = names;
		if (!member->dropped && strlen(member->name) > SHORT_NAME)
			names += strlen(member->name) + 2;
	}
	if (archive->index)
		offset += HEADER + index->size;
	if (names)
		offset += HEADER + names + (names & 1);
	for (i = 0; i < archive->n; i++) {
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

	put_be(index->data, entry, index->n);
	for (i = 0; i < index->n; i++) {
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
	for (i = 0; i < archive->n; i++)
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

static int write_members(struct archive *archive, struct index *index,
			 size_t names, FILE *out)
{
	int err = 0;
	size_t i;

	fputs(MAGIC, out);
	if (archive->index)
		err = write_index(archive, index, out);
	if (names)
		write_names(archive, names, out);
	for (i = 0; i < archive->n; i++)
		if (!archive->member[i].dropped)
			write_member(&archive->member[i], out);
	return err;
}

static int write_archive(struct archive *archive, const struct sc_copy *copy)
{
	struct index index = { .n = 0 };
	size_t names, left = 0, i;
	FILE *out;
	int err;

	for (i = 0; i < archive->n; i++)
		left += !archive->member[i].dropped;
	/* gold takes an index before no members for a cut file. */
	if (!left)
		archive->index = NULL;
	if (archive->index && read_index(archive, &index))
		return -1;
	names = lay_out(archive, &index);
	/* Memory stays for as long as the first descriptor is open. */
	out = fdopen(dup(copy->fd), "w");
	if (!out)
		return sc_error_errno(copy->name, "cannot write");
	err = write_members(archive, &index, names, out);
	if ((fflush(out) || ferror(out)) && !err)
		err = sc_error_errno(copy->name, "cannot write");
	if (fclose(out) && !err)
		err = sc_error_errno(copy->name, "cannot write");
	return sc_workspace_close(copy) ? -1 : err;
}

/*
 * BSD's and Darwin's archives name members in another way; a symbol index of
 * theirs is a member, too.  What they hold goes without records.
 */
static bool is_bsd(const uint8_t *file, size_t size)
{
	const char *first = (const char *)file + MAGIC_SIZE;

	return size >= MAGIC_SIZE + HEADER &&
	       (!memcmp(first, "#1/", 3) || !memcmp(first, "__.SYMDEF", 9));
}

static int copy_archive(struct archive *archive, char **name)
{
	struct sc_copy copy;

	if (sc_workspace_open(archive->workspace, archive->path, &copy) ||
	    (!copy.had && write_archive(archive, &copy)))
		return -1;
	*name = copy.name;
	return 0;
}

/* Does a file that cannot be read as an archive matter to us? */
static bool matters(const uint8_t *file, size_t size)
{
	return memmem(file, size, STATIC_CALL_TRAMP_PREFIX_STR,
		      STATIC_CALL_TRAMP_PREFIX_LEN) != NULL;
}

int sc_archive_annotate(struct sc_workspace *workspace, const char *path,
			const uint8_t *file, size_t size, bool drop_bitcode,
			struct sc_archive_result *result)
{
	struct archive archive = {
		.workspace = workspace, .path = path, .file = file,
		.size = size, .drop_bitcode = drop_bitcode,
	};
	int err = 0;
	size_t i;

	*result = (struct sc_archive_result){ NULL, 0, 0 };
	if (is_bsd(file, size)) {
		if (matters(file, size))
			result->names = SC_NAMES_HOOK;
		return 0;
	}
	if (read_archive(&archive)) {
		err = archive.thin || matters(file, size) ? -1 : 0;
		if (err && archive.broken)
			sc_error(path, "%s (at offset %zu)", archive.broken,
				 archive.broken_at);
	} else if (annotate_members(&archive)) {
		err = -1;
	} else if (archive.changed) {
		err = copy_archive(&archive, &result->copy);
	}
	result->n_bitcode = archive.n_bitcode;
	result->names = archive.found;
	for (i = 0; i < archive.n; i++)
		sc_inputfile_unmap(&archive.member[i].own);
	return err;
}
