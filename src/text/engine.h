/* SPDX-License-Identifier: MIT */
/*
 * engine.h - how the text engine works, and what its files share.
 *
 * Code that another thread can run is never modified in place.  Its pages are
 * moved away, which leaves pristine pages of the file at the address; the moved
 * copy, which nobody runs, is edited; and it is moved back.  Each move takes the
 * old translation from every processor before a new one can be seen.  Pristine
 * code jumps through the key and so is right for any target.
 *
 * The protocol, with the letters of step.h, in the order of the code:
 *
 *   A  If nobody else can run this memory, write in place.  (inplace.c)
 *   B  Open the view of the process's mappings for the time of the update.
 *   C  Cut the plan into ranges.  For each: is it still what was mapped at
 *      registration, and do its places hold what the library left there?
 *      (ranges.c)
 *   D  Move each range out to its arena (MREMAP_DONTUNMAP).  All its calls go
 *      through the key now.  (move.c)
 *   R  Where that is refused: give the range back to the file.  From here on
 *      every place that is to change is pristine.
 *   -  The caller stores the keys.  This is the commit; nothing fails later.
 *   E  Write the copy: pristine bytes of the file and our own, nothing else.
 *      (edit.c)
 *   F  Move the copy in.  Where E or F fails the range stays pristine.
 *   -  The caller synchronises all threads.
 *
 * A range goes through these states; the function is at each edge:
 *
 *              sc_ranges_cut()
 *      places ---------------> CHECKED
 *                              |     \
 *         sc_move_out()        |      \  sc_give_back()
 *                              v       v
 *                             OUT    GIVEN BACK (pristine, for good)
 *                              |
 *         sc_edit_range()      |--- fails --> DROPPED (pristine; the copy goes)
 *                              v
 *                            EDITED
 *                              |
 *         sc_move_in()         |--- fails --> DROPPED
 *                              v
 *                              IN
 *
 * Nothing is ever writable and executable, and nothing is written but places,
 * what lies between those of a page, and copies.  A copy is written through
 * mprotect(): read and write, then read and execute.  Where that is refused, or
 * where the kernel counts every writable page, it is written through
 * /proc/self/mem.  That comes second, for a child of fork() that is born
 * meanwhile would keep a writable descriptor of its parent's memory.
 *
 * All of it is guarded by the library's lock.
 */
#ifndef SC_ENGINE_H
#define SC_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bytes.h"
#include "machine.h"
#include "maps.h"
#include "plan.h"
#include "text.h"

_Static_assert(SC_INSN_MAX >= SC_BYTES_MIN && SC_INSN_MAX <= 2 * SC_BYTES_MIN,
	       "two words hold a place of the port (bytes.h)");
_Static_assert(SC_PROBE_LEN >= SC_BYTES_MIN && SC_PROBE_LEN <= SC_INSN_MAX,
	       "the probe is a place like any other");

/* What older headers lack. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT		1
#endif

/* Untouched pages that are cheaper to move along than to move around. */
#define SC_RANGE_GAP	(8 * SC_PAGE)
/* Pages that are written at once through the mem file. */
#define SC_BATCH	16

enum sc_mlocked { SC_UNLOCKED, SC_MLOCKED, SC_MLOCKED_ON_FAULT };

/*
 * A run of pages that moves as one.  Made by sc_ranges_cut(); after that move.c
 * writes @mlocked, and @out as it moves out; text.c clears @out at the end of the
 * range.  A child of fork() reads @start, @len, @text and @out, and asks besides
 * what is mapped.
 */
struct sc_range {
	struct sc_text *text;
	uintptr_t start;
	size_t len;
	size_t first, n;	/* its changes, in the plan */
	unsigned int flags;	/* of its mapping: SC_VMA_* */
	enum sc_mlocked mlocked;
	bool out;		/* a copy of it is in the arena */
};

enum sc_mode { SC_IDLE, SC_IN_PLACE, SC_SWAP };

/*
 * The transaction.  It lives in memory that the library has mapped, for a child
 * of fork() reads @ranges, @mem and @maps to end what its parent had begun.
 */
struct sc_tx {
	/* SC_IDLE between transactions; written by prepare and commit. */
	enum sc_mode mode;
	struct sc_change *changes;	/* of the plan, until the commit */
	size_t n_changes;
	/* The room grows as modules come; @n_ranges is 0 between. */
	struct sc_range *ranges;
	size_t n_ranges, max_ranges;
	struct sc_maps maps;
	struct sc_file mem;	/* /proc/self/mem; not open: edit by mprotect */
	bool no_flip;		/* mprotect() has failed in this one */
	/* The last error of step D, and of opening mem in step A; 0: none. */
	int why_not_moved, why_not_in_place;
	/*
	 * The last one was refused, or left calls to their trampolines; or what
	 * text is mapped from could not be asked.
	 */
	bool trouble;
	/*
	 * The kernel has said so since the lock was taken; false: not asked, or not
	 * alone.  Written by the probe, inplace.c, and as the lock is let go.
	 */
	bool alone;
	int traced;		/* is there a debugger? -1: not asked yet */
	int strict;		/* vm.overcommit_memory is 2; -1 likewise */
	size_t n_dropped;	/* copies, ever; for the report */
	size_t n_given_up;	/* places that were given back, ever */
	uint8_t *image;		/* room for SC_BATCH pages that are composed */
	uint8_t *before;	/* room for one page */
};
extern struct sc_tx *sc_tx;
extern struct sc_tx sc_tx_none;	/* while there is no memory for one */

/*
 * What the probe has found, while the library is initialised.  Where the system
 * takes a right away later, edit.c clears @can_flip and inplace.c @can_write.
 */
struct sc_system {
	bool probing;		/* then the swap is tried also when alone */
	bool can_swap;
	bool untried;		/* the swap is: that it works is not known */
	bool can_write;		/* to text, through its mem file */
	bool can_flip;		/* mprotect: to writable, and back to code */
	bool can_tell_alone;
	/* The last of mremap() and of mprotect(); 0: none. */
	int swap_error, flip_error;
};
extern struct sc_system sc_system;

static inline uintptr_t sc_page_of(uintptr_t addr)
{
	return addr & ~(SC_PAGE - 1);
}

/* Where the copy of @addr is while its page is out. */
static inline uintptr_t sc_arena_of(const struct sc_text *text, uintptr_t addr)
{
	return text->arena + (addr - text->start);
}

/* ------------------------------------------------------------ place.c */

/*
 * The first change from number @i on whose place is at or behind @addr.  It
 * looks at few of them, where thousands lie on a page.
 */
size_t sc_change_behind(size_t i, uintptr_t addr);

_Static_assert(SC_INSN_ROOM <= SC_WANTED_MAX && SC_INSN_MAX <= SC_INSN_ROOM,
	       "a change has room for what the encoder writes");

static inline bool sc_place_is_pristine(const struct sc_place *p)
{
	return memcmp(p->live, p->pristine, SC_INSN_MAX) == 0;
}

static inline void sc_place_set_pristine(struct sc_place *p)
{
	memcpy(p->live, p->pristine, SC_INSN_MAX);
}

static inline bool sc_change_is_none(const struct sc_change *c)
{
	return memcmp(c->wanted, c->place->live, SC_INSN_MAX) == 0;
}

/* The first place of @text at or behind @addr, and the end of all. */
struct sc_place *sc_place_first(const struct sc_text *text, uintptr_t addr);

static inline struct sc_place *sc_place_end(const struct sc_text *text)
{
	return text->places + text->n_places;
}

#define sc_for_each_place(p, text, from, to)				\
	for ((p) = sc_place_first(text, from);				\
	     (p) < sc_place_end(text) && (uintptr_t)(p)->addr < (to); (p)++)

/* What stands at a place. */
enum sc_sight { SC_OURS, SC_TRAPPED, SC_FOREIGN };

enum sc_sight sc_place_odd_sight(const struct sc_place *p, const uint8_t *code);

static inline enum sc_sight sc_place_sight(const struct sc_place *p,
					   const uint8_t *code)
{
	if (sc_bytes_same(code, p->live, p->len) ||
	    sc_bytes_same(code, p->pristine, p->len))
		return SC_OURS;
	return sc_place_odd_sight(p, code);
}

/*
 * What live text holds at a place: into @now and @sight; 0 or a negative errno.
 */
int sc_place_look(const struct sc_place *p, uint8_t *now, enum sc_sight *sight);

/* The first bytes that a debugger found where it made the trap in @now. */
const uint8_t *sc_place_under_trap(const struct sc_place *p,
				   const uint8_t *now);

/* Whether a debugger is attached; asked once in a transaction. */
bool sc_is_traced(void);

/*
 * Whether @c can be done under the trap in @now; makes @c->wanted begin with
 * what the debugger will put back.
 */
bool sc_change_fits_trap(struct sc_change *c, const uint8_t *now);

/*
 * Whether one change may be done: 0; 1 where the place is left alone, which is
 * right as it was never patched; or an error, where it is patched and stuck.
 */
int sc_change_check_odd(struct sc_change *c);

/* What is usual costs two comparisons, for thousands of places at a time. */
static inline int sc_change_check(struct sc_change *c)
{
	const struct sc_place *p = c->place;

	if (p->text->readable && sc_bytes_same(p->addr, p->live, p->len))
		return 0;
	return sc_change_check_odd(c);
}

/* ------------------------------------------------------------ probe.c */

/* Finds out whether the swap works, for the first update that needs it. */
void sc_text_try_swap(void);

/* ---------------------------------------------------------- inplace.c */

/* Whether nobody else can run this memory: asks the kernel. */
bool sc_is_alone(void);

/*
 * Does all changes in place, if nobody else can run this memory and that is the
 * cheaper way.  False: nothing has changed, try the swap.
 */
bool sc_inplace_prepare(void);
void sc_inplace_commit(void);

/* ----------------------------------------------------------- ranges.c */

/*
 * Cuts the changes into sc_tx->ranges; 0 or an error.  Changes that are left
 * alone become none.
 */
int sc_ranges_cut(void);

/* Whether @vma, which holds @addr, is what @text was registered with. */
bool sc_text_same_mapping(const struct sc_text *text, uintptr_t addr,
			  const struct sc_vma *vma);

void sc_range_set_pristine(const struct sc_range *r);

/* ---------------------------------------------------------- backing.c */

/*
 * Asks the kernel for the pages that will be read, so that a disk that fails
 * makes the update fail, and no thread meets it as SIGBUS.
 */
int sc_fault_in_changes(void);
int sc_fault_in_range(struct sc_range *r);
/* The same where the place of @r shows the file by now. */
int sc_fault_in_place(const struct sc_range *r);

void sc_view_close(struct sc_text *text);

/* The last resort: maps the file itself, if its path still leads to it. */
int sc_map_file_back(const struct sc_range *r);

/* ------------------------------------------------------------- move.c */

/* Whether anything is mapped at @page. */
bool sc_is_mapped(uintptr_t page);

/* Whether the kernel would move this page. */
bool sc_can_move(uintptr_t page);

int sc_move_out(struct sc_range *r);
int sc_move_in(struct sc_range *r);

/*
 * Whether the second move has lost a range that is out: nothing is mapped there, or
 * what keeps its place.  sc_move_recover() moves it in again; or -EIO.
 */
bool sc_range_is_lost(const struct sc_range *r);
int sc_move_recover(struct sc_range *r);

/* Gives the pages of @r back to the file; they are pristine then. */
int sc_give_back(struct sc_range *r);

/* Text that is mlocked is unlocked while it moves. */
bool sc_range_unlock(struct sc_range *r);
int sc_range_relock(const struct sc_range *r);

/*
 * Before several ranges of a text move for the first time: makes their mappings
 * such that they merge again.
 */
void sc_ranges_join(void);

/* Empties the arena of @text, of which nothing is out. */
void sc_arena_clear(struct sc_text *text);
/* The copy of @r does not move in. */
void sc_drop_copy(const struct sc_range *r);
void sc_arena_free(struct sc_text *text);

/* ------------------------------------------------------------- edit.c */

/* Makes the copy of @r what the plan wants, or with @undo what it was. */
int sc_edit_range(struct sc_range *r, bool undo);

/* Opens the maps until the lock is let go; 0 or an error. */
static inline int sc_open_maps(void)
{
	if (sc_tx->maps.file.fd >= 0)
		return 0;
	return sc_maps_open(&sc_tx->maps, sc_tx->alone);
}

/* Notes why copies are not edited by mprotect(), if it was refused. */
void sc_note_flip(void);

/* Opens /proc/self/mem for the rest of the transaction; 0 or an error. */
int sc_open_mem(void);

#endif
