/* SPDX-License-Identifier: MIT */
/*
 * text.h - the text engine: changes instructions while other threads run them.
 *
 * One transaction at a time: sc_text_prepare(), then sc_text_commit().  All
 * functions are called with the library's lock held.  How it works: engine.h.
 */
#ifndef SC_TEXT_H
#define SC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "insn.h"
#include "machine.h"

struct sc_change;
struct sc_key;
struct sc_place;

/*
 * A segment of executable text.  The first part is the caller's and does not
 * change after sc_text_register(), which fills the rest and so knows later
 * whether the text is still mapped from the same file.
 */
struct sc_text {
	uintptr_t start, end;		/* whole pages */
	const char *path;		/* of the file, for the last resort */
	struct sc_place *places;	/* all places in it, by address */
	size_t n_places;

	uint64_t offset, inode;
	uint32_t major, minor;
	/*
	 * Address space as large as the text, reserved once: a page that moves
	 * out goes to the same offset in it.  0: not yet.  A transaction leaves
	 * empty mappings of the file in it, for the next one to remove.
	 */
	uintptr_t arena;
	bool littered;			/* something has moved out since */
	bool torn;			/* somebody has mapped a part of the arena */
	int empty;			/* how it is mapped where it is empty */
	uintptr_t view;			/* the file once more; 0: not yet */
	bool readable;			/* what was looked at last is */
	/*
	 * Whether it may be patched, and whether that is known: what it is mapped
	 * from could not be asked until now, and an update asks again.
	 */
	bool usable, asked;
	bool joined;			/* its parts merge when they return */
	/*
	 * The text was left patched when its module left (registry.h has the
	 * rule).  Why: a negative errno.  Written once, as the module leaves.
	 */
	int stuck;
};

/*
 * A place in text.  Between transactions memory at @addr holds @live, or
 * @pristine where the kernel or the program gave the page back to the file.  All
 * forms of one place have the same instruction starts and, where control goes on
 * behind them, the same end: a thread may resume or return inside.  A place
 * never crosses a page.
 *
 * An update reads all of it, so it is small and nothing else is in it.  @live is
 * the engine's to write; the rest is written once, as the module is added, but
 * for the links.
 */
struct sc_place {
	uint8_t *addr;
	struct sc_text *text;		/* NULL: not in text */
	struct sc_key *key;		/* NULL: the key's module is gone */
	struct sc_place *next_of_key;
	uint8_t pristine[SC_INSN_MAX];	/* as linked and relocated */
	uint8_t live[SC_INSN_MAX];	/* what the library left there */
	uint8_t len;			/* 0: never touched */
	uint8_t form;			/* enum sc_form */
	uint8_t size;			/* of the instruction; @len is 0 ... */
	uint8_t fixed;			/* ... where it is never patched: why */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct sc_place) <= 48,
	       "a place takes at most 48 bytes");

/*
 * Finds out what this system allows, on a function of the library's own, by
 * the calls that are used later.  Once.
 */
void sc_text_start(void);

/* Before the lock is let go: closes what was opened since it was taken. */
void sc_text_rest(void);

/*
 * Once more, if something failed that may pass: no descriptor, no memory, no
 * /proc.  Whether text is patched now.
 */
bool sc_text_start_again(void);

/* Why text is not patched; NULL: it is. */
const char *sc_text_reason(void);
bool sc_text_enabled(void);

/*
 * Which system calls failed where the last transaction was refused, or left calls
 * to their trampolines; or where text that came could not be looked at.  NULL: none.
 */
const char *sc_text_trouble(void);

/*
 * Learns what @text is mapped from; decides @text->usable, if that can be asked
 * now (@text->asked).
 */
void sc_text_register(struct sc_text *text);

/*
 * Reserves address space for copies of a text that has places: as early as that,
 * for a sandbox may forbid it later.  A failure is tried again by the first
 * update that needs it.
 */
void sc_text_reserve_arena(struct sc_text *text);

/* Before @text itself is freed: gives back what the engine has mapped for it. */
void sc_text_forget(struct sc_text *text);

/* Makes room for transactions of @n places; 0 or -ENOMEM. */
int sc_text_reserve(size_t n);

/*
 * Prepares to put @wanted at the places of @changes, which are in the order of
 * their addresses.  After success each place is still right for the old key and
 * for the new one, and nothing that follows can fail.  After an error (returned)
 * nothing has changed.  The engine keeps @changes until the commit, and writes
 * to @wanted where a place must hold something else.
 */
int sc_text_prepare(struct sc_change *changes, size_t n);

/*
 * After the keys are stored.  A place that cannot be changed is left, or made,
 * pristine, which is right for any key.
 */
void sc_text_commit(void);

/*
 * Gives all places of @text back to the file, for its module leaves: page by
 * page, whatever they hold.  Places that this does not reach stay as they are.
 */
void sc_text_restore(struct sc_text *text);

/* Whether a place of @text may hold anything but what its file has. */
bool sc_text_is_patched(const struct sc_text *text);

/* How many copies were dropped so far, and how many places were given back. */
void sc_text_count(size_t *n_dropped, size_t *n_given_up);

/* Whether @text is still mapped where it was, from the same file: 1 or 0. */
bool sc_text_is_mapped(const struct sc_text *text);

/*
 * In a child of fork() that was made while the parent was somewhere in a
 * transaction: ends the transaction that nobody will end, then makes one text
 * pristine.
 */
void sc_text_repair_engine(void);
void sc_text_repair(struct sc_text *text);

/* Gives back all that the engine has mapped; nothing may be registered. */
void sc_text_end(void);

/* Copies code, which may be execute-only; 0 or a negative errno. */
int sc_text_read(const struct sc_text *text, void *to, uintptr_t from,
		 size_t len);

#endif
