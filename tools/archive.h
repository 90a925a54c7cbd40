/* SPDX-License-Identifier: MIT */
/* archive.h - copies of static libraries with annotated members. */
#ifndef SC_ARCHIVE_H
#define SC_ARCHIVE_H

#include <stdint.h>

#include "annotate.h"
#include "workspace.h"

bool sc_archive_is(const uint8_t *file, size_t size);

/*
 * Looks at the members of the archive @path, @size bytes at @file.  If one
 * needs annotation, *@copy is a new archive (never a thin one) with all of
 * them; else NULL.  0, or -1 with a message.
 */
int sc_archive_annotate(struct sc_workspace *workspace, const char *path,
			const uint8_t *file, size_t size, char **copy);

#endif /* SC_ARCHIVE_H */
