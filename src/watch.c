/* SPDX-License-Identifier: MIT */
/*
 * watch.c - for the debug log: keys whose target goes with its library.
 *
 * A library without static calls does not tell us that it is unloaded.  But its
 * last destructor runs what was registered for it with __cxa_atexit(), under the
 * address of its __dso_handle (Itanium C++ ABI, 3.3.6).  That symbol is hidden.
 * It names a word in the library's data that holds its own address, so an entry
 * is registered for each such word; one that is not the handle is never asked
 * for.
 *
 * At the end of the process all entries run, the last first.  Behind those of
 * each library comes one that makes them silent.
 */
#include "sc_config.h"

#include <stdatomic.h>

#include "backend.h"
#include "enter.h"
#include "loaded.h"
#include "log.h"
#include "permanent.h"
#include "registry.h"
#include "targets.h"
#include "watch.h"

/* Of the C++ ABI; no header declares it. */
int __cxa_atexit(void (*fn)(void *), void *arg, void *dso);

/* The handle is at the start of the data; what lies far behind is not searched. */
#define MAX_WORDS	16
#define MAX_BYTES	(1ul << 20)

/* A library that is watched: where it is, and what may be its handle. */
struct library {
	uintptr_t start, end;		/* 0: the slot is free */
	uintptr_t words[MAX_WORDS];
	size_t n_words;
};

/* More are not watched.  Written with the lock held. */
#define MAX_LIBRARIES	32
static struct library libraries[MAX_LIBRARIES];

static atomic_bool process_ends;

static void end_process(void *arg)
{
	(void)arg;
	process_ends = true;
}

static bool is_in(const struct library *lib, const void *address)
{
	return (uintptr_t)address >= lib->start && (uintptr_t)address < lib->end;
}

/* Its own keys leave with it. */
static void report(const struct library *lib)
{
	struct sc_key_cursor cursor = { .begun = false };
	struct sc_key *key;

	while ((key = sc_registry_next(&cursor)))
		if (is_in(lib, key->target) && !is_in(lib, key->key))
			sc_log("key", key->name,
			       "its target leaves with its library: update it before dlclose()");
}

/* Runs in the last destructor of the library whose handle is @word. */
static void leave(void *word)
{
	size_t i;

	if (process_ends || sc_enter())
		return;
	for (i = 0; i < MAX_LIBRARIES; i++)
		if (is_in(libraries + i, word)) {
			report(libraries + i);
			libraries[i] = (struct library){ .start = 0 };
		}
	sc_leave();
}

static void find_words(struct library *lib, const struct sc_load *load)
{
	/* Which is less than the size of a word, on m68k. */
	const uintptr_t align = _Alignof(uintptr_t);
	uintptr_t at = (load->start + align - 1) & ~(align - 1);
	uintptr_t end = load->end;

	if (end - load->start > MAX_BYTES)
		end = load->start + MAX_BYTES;
	for (; at + sizeof(at) <= end && lib->n_words < MAX_WORDS;
	     at += align)
		if (*(const uintptr_t *)at == at)
			lib->words[lib->n_words++] = at;
}

static struct library describe(const struct sc_loaded *loaded)
{
	struct library lib = { .start = UINTPTR_MAX };
	size_t i;

	for (i = 0; i < loaded->n_own; i++) {
		const struct sc_load *load = loaded->loads + i;

		if (load->start < lib.start)
			lib.start = load->start;
		if (load->end > lib.end)
			lib.end = load->end;
		if ((load->flags & SC_LOAD_READ) &&
		    (load->flags & SC_LOAD_WRITE))
			find_words(&lib, load);
	}
	return lib;
}

/* Whether @lib was not known, and is now. */
static bool keep(const struct library *lib)
{
	struct library *slot = NULL;
	size_t i;

	for (i = 0; i < MAX_LIBRARIES; i++) {
		if (libraries[i].start == lib->start)
			return false;
		if (!libraries[i].start)
			slot = libraries + i;
	}
	if (slot)
		*slot = *lib;
	return slot;
}

static void watch(const struct library *lib)
{
	bool is_new;
	size_t i;

	if (sc_enter())
		return;
	is_new = keep(lib);
	sc_leave();
	if (!is_new)
		return;
	for (i = 0; i < lib->n_words; i++)
		__cxa_atexit(leave, (void *)lib->words[i],
			     (void *)lib->words[i]);
	__cxa_atexit(end_process, NULL, NULL);
}

static void watch_target(const void *func)
{
	struct sc_loaded *loaded;
	struct library lib;

	if (sc_target_kind(func) != SC_TARGET_FUNC || sc_is_permanent(func) ||
	    sc_loaded_read(func, &loaded))
		return;
	lib = describe(loaded);
	sc_loaded_free(loaded);
	watch(&lib);
}

/* An entry must not outlive the code that it leads to. */
void sc_watch_targets(const struct static_call_change *changes, size_t n)
{
	size_t i;

	if (!sc_is_permanent(libraries))
		return;
	for (i = 0; i < n; i++)
		watch_target(changes[i].func);
}
