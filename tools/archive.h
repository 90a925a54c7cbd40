/* SPDX-License-Identifier: MIT */
/* archive.h - copies of static libraries with annotated members. */
#ifndef SC_ARCHIVE_H
#define SC_ARCHIVE_H

#include <stdint.h>

#include "annotate.h"
#include "workspace.h"

bool sc_archive_is(const uint8_t *file, size_t size);

/* Only its names: the members are files of their own. */
bool sc_archive_is_thin(const uint8_t *file);

/*
 * Looks at the members of the archive @path, @size bytes at @file.  If one
 * needs annotation, *@copy is a new archive (never a thin one) with all of
 * them; else NULL.  *@nr_bitcode is the number of members that are LLVM
 * bitcode; with @drop_bitcode the new archive is made without them.
 * 0, or -1 with a message.
 */
int sc_archive_annotate(struct sc_workspace *workspace, const char *path,
			const uint8_t *file, size_t size, bool drop_bitcode,
			char **copy, size_t *nr_bitcode);

#endif /* SC_ARCHIVE_H */
