/* SPDX-License-Identifier: MIT */
/*
 * archive_write.c - writes a static library anew.
 *
 * Rules: members keep their order and their names; the symbol index is the old
 * one with new offsets, so that the linker takes the members it would have
 * taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/members.h"

enum { SHORT_NAME = 15 };

static uint64_t get_be(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | *at++;
	return value;
}

static int compare_offset(const void *key, const void *entry)
{
	uint64_t offset = *(const uint64_t *)key;
	const struct sc_member *member = entry;

	return offset < member->old_offset ? -1 : offset > member->old_offset;
}

struct index {
	uint8_t *data;			/* the new one */
	size_t size, n;
	struct sc_member **of;		/* by entry */
};

/*
 * The new index without the members that are dropped; the offsets are put in
 * when they are known.
 */
static int read_index(struct sc_members *archive, struct index *index)
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
		struct sc_member *member = archive->n ?
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
static size_t lay_out(struct sc_members *archive, const struct index *index)
{
	uint64_t offset = SC_ARCHIVE_MAGIC_SIZE;
	size_t names = 0, i;

	for (i = 0; i < archive->n; i++) {
		struct sc_member *member = &archive->member[i];

		member->name_offset = names;
		if (!member->dropped && strlen(member->name) > SHORT_NAME)
			names += strlen(member->name) + 2;
	}
	if (archive->index)
		offset += SC_MEMBER_HEADER + index->size;
	if (names)
		offset += SC_MEMBER_HEADER + names + (names & 1);
	for (i = 0; i < archive->n; i++) {
		struct sc_member *member = &archive->member[i];

		if (member->dropped)
			continue;
		member->new_offset = offset;
		offset += SC_MEMBER_HEADER + member->size + (member->size & 1);
	}
	return names;
}

static int write_index(struct sc_members *archive, struct index *index,
		       FILE *out)
{
	const size_t entry = archive->index_entry;
	size_t i;

	sc_put_be(index->data, entry, index->n);
	for (i = 0; i < index->n; i++) {
		uint64_t offset = index->of[i]->new_offset;

		if (entry == 4 && offset > UINT32_MAX)
			return sc_error(archive->path,
					"gets too large for its symbol index");
		sc_put_be(index->data + (i + 1) * entry, entry, offset);
	}
	fprintf(out, "%-16s%-12s%-6s%-6s%-8s%-10zu`\n",
		entry == 4 ? "/" : "/SYM64/", "0", "0", "0", "0", index->size);
	fwrite(index->data, 1, index->size, out);
	return 0;
}

static void write_names(struct sc_members *archive, size_t size, FILE *out)
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

static void write_member(const struct sc_member *member, FILE *out)
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

static int write_members(struct sc_members *archive, struct index *index,
			 size_t names, FILE *out)
{
	int err = 0;
	size_t i;

	fputs(SC_ARCHIVE_MAGIC, out);
	if (archive->index)
		err = write_index(archive, index, out);
	if (names)
		write_names(archive, names, out);
	for (i = 0; i < archive->n; i++)
		if (!archive->member[i].dropped)
			write_member(&archive->member[i], out);
	return err;
}

int sc_members_write(struct sc_members *archive, const struct sc_copy *copy)
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
