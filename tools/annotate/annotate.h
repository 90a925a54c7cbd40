/* SPDX-License-Identifier: MIT */
/* annotate.h - adds the records of its static calls to an object file. */
#ifndef SC_ANNOTATE_H
#define SC_ANNOTATE_H

#include <stddef.h>
#include <stdint.h>

enum sc_annotate_result {
	SC_ANNOTATE_ERROR = -1,		/* a message has been printed */
	SC_ANNOTATE_NOTHING,		/* nothing to do, nothing written */
	SC_ANNOTATE_DONE,
	SC_ANNOTATE_OTHER,		/* no x86-64 relocatable object */
};

/*
 * Annotates the object in @in (only read) and writes the result to @out,
 * another file.  @name is for messages; @why gets what the file is for
 * SC_ANNOTATE_OTHER.  With @out < 0 it says what it would do, and no more.
 */
enum sc_annotate_result sc_annotate_fd(int in, int out, const char *name,
				       const char **why);

/*
 * The same for the @size bytes at @data, 8-aligned, which stay as they are.
 * @open is called with @context once it is sure that there is something to
 * write; it returns the file to write to, or -1 with a message.
 */
enum sc_annotate_result sc_annotate_memory(const uint8_t *data, size_t size,
					   int (*open)(void *context),
					   void *context, const char *name,
					   const char **why);

/*
 * Annotates a file in place: by a new file beside it and rename(), with mode
 * and owner kept.
 */
enum sc_annotate_result sc_annotate_path(const char *path, const char **why);

#endif /* SC_ANNOTATE_H */
