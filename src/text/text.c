/* SPDX-License-Identifier: MIT */
/*
 * text.c - the protocol: prepare, commit, undo; text that comes and goes.
 *
 * engine.h tells how it works.  The transaction is in one of three modes:
 *
 *	        sc_text_prepare()
 *	IDLE -----------------------> IN_PLACE (all is written)
 *	  ^ ^       |                     |
 *	  | |       +----> SWAP           | sc_text_commit(): notes what was
 *	  | |               |             | written
 *	  | +---------------+             |
 *	  |  commit, or undo after        |
 *	  |  an error: settles ranges     |
 *	  +-------------------------------+
 *
 * A child of fork() that finds SWAP looks whether a range was lost (repair.c).
 */
#include "sc_config.h"

#include <errno.h>
#include <string.h>

#include "engine.h"
#include "log.h"
#include "mem.h"
#include "step.h"
#include "why.h"

/*
 * Before sc_text_start() and after sc_text_end().  @sc_tx is written by these
 * two alone; all that it leads to is written with the lock held.
 */
struct sc_tx sc_tx_none = { .mem.fd = -1, .maps.file.fd = -1 };
struct sc_tx *sc_tx = &sc_tx_none;

static const char not_patched[] = "not patched, calls go through their keys";

/* ------------------------------------------------------- the end of it */

static void end_swap(void)
{
	sc_file_close(&sc_tx->mem);
	sc_tx->mode = SC_IDLE;
}

/* The lock is let go: nothing stays open without it. */
void sc_text_rest(void)
{
	sc_file_close(&sc_tx->mem);
	sc_maps_close(&sc_tx->maps);
	sc_tx->alone = false;
}

/*
 * Edits a range that is out, and moves it in.  Where the system has taken away
 * the right to make memory writable, or to make code of what was writable, or has
 * no memory for another mapping, the copy may be one that cannot run any more: the
 * pristine pages move out in its place, and are written through the mem file.
 */
static int edit_and_move_in(struct sc_range *r, bool undo)
{
	bool could_flip = !sc_tx->no_flip;
	int err = sc_edit_range(r, undo);

	if (err && could_flip && sc_tx->no_flip && !sc_open_mem()) {
		r->out = false;
		err = sc_move_out(r);
		if (!err)
			err = sc_edit_range(r, undo);
	}
	return err ? err : sc_move_in(r);
}

/*
 * Ends a range, whether the update is done or undone: its places hold what they
 * shall, or are pristine.
 */
static void settle_range(struct sc_range *r, bool undo)
{
	int err;

	if (r->out) {
		err = edit_and_move_in(r, undo);
		if (err) {
			sc_log_error("text", r->text->path, not_patched,
				     sc_why(), err);
			sc_tx->trouble = true;
			sc_range_set_pristine(r);
			sc_tx->n_dropped += !sc_system.probing;
			if (r->out)
				sc_drop_copy(r);
		}
		r->out = false;
	}
	sc_range_relock(r);
}

/*
 * With @undo the pages get what they held: that is an edit too, for others may
 * have changed the text meanwhile.
 */
static void settle_ranges(bool undo)
{
	struct sc_tx *tx = sc_tx;
	size_t i;

	/* A debugger may have come since it was asked. */
	tx->traced = -1;
	for (i = 0; i < tx->n_ranges; i++)
		settle_range(tx->ranges + i, undo);
	tx->n_ranges = 0;
	end_swap();
}

/* ------------------------------------------------------------- prepare */

/*
 * That mem cannot be opened is no error yet: the edit may do without it, and
 * sc_edit_range() asks again.
 */
static int open_views(void)
{
	int err = SC_STEP('B');

	if (!err)
		err = sc_open_maps();
	if (err)
		return err;
	sc_tx->mode = SC_SWAP;
	if (!sc_system.can_flip)
		sc_open_mem();
	return 0;
}

/* Makes the places of a range pristine, one way or the other. */
static int clear_range(struct sc_range *r)
{
	int err = -EPERM;

	if (sc_range_unlock(r))
		err = sc_move_out(r);
	else
		sc_why_note("mlock", NULL, -errno);
	if (!err)
		return 0;
	sc_tx->why_not_moved = err;
	sc_tx->trouble = true;
	err = sc_give_back(r);
	if (!err && !sc_system.probing)
		sc_tx->n_given_up += r->n;
	return err;
}

/* All checks first: most failures then have nothing to undo. */
static int check_ranges(void)
{
	size_t i;
	int err = sc_ranges_cut();

	for (i = 0; i < sc_tx->n_ranges && !err; i++)
		err = sc_fault_in_range(sc_tx->ranges + i);
	return err;
}

/*
 * Steps B, C, D and R.  After an error that comes before the first move nothing
 * has been touched.  After a later one the ranges that are out are edited to
 * what they held and move in; the one that failed, and those behind it, are still
 * in their place.
 */
static int prepare_swap(void)
{
	struct sc_tx *tx = sc_tx;
	size_t i;
	int err = open_views();

	if (!err)
		err = check_ranges();
	if (!err)
		sc_ranges_join();
	for (i = 0; i < tx->n_ranges && !err; i++) {
		if (!i || tx->ranges[i].text != tx->ranges[i - 1].text)
			sc_arena_clear(tx->ranges[i].text);
		err = clear_range(tx->ranges + i);
	}
	if (err)
		settle_ranges(true);
	return err;
}

static bool all_pristine(void)
{
	size_t i;

	for (i = 0; i < sc_tx->n_changes; i++)
		if (!sc_place_is_pristine(sc_tx->changes[i].place))
			return false;
	return true;
}

static void begin(struct sc_change *changes, size_t n)
{
	struct sc_tx *tx = sc_tx;

	tx->changes = changes;
	tx->n_changes = n;
	tx->no_flip = false;
	tx->why_not_moved = 0;
	tx->why_not_in_place = 0;
	tx->traced = -1;
	tx->strict = -1;
	tx->trouble = false;
}

int sc_text_prepare(struct sc_change *changes, size_t n)
{
	struct sc_tx *tx = sc_tx;
	int err;

	if (!n)
		return 0;
	begin(changes, n);
	/* The probe keeps the notes of what it has tried before. */
	if (!sc_system.probing)
		sc_why_forget(0);
	/* The probe function has just been running. */
	err = sc_system.probing ? 0 : sc_fault_in_changes();
	if (!err && sc_inplace_prepare())
		return 0;
	/* At start the two ways are tried apart. */
	if (!err && sc_system.probing && !sc_system.can_swap)
		err = -EPERM;
	/* That is a transaction, too. */
	if (!err && sc_system.untried) {
		sc_text_try_swap();
		begin(changes, n);
	}
	if (!err)
		err = prepare_swap();
	tx->trouble |= err != 0;
	if (!err || !all_pristine())
		return err;
	/* Every one goes through its key, which is right for the new one too. */
	sc_log_error("text", changes[0].place->text->path, not_patched,
		     sc_why(), err);
	return 0;
}

const char *sc_text_trouble(void)
{
	return sc_tx->trouble ? sc_why() : NULL;
}

void sc_text_commit(void)
{
	if (sc_tx->mode == SC_SWAP)
		settle_ranges(false);
	else if (sc_tx->mode == SC_IN_PLACE)
		sc_inplace_commit();
}

/* ----------------------------------------------------- registration */

/*
 * Sealed text can be written when alone and not given back, nor can a part of a
 * huge page of hugetlbfs, for which two pages are asked.  A system that by now
 * moves nothing, not even our own page, says nothing about this text.
 */
static bool may_move(const struct sc_text *text)
{
	uintptr_t second = text->start + SC_PAGE;

	if (sc_can_move(text->start) &&
	    (second == text->end || sc_can_move(second)))
		return true;
	return !sc_can_move((uintptr_t)sc_probe_function);
}

/*
 * Text may be patched only if what it is mapped from can be told, and told again
 * at each update; and, where the swap is used, only if the kernel would move it.
 * That is asked now: @usable decides what the places are, and an update must not
 * find out that a patched one cannot be changed.
 */
void sc_text_register(struct sc_text *text)
{
	struct sc_vma vma;
	int err;

	text->usable = false;
	text->asked = false;
	if (sc_open_maps()) {
		sc_tx->trouble = true;
		return;
	}
	err = sc_maps_find(&sc_tx->maps, text->start, &vma);
	text->asked = !err || err == -ENOENT;
	sc_tx->trouble |= !text->asked;
	if (!err) {
		text->offset = vma.offset + (text->start - vma.start);
		text->inode = vma.inode;
		text->major = vma.major;
		text->minor = vma.minor;
		text->readable = vma.flags & SC_VMA_READ;
		text->usable = sc_text_same_mapping(text, text->start, &vma) &&
			       (!sc_system.can_swap || may_move(text));
	}
}

void sc_text_forget(struct sc_text *text)
{
	sc_view_close(text);
	sc_arena_free(text);
}

void sc_text_count(size_t *n_dropped, size_t *n_given_up)
{
	*n_dropped = sc_tx->n_dropped;
	*n_given_up = sc_tx->n_given_up;
}

bool sc_text_is_mapped(const struct sc_text *text)
{
	struct sc_vma vma;

	/* What cannot be read is taken to be there. */
	return sc_open_maps() ||
	       (sc_maps_find(&sc_tx->maps, text->start, &vma) == 0 &&
		sc_text_same_mapping(text, text->start, &vma));
}

/*
 * There are never more ranges than places.  A child that is born in between has
 * the old room or the new, and the other one stays mapped there.
 */
int sc_text_reserve(size_t n)
{
	struct sc_range *ranges, *old = sc_tx->ranges;
	size_t old_max = sc_tx->max_ranges;

	if (n <= old_max)
		return 0;
	ranges = sc_alloc(n * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	sc_tx->ranges = ranges;
	sc_tx->max_ranges = n;
	sc_free(old, old_max * sizeof(*ranges));
	return 0;
}

/* ----------------------------------------------------------- way back */

/*
 * The part of [*from, to) that is one mapping; moves *from behind it.  What is
 * not the file any more is passed over: to give that back would lose data.
 */
static void restore_part(struct sc_text *text, uintptr_t *from, uintptr_t to)
{
	struct sc_range r = { .text = text, .start = *from };
	struct sc_vma vma;

	if (sc_maps_find(&sc_tx->maps, *from, &vma) ||
	    !sc_text_same_mapping(text, *from, &vma)) {
		*from += SC_PAGE;
		return;
	}
	r.len = (vma.end < to ? vma.end : to) - *from;
	sc_range_unlock(&r);
	if (sc_give_back(&r))
		sc_log_error("text", text->path, "not restored", sc_why(),
			     -errno);
	sc_range_relock(&r);
	*from += r.len;
}

/*
 * From the first place to the last, patched or not: a page that is given back
 * costs one fault, and a system call for each place would cost more.
 */
void sc_text_restore(struct sc_text *text)
{
	uintptr_t from, to;

	if (!sc_text_is_patched(text) || sc_open_maps())
		return;
	from = sc_page_of((uintptr_t)text->places[0].addr);
	to = sc_page_of((uintptr_t)sc_place_end(text)[-1].addr) + SC_PAGE;
	while (from < to)
		restore_part(text, &from, to);
}
