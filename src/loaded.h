/* SPDX-License-Identifier: MIT */
/*
 * loaded.h - what the dynamic loader has loaded; the only file that calls
 * dl_iterate_phdr(3).
 *
 * The loader's lock comes before ours: nothing in here but sc_loaded_has() and
 * sc_loaded_owns() may run with the library's lock held.
 */
#ifndef SC_LOADED_H
#define SC_LOADED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SC_LOAD_READ	4u
#define SC_LOAD_WRITE	2u
#define SC_LOAD_EXEC	1u

/* A part of a loaded object. */
struct sc_load {
	uintptr_t start, end;
	uint32_t flags;		/* SC_LOAD_* */
};

/*
 * An object, and where memory is that may be read on its behalf.  One
 * allocation; the arrays lie behind the structure.
 */
struct sc_loaded {
	size_t size;			/* of all */
	const char *path;		/* of its file, in the loader's memory */
	uintptr_t base;			/* what is added to its addresses */
	struct sc_load *loads;		/* its own segments, then all others' */
	size_t n_own, n_loads;
	struct sc_load *notes;		/* its notes, each in a segment */
	size_t n_notes;
	uintptr_t dynamic;		/* its dynamic section; 0: none */
	size_t n_dynamic;		/* entries, the last one too */
};

/*
 * The object whose memory holds @address, into *@out, to be freed with
 * sc_loaded_free().  Returns 0, -ENOMEM, or -ENOENT where there is none.
 */
int sc_loaded_read(const void *address, struct sc_loaded **out);
void sc_loaded_free(struct sc_loaded *loaded);

/*
 * Whether [@addr, @addr + @len) lies in one segment that has all of @flags: of
 * any object, or of the object itself.
 */
bool sc_loaded_has(const struct sc_loaded *loaded, uintptr_t addr, size_t len,
		   uint32_t flags);
bool sc_loaded_owns(const struct sc_loaded *loaded, uintptr_t addr, size_t len,
		    uint32_t flags);

/*
 * The entry @tag of the dynamic section, or 0; as an address in the object's
 * own memory with @len bytes from there, or 0.
 */
uint64_t sc_loaded_value(const struct sc_loaded *loaded, int64_t tag);
uintptr_t sc_loaded_pointer(const struct sc_loaded *loaded, int64_t tag,
			    size_t len);

/*
 * Calls @fn for each object in the loader's order with what is known of it,
 * until it returns non-zero.  It runs with the loader's lock held.
 */
struct dl_phdr_info;
void sc_loaded_each(int (*fn)(struct dl_phdr_info *info, size_t size,
			      void *arg), void *arg);

/* Whether a segment of the object holds [@addr, @addr + @len) with @flags. */
bool sc_loaded_info_holds(const struct dl_phdr_info *info, uintptr_t addr,
			  size_t len, uint32_t flags);

#endif
