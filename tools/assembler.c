/* SPDX-License-Identifier: MIT */
/*
 * assembler.c - reads the command line of an assembler.
 *
 * Rule: where it is not sure what will be read (standard input, an option not
 * known here, .include), there may be a static call in it.
 */
#include <string.h>

#include <static_call/types.h>

#include "assembler.h"
#include "inputfile.h"

const char *sc_assembler_output(const struct sc_args *args)
{
	const char *output = "a.out";
	size_t i;

	for (i = 1; i < args->nr; i++) {
		if (!strcmp(args->arg[i], "--version") ||
		    !strcmp(args->arg[i], "--help"))
			return NULL;
		if (!strcmp(args->arg[i], "-o"))
			output = args->arg[i + 1];
		else if (!strncmp(args->arg[i], "-o", 2))
			output = args->arg[i] + 2;
	}
	return output;
}

/* Options whose value is the next word; that is no file to be read. */
static bool has_value(const char *arg)
{
	return !strcmp(arg, "-o") || !strcmp(arg, "-I") ||
	       !strcmp(arg, "--MD") || !strcmp(arg, "--defsym") ||
	       !strcmp(arg, "--debug-prefix-map");
}

static bool text_may_call(const char *path)
{
	struct sc_inputfile file;
	bool may_call;

	if (sc_inputfile_map(&file, path))
		return true;
	may_call = sc_inputfile_has(&file, STATIC_CALL_TRAMP_PREFIX_STR) ||
		   sc_inputfile_has(&file, ".include");
	sc_inputfile_unmap(&file);
	return may_call;
}

bool sc_assembler_may_call(const struct sc_args *args)
{
	bool any = false;
	size_t i;

	for (i = 1; i < args->nr; i++) {
		const char *arg = args->arg[i];

		if (has_value(arg)) {
			i++;
		} else if (arg[0] != '-' || !arg[1] || !strcmp(arg, "--")) {
			if (text_may_call(arg))
				return true;
			any = true;
		}
	}
	return !any;
}
