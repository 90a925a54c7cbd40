/* SPDX-License-Identifier: MIT */
/* input.c - finds out what an input is, and copies what needs records. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/archive.h"
#include "hook/input.h"
#include "hook/inputfile.h"
#include "hook/script.h"

enum { MOST_SCRIPTS = 16 };	/* that name each other */

struct object {
	struct sc_workspace *workspace;
	const char *path;
	struct sc_copy copy;
};

static int open_copy(void *context)
{
	struct object *object = context;

	return sc_workspace_open(object->workspace, object->path,
				 &object->copy) ? -1 : object->copy.fd;
}

/* The copy of an object that makes static calls. */
static int annotate_object(struct sc_link *link, const char *path,
			   const struct sc_inputfile *file, char **name)
{
	struct object object = { &link->workspace, path, { .fd = -1 } };
	struct sc_copy *copy = &object.copy;
	enum sc_annotate_result result;

	result = sc_inputfile_annotate(file, path, open_copy, &object);
	if (sc_workspace_close(copy))
		return -1;
	if (copy->had || result == SC_ANNOTATE_DONE)
		*name = copy->name;
	return result == SC_ANNOTATE_ERROR && !copy->had ? -1 : 0;
}

static int annotate_archive(struct sc_inputs *inputs, const char *path,
			    const struct sc_inputfile *file,
			    struct sc_input *input)
{
	struct sc_link *link = inputs->link;
	struct sc_archive_result result;

	if (sc_archive_annotate(&link->workspace, path, file->data, file->size,
				link->instead != NULL, &result))
		return -1;
	input->copy = result.copy;
	input->n_bitcode = result.n_bitcode;
	inputs->wants_hook |= result.names & SC_NAMES_HOOK;
	link->bitcode_calls |= result.names & SC_BITCODE_CALLS;
	return 0;
}

struct script {
	struct sc_inputs *inputs;
	struct sc_input *input;		/* the script */
	const char *path;
	bool changed;
};

/* A name in a script; see sc_script_rewrite(). */
static const char *annotate_name(void *context, const char *name)
{
	struct script *script = context;
	struct sc_inputs *inputs = script->inputs;
	struct sc_input input = { .copy = NULL };
	char *path, *full;
	bool beside;

	path = sc_search_in_script(&inputs->search, script->path, name,
				   &beside);
	if (!path)
		return name;
	if (sc_input_annotate(inputs, path, &input))
		return NULL;
	script->input->n_bitcode += input.n_bitcode;
	if (input.all_bitcode && inputs->link->instead) {
		script->changed = true;
		return "";
	}
	script->changed |= input.copy != NULL;
	if (input.copy)
		return input.copy;
	if (!beside)
		return name;
	/* Where the copy of the script is, the name would mean nothing. */
	full = realpath(path, NULL);
	path = full ? sc_pool_string(inputs->link->pool, "%s", full) : path;
	free(full);
	return path;
}

static int annotate_script(struct sc_inputs *inputs, const char *path,
			   const struct sc_inputfile *file,
			   struct sc_input *input)
{
	struct sc_link *link = inputs->link;
	struct script script = { inputs, input, path, false };
	struct sc_copy copy;
	ssize_t len;
	char *text;

	text = sc_script_rewrite(link->pool, file->data, file->size,
				 annotate_name, &script);
	if (!text)
		return -1;
	if (!script.changed)
		return 0;
	if (sc_workspace_open(&link->workspace, path, &copy))
		return -1;
	len = (ssize_t)strlen(text);
	if (!copy.had && write(copy.fd, text, (size_t)len) != len)
		return sc_error_errno(copy.name, "cannot write");
	if (sc_workspace_close(&copy))
		return -1;
	input->copy = copy.name;
	return 0;
}

static int annotate_file(struct sc_inputs *inputs, const char *path,
			 const struct sc_inputfile *file,
			 struct sc_input *input)
{
	unsigned int names;
	int err;

	if (sc_archive_is(file->data, file->size))
		return annotate_archive(inputs, path, file, input);
	if (sc_script_has_inputs(file->data, file->size) &&
	    inputs->depth < MOST_SCRIPTS) {
		inputs->depth++;
		err = annotate_script(inputs, path, file, input);
		inputs->depth--;
		return err;
	}
	names = sc_inputfile_look(file);
	inputs->wants_hook |= names & SC_NAMES_HOOK;
	inputs->link->bitcode_calls |= names & SC_BITCODE_CALLS;
	if (sc_inputfile_is_bitcode(file)) {
		input->n_bitcode = 1;
		input->all_bitcode = true;
	} else if (names & SC_NAMES_CALLS) {
		return annotate_object(inputs->link, path, file, &input->copy);
	}
	return 0;
}

int sc_input_annotate(struct sc_inputs *inputs, const char *path,
		      struct sc_input *input)
{
	struct sc_inputfile file;
	int err;

	if (sc_inputfile_map(&file, path))
		return 0;
	err = annotate_file(inputs, path, &file, input);
	sc_inputfile_unmap(&file);
	return err;
}
