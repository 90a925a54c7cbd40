/* SPDX-License-Identifier: MIT */
/* archive.h - copies of static libraries with annotated members. */
#ifndef SC_ARCHIVE_H
#define SC_ARCHIVE_H

#include <stdint.h>

#include "annotate/annotate.h"
#include "hook/workspace.h"

bool sc_archive_is(const uint8_t *file, size_t size);

struct sc_archive_result {
	char *copy;		/* NULL: none is needed */
	size_t n_bitcode;	/* members that are LLVM bitcode */
	unsigned int names;	/* of all members, see inputfile.h */
};

/*
 * Looks at the members of the archive @path, @size bytes at @file.  If one
 * needs annotation, the copy is a new archive (never a thin one) with all of
 * them; with @drop_bitcode, without those that are bitcode.  0, or -1 with a
 * message.
 */
int sc_archive_annotate(struct sc_workspace *workspace, const char *path,
			const uint8_t *file, size_t size, bool drop_bitcode,
			struct sc_archive_result *result);

#endif /* SC_ARCHIVE_H */
