/* SPDX-License-Identifier: MIT */
/*
 * move.c - steps D, R, F and L: moving pages; the only file that uses mremap(2).
 *
 * A copy lies in the arena of its text: address space that the library reserved
 * once and never gives up while the text is known.  So a child of fork() knows
 * where a copy may be, whatever its parent was doing, and empties the arena
 * without asking whose mapping it is.
 */
#include "sc_config.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"
#include "log.h"
#include "step.h"
#include "valgrind.h"
#include "why.h"

#define RESERVED	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/* MS_ASYNC does nothing in Linux but say whether there is a mapping. */
bool sc_is_mapped(uintptr_t page)
{
	return msync((void *)page, SC_PAGE, MS_ASYNC) == 0 || errno != ENOMEM;
}

bool sc_can_move(uintptr_t page)
{
	return mremap((void *)page, SC_PAGE, SC_PAGE, 0, NULL) != MAP_FAILED;
}

/* ------------------------------------------------------ mlocked memory */

/*
 * Mlocked pages are munlocked before they move and mlocked again after, or the
 * kernel's count of mlocked memory leaks.  MS_INVALIDATE does nothing in Linux
 * but be refused for mlocked mappings: a cheap first question.
 */
static enum sc_mlocked mlocked_of(const struct sc_range *r)
{
	if (msync((void *)r->start, SC_PAGE, MS_ASYNC | MS_INVALIDATE) == 0 ||
	    sc_maps_has_flag(r->start, "lo") == 0)
		return SC_UNLOCKED;
	return sc_maps_has_flag(r->start, "lf") == 1 ? SC_MLOCKED_ON_FAULT :
						       SC_MLOCKED;
}

int sc_range_relock(const struct sc_range *r)
{
	if (r->mlocked == SC_MLOCKED)
		return mlock((void *)r->start, r->len);
	if (r->mlocked == SC_MLOCKED_ON_FAULT)
		return (int)syscall(SYS_mlock2, r->start, r->len,
				    MLOCK_ONFAULT);
	return 0;
}

/*
 * If the process may no longer call mlock, mlocked text is not moved, and its
 * calls go through the key: false.  Another mlock() tells that exactly.
 */
bool sc_range_unlock(struct sc_range *r)
{
	r->mlocked = mlocked_of(r);
	if (r->mlocked == SC_UNLOCKED)
		return true;
	if (sc_range_relock(r))
		return false;
	munlock((void *)r->start, r->len);
	return true;
}

/* ----------------------------------------------------------- the arena */

static int arena_reserve(struct sc_text *text)
{
	void *arena;

	if (text->arena)
		return 0;
	arena = mmap(NULL, text->end - text->start, PROT_NONE, RESERVED, -1, 0);
	if (arena == MAP_FAILED)
		return sc_why_note("mmap", NULL, -errno);
	/* A child that is born before this store keeps an empty mapping. */
	__atomic_store_n(&text->arena, (uintptr_t)arena, __ATOMIC_RELEASE);
	return 0;
}

void sc_text_reserve_arena(struct sc_text *text)
{
	if (text->usable && sc_system.can_swap)
		arena_reserve(text);
}

/*
 * A copy that has moved in leaves an empty mapping of the file in the arena.  It
 * goes before the next move out, not behind the move in: threads that ran the
 * text have faulted by then, and the kernel hands its lock of the mappings to
 * one of them that may have to wait for a processor.  Whoever changes a mapping
 * then waits as long.
 */
void sc_arena_clear(struct sc_text *text)
{
	if (!text->littered)
		return;
	if (text->torn) {
		text->arena = 0;
		text->torn = false;
	} else {
		mmap((void *)text->arena, text->end - text->start, text->empty,
		     RESERVED | MAP_FIXED, -1, 0);
	}
	text->littered = false;
}

void sc_drop_copy(const struct sc_range *r)
{
	mmap((void *)sc_arena_of(r->text, r->start), r->len, r->text->empty,
	     RESERVED | MAP_FIXED, -1, 0);
}

/* Forgotten first: a child must not unmap what is another mapping by then. */
void sc_arena_free(struct sc_text *text)
{
	uintptr_t arena = text->torn ? 0 : text->arena;

	__atomic_store_n(&text->arena, 0, __ATOMIC_RELEASE);
	if (arena)
		munmap((void *)arena, text->end - text->start);
}

/*
 * A move that failed may have unmapped its part of the arena.  If another thread
 * has mapped something there meanwhile, the arena is given up when the copies
 * that are in it have moved back; what is left of it stays mapped for nothing.
 */
static void arena_mend(struct sc_text *text, uintptr_t part, size_t len)
{
	void *held;

	if (sc_is_mapped(part))
		return;
	held = mmap((void *)part, len, text->empty,
		    RESERVED | MAP_FIXED_NOREPLACE, -1, 0);
	if (held == (void *)part)
		return;
	if (held != MAP_FAILED)
		munmap(held, len);
	__atomic_store_n(&text->torn, true, __ATOMIC_RELEASE);
}

/* -------------------------------------------------------- out and back */

/*
 * Where the kernel counts every writable page, moving accounted memory may fail
 * half way.  Memory becomes accounted by having been writable: by our own
 * mprotect, or somebody's.
 */
static bool would_be_accounted(const struct sc_range *r)
{
	if (sc_tx->strict < 0)
		sc_tx->strict = sc_maps_strict_overcommit();
	return sc_tx->strict && (sc_open_mem() != 0 ||
				 sc_maps_has_flag(r->start, "ac") != 0);
}

int sc_move_out(struct sc_range *r)
{
	uintptr_t to;
	int err;

	if (!sc_system.can_swap && sc_system.swap_error)
		sc_why_note("mremap", NULL, sc_system.swap_error);
	if (!sc_system.can_swap)
		sc_note_flip();
	if (!sc_system.can_swap || would_be_accounted(r))
		return -EPERM;
	err = SC_STEP('D');
	if (!err)
		err = r->text->torn ? -ENOMEM : arena_reserve(r->text);
	if (err)
		return err;
	to = sc_arena_of(r->text, r->start);
	r->text->littered = true;
	if (mremap((void *)r->start, r->len, r->len,
		   MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		   (void *)to) == MAP_FAILED) {
		err = sc_why_note("mremap", NULL, -errno);
		sc_system.swap_error = err;
		arena_mend(r->text, to, r->len);
		return err;
	}
	r->out = true;
	return 0;
}

int sc_give_back(struct sc_range *r)
{
	int err = SC_STEP('R');

	if (err)
		return err;
	if (madvise((void *)r->start, r->len, MADV_DONTNEED) < 0 &&
	    madvise((void *)r->start, r->len, MADV_DONTNEED_LOCKED) < 0)
		return sc_why_note("madvise", NULL,
				   errno == EINVAL ? -EPERM : -errno);
	VALGRIND_DISCARD_TRANSLATIONS(r->start, r->len);
	sc_range_set_pristine(r);
	return 0;
}

/* ------------------------------------------------------------- back in */

/* Whether @vma is what hold_lost() makes. */
static bool is_held(const struct sc_vma *vma)
{
	return !vma->inode && !(vma->flags & ~SC_VMA_SHARED);
}

/*
 * Keeps others from mapping something where text was lost.  False where somebody
 * has: what is there now is not ours to replace.
 */
static bool hold_lost(const struct sc_range *r)
{
	struct sc_vma vma;
	void *held;

	if (sc_maps_find(&sc_tx->maps, r->start, &vma) == 0)
		return is_held(&vma);
	held = mmap((void *)r->start, r->len, PROT_NONE,
		    RESERVED | MAP_FIXED_NOREPLACE, -1, 0);
	if (held == MAP_FAILED || held == (void *)r->start)
		return held != MAP_FAILED;
	/* An old kernel took the flag for a hint. */
	munmap(held, r->len);
	return false;
}

bool sc_range_is_lost(const struct sc_range *r)
{
	struct sc_vma vma;

	if (!sc_is_mapped(r->start))
		return true;
	return sc_maps_find(&sc_tx->maps, r->start, &vma) == 0 &&
	       is_held(&vma);
}

/*
 * The copy keeps its place in the arena (DONTUNMAP), for a hole there could
 * become another thread's mapping.
 */
static bool move(const struct sc_range *r)
{
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
	void *from = (void *)sc_arena_of(r->text, r->start);
	void *to = mremap(from, r->len, r->len, flags, (void *)r->start);

	if (to == MAP_FAILED)
		sc_why_note("mremap", NULL, -errno);
	return to != MAP_FAILED;
}

/*
 * The kernel may have unmapped the place before it found out that it cannot move;
 * each further try may do that again.
 */
int sc_move_recover(struct sc_range *r)
{
	int tries;

	for (tries = 0; tries < 10; tries++) {
		if (!hold_lost(r))
			return -EIO;
		if (!SC_STEP('L') && move(r))
			return 0;
		sched_yield();
	}
	sc_log_at("text", r->text->path, r->start,
		  "lost by a move, the file is mapped again");
	if (hold_lost(r))
		sc_map_file_back(r);
	return -EIO;
}

/*
 * The kernel frees the page table of a block with the last mapping in it, and
 * the second move unmaps the place first: as if the range had covered the whole
 * block.  So where nothing is mapped beside the place, something is.
 */
static int hold_block(uintptr_t beside, uintptr_t *held)
{
	void *page;

	if (sc_is_mapped(beside))
		return 0;
	page = mmap((void *)beside, SC_PAGE, PROT_NONE,
		    RESERVED | MAP_FIXED_NOREPLACE, -1, 0);
	if (page == MAP_FAILED)
		return errno == EEXIST ? 0 : -errno;
	*held = (uintptr_t)page;
	return 0;
}

static int hold_blocks(const struct sc_range *r, uintptr_t held[2])
{
	uintptr_t start = r->start, end = start + r->len;
	int err;

	if (!SC_RULE(2))
		return 0;
	err = hold_block(start % SC_BLOCK ? start - SC_PAGE : end, held);
	if (!err && start / SC_BLOCK != (end - 1) / SC_BLOCK)
		err = hold_block(end, held + 1);
	return err;
}

int sc_move_in(struct sc_range *r)
{
	uintptr_t held[2] = { 0 };
	int err = SC_STEP('F'), i;

	if (!err)
		err = hold_blocks(r, held);
	/* Where something is mapped the place is still there, and pristine. */
	if (!err && !move(r))
		err = sc_is_mapped(r->start) ? -EIO : sc_move_recover(r);
	for (i = 0; i < 2; i++)
		if (held[i])
			munmap((void *)held[i], SC_PAGE);
	return err;
}

/* ------------------------------------------------ mappings that merge */

/*
 * A byte of a place that all it may hold now have in common, behind what a
 * breakpoint covers; 0: none, as where a breakpoint covers all of a place.
 */
static size_t common_byte(const struct sc_place *p)
{
	size_t i;

	for (i = SC_TRAP_LEN; i < SC_INSN_MAX && i < p->len; i++)
		if (p->live[i] == p->pristine[i])
			return i;
	return 0;
}

/*
 * A page of the range becomes private in its place: a byte is written over
 * itself, in the middle of an instruction of ours, where nobody else's trap can
 * be.  It is one that is the same in the page of the file, which may be what the
 * place shows by then.  What other threads run there does not change by that.
 */
static bool touch_range(const struct sc_range *r)
{
	struct sc_place *p;

	/* Another range of the text may be execute-only, or not. */
	r->text->readable = r->flags & SC_VMA_READ;
	sc_for_each_place(p, r->text, r->start, r->start + r->len) {
		uint8_t now[SC_INSN_MAX];
		enum sc_sight sight = SC_FOREIGN;
		size_t i = common_byte(p);

		if (i && !sc_place_look(p, now, &sight) && sight == SC_OURS)
			return pwrite(sc_tx->mem.fd, p->live + i, 1,
				      (off_t)(uintptr_t)(p->addr + i)) == 1;
	}
	return false;
}

/*
 * Parts of a mapping whose first private pages are made while they are apart
 * never merge again.  Neither do parts of which some were writable, so this is
 * for the mem file alone.
 */
void sc_ranges_join(void)
{
	struct sc_tx *tx = sc_tx;
	size_t i;

	if (tx->n_ranges < 2 || tx->mem.fd < 0)
		return;
	for (i = 0; i < tx->n_ranges; i++)
		if (!tx->ranges[i].text->joined && !touch_range(tx->ranges + i))
			return;
	for (i = 0; i < tx->n_ranges; i++)
		tx->ranges[i].text->joined = true;
}
