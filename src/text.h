/* SPDX-License-Identifier: MIT */
/*
 * text.h - the text engine: changes instructions while other threads run them.
 *
 * One transaction at a time: sc_text_prepare(), then sc_text_commit().  All
 * functions are called with the library's lock held.
 */
#ifndef SC_TEXT_H
#define SC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SC_PAGE		4096ul
#define SC_PATCH_MAX	6

struct sc_key;
struct sc_patch;

/*
 * A segment of executable text.  The first part is the caller's; the rest is
 * filled by sc_text_register() and says which file the text was mapped from,
 * so that a later check can tell whether it still is.
 */
struct sc_text {
	uintptr_t start, end;		/* whole pages */
	const char *path;		/* of the file, for the last resort */
	struct sc_patch *patches;	/* all places in it, by address */
	size_t n_patches;

	uint64_t offset, inode;
	uint32_t major, minor;
	uintptr_t view;			/* the file once more; 0: not yet */
	bool readable;
	bool usable;			/* may be patched */
	bool joined;			/* its parts merge when they return */
};

/*
 * A place in text.  Invariant between transactions: @next equals @live, and
 * memory at @addr holds @live, or @pristine where the kernel or the program
 * gave the page back to the file.  All forms of one place have the same
 * instruction starts and, where control goes on behind them, the same end: a
 * thread may resume or return inside.  A place never crosses a page.
 *
 * The last part belongs to the backend.
 */
struct sc_patch {
	uint8_t *addr;
	struct sc_text *text;
	uint8_t len;			/* 0: never touched */
	uint8_t pristine[SC_PATCH_MAX];	/* as linked and relocated */
	uint8_t live[SC_PATCH_MAX];	/* what the library left there */
	uint8_t next[SC_PATCH_MAX];	/* what this transaction wants */

	uint8_t form;			/* enum sc_form */
	uint8_t size;			/* of the instruction; @len is 0 ... */
	uint8_t fixed;			/* ... where it is never patched: why */
	uintptr_t tramp;
	struct sc_key *key;		/* NULL: its module is gone */
	struct sc_patch *next_of_key;
};

/*
 * Finds out what this system allows, on a function of the library's own, by
 * the calls that are used later.  Once.
 */
void sc_text_start(void);

/* Why text is not patched; NULL: it is. */
const char *sc_text_reason(void);
bool sc_text_enabled(void);

/* Learns what @text is mapped from; decides @text->usable. */
void sc_text_register(struct sc_text *text);

/* Before @text itself is freed. */
void sc_text_forget(struct sc_text *text);

/* Makes room for transactions of @n places; 0 or -ENOMEM. */
int sc_text_reserve(size_t n);

/*
 * Prepares to put @next at the @n places of @queue, sorted by address.  After
 * success each of them is still right for the old key and for the new one, and
 * nothing that follows can fail.  After an error (returned) nothing has
 * changed.
 *
 * Where a debugger's breakpoint stands on a place, @reshape (if not NULL) must
 * make @next begin with @opcode, or return false.
 */
int sc_text_prepare(struct sc_patch **queue, size_t n,
		    bool (*reshape)(struct sc_patch *p, uint8_t opcode));

/*
 * After the keys are stored.  A place that cannot be changed is left, or made,
 * pristine, which is right for any key.
 */
void sc_text_commit(void);

/* Gives all places of @text back to the file, for its module leaves. */
void sc_text_restore(struct sc_text *text);

/* Copies code, which may be execute-only; 0 or a negative errno. */
int sc_text_read(const struct sc_text *text, void *to, uintptr_t from,
		 size_t len);

#endif
