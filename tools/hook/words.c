/* SPDX-License-Identifier: MIT */
/* words.c - what the words of a linker's command line are. */
#include <string.h>

#include "hook/words.h"

/* Options whose value is the next word. */
static const char *const valued[] = {
	"-A", "-F", "-G", "-L", "-O", "-P", "-R", "-T", "-Y", "-a", "-b",
	"-c", "-e", "-f", "-h", "-l", "-m", "-o", "-u", "-y", "-z",
	"-Map", "--Map", "-defsym", "-dynamic-linker", "-fini", "-init", "-plugin",
	"-plugin-opt", "-rpath", "-rpath-link", "-soname", "-version-script",
	"--architecture", "--auxiliary", "--defsym", "--dependency-file",
	"--dynamic-linker", "--dynamic-list", "--entry", "--exclude-libs", "--filter", "--fini",
	"--format", "--init", "--just-symbols", "--library", "--library-path",
	"--oformat", "--output", "--plugin", "--plugin-opt",
	"--reproduce", "--retain-symbols-file", "--rpath", "--rpath-link", "--script",
	"--section-start", "--soname", "--sysroot", "--undefined",
	"--version-script", "--wrap",
};

bool sc_word_has_value(const char *arg)
{
	size_t i;

	/* Of thousands of words most are files. */
	if (arg[0] != '-')
		return false;
	for (i = 0; i < sizeof(valued) / sizeof(valued[0]); i++)
		if (!strcmp(arg, valued[i]))
			return true;
	return false;
}

/* The value of a long option in its "=" form, or NULL. */
char *sc_word_long_value(char *arg, const char *name)
{
	size_t len = strlen(name);

	/* Linkers take one dash for two. */
	if (arg[0] != '-')
		return NULL;
	arg += arg[1] == '-' ? 2 : 1;
	return !strncmp(arg, name, len) && arg[len] == '=' ?
	       arg + len + 1 : NULL;
}

bool sc_word_is(const char *arg, const char *name)
{
	return arg[0] == '-' && !strcmp(arg + (arg[1] == '-' ? 2 : 1), name);
}

bool sc_word_is_any(const char *arg, const char *const *list)
{
	while (*list)
		if (!strcmp(arg, *list++))
			return true;
	return false;
}

/* The value of option @i: in the same word, behind "=", or the next word. */
char *sc_word_value(const struct sc_args *args, size_t i, char letter,
		    const char *name)
{
	char *arg = args->arg[i], *value = sc_word_long_value(arg, name);

	if (value)
		return value;
	if (letter && arg[0] == '-' && arg[1] == letter)
		return arg[2] ? arg + 2 : args->arg[i + 1];
	return sc_word_is(arg, name) ? args->arg[i + 1] : NULL;
}

void sc_words_drop(struct sc_args *args, const char *name)
{
	size_t i, kept = 1;

	for (i = 1; i < args->n; i++) {
		if (sc_word_long_value(args->arg[i], name))
			continue;
		if (sc_word_is(args->arg[i], name))
			i++;
		else
			args->arg[kept++] = args->arg[i];
	}
	args->n = kept;
	args->arg[kept] = NULL;
}
