/* SPDX-License-Identifier: MIT */
/* members.h - a static library in memory: what its parts share. */
#ifndef SC_MEMBERS_H
#define SC_MEMBERS_H

#include "hook/inputfile.h"
#include "hook/workspace.h"

#define SC_ARCHIVE_MAGIC "!<arch>\n"
#define SC_ARCHIVE_THIN "!<thin>\n"

enum { SC_ARCHIVE_MAGIC_SIZE = 8, SC_MEMBER_HEADER = 60 };

struct sc_member {
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

struct sc_members {
	struct sc_workspace *workspace;
	const char *path;
	const uint8_t *file;
	size_t size;
	bool thin;
	const uint8_t *index;		/* of symbols */
	size_t index_size, index_entry;
	const char *names;		/* long ones */
	size_t names_size;
	struct sc_member *member;
	size_t n;
	unsigned int found;		/* in the members, see inputfile.h */
	const char *broken;		/* NULL, or why it cannot be read */
	size_t broken_at;
	bool drop_bitcode, changed;
	size_t n_bitcode;
};

/*
 * members.c: reads archive->file.  0, or -1 with a message or with
 * archive->broken.
 */
int sc_members_read(struct sc_members *archive);

/* Numbers of an index are big-endian. */
void sc_put_be(uint8_t *at, size_t size, uint64_t value);

/* archive_write.c: the new archive.  0, or -1 with a message. */
int sc_members_write(struct sc_members *archive, const struct sc_copy *copy);

#endif /* SC_MEMBERS_H */
