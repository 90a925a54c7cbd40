/* SPDX-License-Identifier: MIT */
/*
 * backend.h - the seam: what the core asks of a backend.
 *
 * A backend that patches nothing is a handful of empty functions
 * (generic/generic.c).  Exactly one is linked into a library.  Unless said
 * otherwise all of this is called with the library's lock held.
 */
#ifndef SC_BACKEND_H
#define SC_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include <static_call/api.h>

struct sc_patch;
struct sc_places;
struct sc_image;

/* A static call that the library knows. */
struct sc_key {
	struct static_call_key *key;
	const char *name;		/* "": not known */
	struct sc_module *module;	/* where it is defined; NULL: elsewhere */
	struct sc_key *next;		/* of all keys */

	/* During an update: the new target, and the other keys of the update. */
	void *target;
	struct sc_key *next_changing;

	/* The backend's: the places to patch for it, and a mark. */
	struct sc_patch *places;
	size_t n_places;
	unsigned long mark;
};

/* A program or shared library with static calls. */
struct sc_module {
	char *state;			/* by this byte it is known */
	struct sc_module *next;
	struct sc_image *image;		/* the backend's, from read to add */
	struct sc_places *places;	/* the backend's */
};

/* What a backend asks of the registry while a module is added. */
struct sc_registrar {
	/* The entry of a key defined in @m; NULL: no memory, or not ours. */
	struct sc_key *(*define)(struct sc_module *m,
				 struct static_call_key *key, const char *name);
	/* The entry of a key used in a module; NULL likewise. */
	struct sc_key *(*use)(struct static_call_key *key);
};

/* "generic", ... */
const char *sc_backend_name(void);

/* Once.  @patch: the user has not forbidden it. */
void sc_backend_start(bool patch);

/* Why text is not patched; NULL: it is. */
const char *sc_backend_reason(void);

/*
 * Loading a module, first half: read what it contains.  Without the lock, for
 * it may call the dynamic loader.  Returns 0, or a negative errno if there is
 * nothing that could be added; then all calls of the module go through keys.
 */
int sc_backend_read(struct sc_module *m);
void sc_backend_forget(struct sc_module *m);

/* Second half: define its keys, find its places, and patch them. */
int sc_backend_add(struct sc_module *m, const struct sc_registrar *registrar);

/* The module leaves: its places become pristine and are forgotten. */
void sc_backend_remove(struct sc_module *m);

/* A key leaves: places of it in other modules become pristine. */
void sc_backend_orphan(struct sc_key *key);

/* Whether @func is in the text of @m, as far as the backend knows. */
bool sc_backend_holds(const struct sc_module *m, const void *func);

/*
 * An update.  @changing is the list (by next_changing) of keys with new
 * targets.  prepare() does everything that can fail; then the core stores the
 * keys and calls commit().
 */
int sc_backend_prepare(struct sc_key *changing);
void sc_backend_commit(void);

/* Adds the counts of places to @info. */
void sc_backend_count(struct static_call_info *info);
size_t sc_backend_patched(const struct sc_key *key);

/* Fills at most @max entries; returns how many there are. */
size_t sc_backend_list(struct static_call_site_info *out, size_t max);

/* Whether [start, end] touches a place. */
bool sc_backend_reserved(const void *start, const void *end);

#endif
