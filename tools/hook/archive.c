/* SPDX-License-Identifier: MIT */
/*
 * archive.c - makes a copy of a static library in which members have records.
 *
 * Rule: what is not understood is refused, and then nothing is written.
 */
#include <string.h>

#include <static_call/format.h>

#include "hook/archive.h"
#include "hook/members.h"

bool sc_archive_is(const uint8_t *file, size_t size)
{
	return size >= SC_ARCHIVE_MAGIC_SIZE &&
	       (!memcmp(file, SC_ARCHIVE_MAGIC, SC_ARCHIVE_MAGIC_SIZE) ||
		!memcmp(file, SC_ARCHIVE_THIN, SC_ARCHIVE_MAGIC_SIZE));
}

/* Puts the annotated member in the place of the old one. */
static int annotate_member(struct sc_members *archive, struct sc_member *member)
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

static int annotate_members(struct sc_members *archive)
{
	size_t i;

	for (i = 0; i < archive->n; i++) {
		struct sc_member *member = &archive->member[i];
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

static int copy_archive(struct sc_members *archive, char **name)
{
	struct sc_copy copy;

	if (sc_workspace_open(archive->workspace, archive->path, &copy) ||
	    (!copy.had && sc_members_write(archive, &copy)))
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
	struct sc_members archive = {
		.workspace = workspace, .path = path, .file = file,
		.size = size, .drop_bitcode = drop_bitcode,
	};
	int err = 0;
	size_t i;

	*result = (struct sc_archive_result){ NULL, 0, 0 };
	if (sc_members_read(&archive)) {
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
