/* SPDX-License-Identifier: MIT */
/*
 * output.c - writes an annotated object over the one that the tool made.
 *
 * Until the hook ends nobody else has to do with that file, so it is written
 * over, which is cheaper than a new one.  An object half done must not stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "hook/inputfile.h"
#include "hook/output.h"

struct output {
	const char *name;		/* as the tool was told */
	char path[PATH_MAX];		/* the file itself, to be removed */
	off_t size;
	int fd;
};

/* From here on an error, or a signal, leaves no whole object in the file. */
static int open_output(void *context)
{
	struct output *output = context;

	if (sc_cleanup_add(output->path, false))
		return -1;
	output->fd = open(output->path, O_WRONLY | O_CLOEXEC);
	return output->fd < 0 ?
	       sc_error_errno(output->name, "cannot write") : output->fd;
}

/* 0, or -1 with a message. */
static int close_output(struct output *output)
{
	off_t end = lseek(output->fd, 0, SEEK_CUR);
	/* The old one can have been longer: it had gaps of its own. */
	int err = end < output->size && ftruncate(output->fd, end);

	/* A full disk may show itself only here. */
	if (close(output->fd) || err)
		return sc_error_errno(output->name, "cannot write");
	return 0;
}

static enum sc_annotate_result write_over(struct sc_inputfile *file,
					  struct output *output)
{
	if (!realpath(output->name, output->path)) {
		/* What is there now is no name of ours to remove. */
		output->path[0] = '\0';
		sc_error_errno(output->name, "cannot find it");
		return SC_ANNOTATE_ERROR;
	}
	if (sc_inputfile_keep(file, output->name))
		return SC_ANNOTATE_ERROR;
	return sc_inputfile_annotate(file, output->name, open_output, output);
}

/*
 * Annotates what the tool made.  Until the hook ends nobody else has to do with
 * that file, so it is written over, which is cheaper than a new one.  An object
 * half done must not stay.
 */
int sc_output_annotate(const char *name)
{
	struct output output = { .name = name, .fd = -1 };
	enum sc_annotate_result result = SC_ANNOTATE_OTHER;
	struct sc_inputfile file;

	if (!name || sc_inputfile_map(&file, name))
		return 0;
	output.size = (off_t)file.size;
	if (sc_inputfile_look(&file) & SC_NAMES_CALLS)
		result = write_over(&file, &output);
	if (output.fd >= 0 && close_output(&output))
		result = SC_ANNOTATE_ERROR;
	sc_inputfile_unmap(&file);
	if (result == SC_ANNOTATE_ERROR)
		unlink(output.path);
	sc_cleanup_forget(output.path);
	return result == SC_ANNOTATE_ERROR ? -1 : 0;
}
