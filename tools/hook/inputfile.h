/* SPDX-License-Identifier: MIT */
/* inputfile.h - a file in memory, annotated if it is an object that needs it. */
#ifndef SC_INPUTFILE_H
#define SC_INPUTFILE_H

#include <stdint.h>

#include "annotate/annotate.h"
#include "common/tool.h"

struct sc_inputfile {
	const uint8_t *data;		/* 8-aligned, but for archive members */
	size_t size;
	bool mapped;
};

/*
 * Maps a regular file, or reads it where that is faster.  0, or -1 with errno
 * set and no message.
 */
int sc_inputfile_map(struct sc_inputfile *file, const char *path);
void sc_inputfile_unmap(struct sc_inputfile *file);

/* Makes it independent of the file @name; 0, or -1 with a message. */
int sc_inputfile_keep(struct sc_inputfile *file, const char *name);

enum {
	SC_NAMES_CALLS = 1,		/* an object that makes static calls */
	SC_NAMES_HOOK = 2,		/* refers to the hook's symbol, or may */
	SC_BITCODE_CALLS = 4,		/* bitcode that makes static calls */
};

/* What may be in it, which is soon known of most files. */
unsigned int sc_inputfile_look(const struct sc_inputfile *file);

/* LLVM bitcode: what clang writes where a linker is to make the code. */
bool sc_inputfile_is_bitcode(const struct sc_inputfile *file);

/*
 * Annotates it if it is an object that needs it.  The file for the result is
 * what @open returns, see sc_annotate_memory().
 */
enum sc_annotate_result sc_inputfile_annotate(const struct sc_inputfile *file,
					      const char *name,
					      int (*open)(void *context),
					      void *context);

/* The same, with *@new as the result, to be unmapped. */
enum sc_annotate_result
sc_inputfile_annotate_memory(const struct sc_inputfile *file, const char *name,
			     struct sc_inputfile *new);

#endif /* SC_INPUTFILE_H */
