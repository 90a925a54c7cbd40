/* SPDX-License-Identifier: MIT */
/*
 * waiting.c - what the places of a process wait for that could be direct and are
 * not.
 *
 * The library knows, and says so in static_call_get_info().  From outside its
 * variables are read, where it has symbols; where not, the environment that the
 * process was started with.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/view.h"

/* The names of variables in src/text/probe.c and src/places/module_places.c. */
#define WHY_NOT		"sc_why_no_patching"
#define FORBIDDEN	"sc_why_forbidden"

#define OFF "patching is off: "
#define BY_ENVIRONMENT "the environment has STATIC_CALL_PATCH"

enum { LONGEST = 200 };

struct library {
	struct sc_process *process;
	const char *why;
	bool found;			/* a copy that has begun */
};

/* A compiler that optimises the whole program appends to names: ".lto_priv.0". */
static bool is_named(const char *name, const char *wanted)
{
	size_t n = strlen(wanted);

	return !strncmp(name, wanted, n) && (!name[n] || name[n] == '.');
}

/* A text in the memory of the process, whatever is there. */
static const char *read_text(struct sc_process *process, uint64_t address)
{
	char text[LONGEST];
	size_t n;

	for (n = 0; n < sizeof(text) - 1; n++)
		if (!sc_process_read(process, address + n, text + n, 1) ||
		    !text[n])
			break;
	text[n] = '\0';
	return n ? sc_pool_string(&process->pool, OFF "%s", text) : NULL;
}

static int look_at_reason(void *context, const char *name, uint64_t address)
{
	struct library *library = context;
	uint64_t text;

	if (!is_named(name, WHY_NOT) ||
	    !sc_process_read64(library->process, address, &text))
		return 0;
	library->found = true;
	if (text && !library->why)
		library->why = read_text(library->process, text);
	return library->why != NULL;
}

static int look_at_forbidden(void *context, const char *name, uint64_t address)
{
	struct library *library = context;
	uint64_t text;

	if (is_named(name, FORBIDDEN) &&
	    sc_process_read64(library->process, address, &text) && text)
		library->why = OFF BY_ENVIRONMENT;
	return library->why != NULL;
}

static const char *library_says(struct sc_process *process, bool *found)
{
	struct library library = { .process = process };
	size_t i;

	for (i = 0; i < process->n_loaded && !library.why; i++) {
		const struct sc_loaded *loaded = &process->loaded[i];

		if (!loaded->binary.elf)
			continue;
		sc_process_each_symbol(process, loaded, FORBIDDEN,
				       look_at_forbidden, &library);
		if (!library.why)
			sc_process_each_symbol(process, loaded, WHY_NOT,
					       look_at_reason, &library);
	}
	*found = library.found;
	return library.why;
}

/* The value of STATIC_CALL_PATCH, or NULL. */
static const char *find_variable(const char *environment, size_t n)
{
	static const char name[] = "STATIC_CALL_PATCH=";
	const char *at, *end = environment + n;

	for (at = environment; at < end; at += strlen(at) + 1)
		if (!strncmp(at, name, sizeof(name) - 1))
			return at + sizeof(name) - 1;
	return NULL;
}

static const char *environment_says(struct sc_process *process)
{
	int fd = process->core ? -1 : openat(process->dir, "environ",
					     O_RDONLY | O_CLOEXEC);
	const char *why = NULL, *value;
	size_t room = 1 << 20, n = 0;
	char *text = fd < 0 ? NULL : malloc(room + 1);
	ssize_t got = 1;

	while (text && n < room && (got = read(fd, text + n, room - n)) > 0)
		n += (size_t)got;
	if (text) {
		text[n] = '\0';
		value = find_variable(text, n);
		if (value && *value && strcmp(value, "1") != 0)
			why = sc_pool_string(&process->pool,
					     OFF BY_ENVIRONMENT "=%s", value);
	}
	free(text);
	if (fd >= 0)
		close(fd);
	return why;
}

const char *sc_waiting_for(struct sc_process *process)
{
	bool found = false;
	const char *why = library_says(process, &found), *value = NULL;

	/* The environment has the value, too. */
	if (!found || (why && !strcmp(why, OFF BY_ENVIRONMENT)))
		value = environment_says(process);
	if (value || why)
		return value ? value : why;
	return found ? "an update is under way, or the last one could not change this call and the next one tries again: static_call_get_info(3) in the process has the reason" :
		       "an update is under way, or patching is off or has failed: run the program with STATIC_CALL_DEBUG=1 to see the reason";
}
