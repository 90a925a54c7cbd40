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
#include <stdint.h>

#include <static_call/api.h>

struct sc_image;
struct sc_place;
struct sc_places;
struct sc_plan;

/*
 * A static call that the library knows.  Entries never move and their memory is
 * never given back.
 *
 * A child of fork() believes @key, @name, @module, @owned, @target and @tramp.
 * All else it makes anew (fork.c).
 */
struct sc_key {
	struct static_call_key *key;	/* NULL: the entry is spare */
	const char *name;		/* "": not known */
	struct sc_module *module;	/* where it is defined; NULL: elsewhere */
	/*
	 * The same as @key->func, in memory that no other program data shares.
	 * The core stores it before the key.
	 */
	void *target;
	uintptr_t tramp;		/* its trampoline; 0: not known yet */
	/*
	 * Some module of this copy of the library defines it.  Until then it is
	 * only used: nothing is written to it, and no place is patched for it.
	 */
	bool owned;
	bool stays;			/* its module is never unloaded */

	struct sc_key *next;		/* of all keys, or of the spare ones */
	/* The backend's: the places that are patched for it. */
	struct sc_place *places;
	size_t n_places;
	unsigned long mark;		/* of the backend, for one sweep */
};

/*
 * A program or shared library with static calls.  @state and @places are written
 * before the module is in the list, @stuck as it leaves; registry.c shows the
 * states.
 */
struct sc_module {
	char *state;			/* by this byte it is known */
	struct sc_module *next;
	struct sc_image *image;		/* the backend's, from read to add */
	struct sc_places *places;	/* the backend's */
	/* All set by sc_backend_read().  Its calls have no records: */
	bool without_hook;
	/* Its notes lead astray, or records do not lead to its code. */
	bool edited;
	/*
	 * Its text could not be made pristine as it left: why, a negative
	 * errno.  It is forgotten when its mapping is gone.
	 */
	int stuck;
};

/* What is said of a module whose calls have no records. */
#define SC_WITHOUT_HOOK "linked without the build hook"
#define SC_EDITED "edited after the link"

/* What a backend asks of the registry while a module is added. */

/*
 * The entry of a key that is defined in @m, with its trampoline.  NULL: no
 * memory, or the key belongs to another copy of the library.
 */
struct sc_key *sc_registry_define(struct sc_module *m,
				  struct static_call_key *key, const char *name,
				  uintptr_t tramp);
/* The entry of a key that is used in a module; NULL likewise. */
struct sc_key *sc_registry_use(struct static_call_key *key, uintptr_t tramp);
/* The entry of a key that is known; NULL: none. */
struct sc_key *sc_registry_lookup(const struct static_call_key *key);

/* "generic", ... */
const char *sc_backend_name(void);

/* Once.  @forbidden: why the user does not want text to be patched; or NULL. */
void sc_backend_start(const char *forbidden);

/* Before the lock is let go: closes what was opened since it was taken. */
void sc_backend_rest(void);

/* Why text is not patched; NULL: it is. */
const char *sc_backend_reason(void);

/*
 * Text is patched: which system calls failed where the last update was refused,
 * or left calls to their trampolines.  NULL: none.
 */
const char *sc_backend_trouble(void);

/*
 * Loading a module, first half: read what it contains.  Without the lock, for
 * it may call the dynamic loader.  Returns 0, or a negative errno if there is
 * nothing that could be added; then all calls of the module go through keys.
 */
int sc_backend_read(struct sc_module *m);
void sc_backend_forget(struct sc_module *m);

/* Second half: define its keys, find its places, and patch them. */
int sc_backend_add(struct sc_module *m, struct sc_plan *plan);

/*
 * The module leaves: its places become pristine.  Returns 0, and then they are
 * forgotten; or why one of them could not be made pristine, and then they are
 * kept and never touched again.
 */
int sc_backend_remove(struct sc_module *m, struct sc_plan *plan);

/* Whether the text of a module that is stuck is mapped still. */
bool sc_backend_is_mapped(const struct sc_module *m);

/* The mapping of a stuck module is gone: forgets its places. */
void sc_backend_drop(struct sc_module *m);

/* A key leaves: places of it in other modules become pristine. */
void sc_backend_orphan(struct sc_key *key, struct sc_plan *plan);

/*
 * An update: @plan has the keys.  prepare() adds the changes and does everything
 * that can fail; then the core stores the keys and calls commit().  After a
 * failure nothing has changed, and the plan may be forgotten.
 */
int sc_backend_prepare(struct sc_plan *plan);
void sc_backend_commit(void);

/*
 * Before an update: what could not be looked at when it came, for want of
 * descriptors, memory or /proc, is looked at again.  Whether there is text now
 * that can be patched, and is not.
 */
bool sc_backend_retry(void);

/*
 * In a child of fork() that was made while the parent was anywhere in here: ends
 * what was half done, makes all text pristine, and links the places of @modules
 * to their keys again.
 */
void sc_backend_repair(struct sc_module *modules);

/* This copy of the library ends: gives back all memory of the backend. */
void sc_backend_end(void);

/* What the log says of a module. */
struct sc_module_sum {
	const char *path;	/* of its file; NULL: not known */
	size_t n_keys, n_sites, n_direct;
};

/* Adds the sites of @m to @sum, and the path. */
void sc_backend_sum(const struct sc_module *m, struct sc_module_sum *sum);

/* Adds the counts of places to @info. */
void sc_backend_count(struct static_call_info *info);
size_t sc_backend_patched(const struct sc_key *key);

/*
 * Where a walk over all places is, from { .serial = ~0ul } on.  Between two steps
 * the lock may be given up: modules that come meanwhile are passed over.
 */
struct sc_site_cursor {
	unsigned long serial;		/* of the module, newest first */
	size_t at;
};

/* The next place into @out, whose name is good with the lock held; false: none. */
bool sc_backend_next_site(struct sc_site_cursor *c,
			  struct static_call_site_info *out);

/* Whether [start, end] touches a place. */
bool sc_backend_reserved(const void *start, const void *end);

#endif
