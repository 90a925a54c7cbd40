/* SPDX-License-Identifier: MIT */
/*
 * edit.c - step E: the copy that was moved out is made what the plan wants; the
 * only file that uses mprotect(2).
 *
 * Its address shows the file's page meanwhile.  After the edit the copy is that
 * page and our own places, and besides only what another patcher or a debugger
 * has written there.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bytes.h"
#include "engine.h"
#include "step.h"
#include "why.h"

/* The changes of a range that are still to be done, while it is edited. */
struct cursor {
	struct sc_change *next, *end;
};

/* The change of @p; NULL: it stays what it is. */
static struct sc_change *change_of(struct cursor *at, const struct sc_place *p)
{
	while (at->next < at->end && at->next->place < p)
		at->next++;
	return at->next < at->end && at->next->place == p ? at->next : NULL;
}

/*
 * A trap in the copy that is not ours.  With no debugger it is a probe of the
 * kernel, which may be taking it out of the pristine page at this moment, so it
 * must not come back.  A debugger's stays, unless the debugger stopped us after
 * the copy was moved out: then it has written to the page that its place shows,
 * and that page knows better.
 */
static bool keeps_trap(uintptr_t page)
{
	return sc_is_traced() && sc_maps_is_private_copy(page) != 1;
}

/*
 * Where a page of the copy differs from what its place shows now (@old), and it
 * is no place of ours, it is another patcher's work.  That stays,
 * and so does a trap that a debugger has made since the copy was moved out.
 */
static void merge_foreign(uintptr_t page, const uint8_t *old,
			  const uint8_t *copy, uint8_t *out)
{
	size_t i;

	for (i = 0; i < SC_PAGE; i += SC_TRAP_LEN) {
		if (memcmp(copy + i, old + i, SC_TRAP_LEN) == 0 ||
		    (sc_insn_is_trap(old + i) && sc_is_traced()))
			continue;
		if (!sc_insn_is_trap(copy + i) || keeps_trap(page))
			memcpy(out + i, copy + i, SC_TRAP_LEN);
	}
}

/* Whether what @p shall hold can stand under the trap in @copy. */
static bool fits_trap(const struct sc_place *p, struct sc_change *c,
		      const uint8_t *copy)
{
	if (c)
		return sc_change_fits_trap(c, copy);
	return memcmp(p->live, sc_place_under_trap(p, copy), SC_TRAP_LEN) == 0;
}

/* A trap stands on the place in the copy. */
static void compose_trapped(struct sc_place *p, struct sc_change *c,
			    uintptr_t page, const uint8_t *copy, uint8_t *out)
{
	bool kept = keeps_trap(page);

	if (kept && !fits_trap(p, c, copy)) {
		/* The trap came after the checks: the place is pristine then. */
		kept = memcmp(sc_place_under_trap(p, copy), p->pristine,
			      SC_TRAP_LEN) == 0;
		sc_place_set_pristine(p);
	} else if (c) {
		memcpy(p->live, c->wanted, SC_INSN_MAX);
	}
	sc_bytes_copy(out, p->live, p->len);
	if (kept)
		memcpy(out, copy, SC_TRAP_LEN);
}

/* Another patcher's bytes stand on the place in the copy. */
static void compose_foreign(struct sc_place *p, const struct sc_change *c,
			    const uint8_t *copy, uint8_t *out)
{
	/* In this update they came after the checks; else they stay. */
	if (c && !sc_change_is_none(c)) {
		sc_place_set_pristine(p);
		copy = p->pristine;
	}
	sc_bytes_copy(out, copy, p->len);
}

/*
 * One place of ours: @copy is what it held, @out gets what it shall hold; on
 * entry it is what the place shows now.
 */
static void compose_place(struct sc_place *p, struct sc_change *c,
			  uintptr_t page, const uint8_t *copy, uint8_t *out)
{
	/* A breakpoint made since: its owner takes the place for pristine. */
	if (p->len && sc_insn_is_trap(out) && sc_is_traced()) {
		sc_place_set_pristine(p);
		return;
	}
	switch (sc_place_sight(p, copy)) {
	case SC_OURS:
		/* Not from what is stored just now: that would wait. */
		sc_bytes_copy(out, c ? c->wanted : p->live, p->len);
		if (c)
			memcpy(p->live, c->wanted, SC_INSN_MAX);
		break;
	case SC_TRAPPED:
		compose_trapped(p, c, page, copy, out);
		break;
	case SC_FOREIGN:
		compose_foreign(p, c, copy, out);
		break;
	}
}

/*
 * Makes the new content of the page at offset @at of the range: the pristine
 * page, which its place shows now, and all our places.  Returns 1 if that
 * differs from the copy, 0 if not, or a negative errno.
 */
static int compose(const struct sc_range *r, size_t at, struct cursor *cursor,
		   uint8_t *out)
{
	uintptr_t page = r->start + at;
	const uint8_t *copy = (const uint8_t *)sc_arena_of(r->text, page);
	uint8_t *before = sc_tx->before;
	struct sc_place *p = sc_place_first(r->text, page);
	const struct sc_place *end = sc_place_first(r->text, page + SC_PAGE);
	int err;

	err = sc_text_read(r->text, out, page, SC_PAGE);
	if (err)
		return err;
	memcpy(before, out, SC_PAGE);
	for (; p < end; p++) {
		size_t offset = (uintptr_t)p->addr - page;

		sc_bytes_copy(before + offset, copy + offset, p->len);
		compose_place(p, change_of(cursor, p), page, copy + offset,
			      out + offset);
	}
	if (memcmp(before, copy, SC_PAGE) != 0)
		merge_foreign(page, before, copy, out);
	return memcmp(out, copy, SC_PAGE) != 0;
}

/* ---------------------------------------------------- writing the copy */

/*
 * The last choice beside other threads: a child of fork() that is born now, and
 * never updates, keeps a writable descriptor of this process's memory.
 */
int sc_open_mem(void)
{
	if (sc_tx->mem.fd >= 0)
		return 0;
	if (!sc_system.can_write) {
		sc_why_note("write /proc/self/mem", NULL, -EIO);
		return -EPERM;
	}
	return sc_file_set(&sc_tx->mem, sc_maps_open_mem(O_RDWR));
}

static int write_copy(uintptr_t to, size_t len, bool flip)
{
	ssize_t done;

	if (flip) {
		memcpy((void *)to, sc_tx->image, len);
		return 0;
	}
	done = pwrite(sc_tx->mem.fd, sc_tx->image, len, (off_t)to);
	if (done < 0)
		return sc_why_note("write /proc/self/mem", NULL, -errno);
	return done == (ssize_t)len ? 0 : -EIO;
}

/* Pages that do not change are not written, and so cost no memory. */
static int edit_pages(const struct sc_range *r, struct cursor cursor, bool flip)
{
	uintptr_t copy = sc_arena_of(r->text, r->start), from = copy;
	size_t at, len = 0;
	int err;

	for (at = 0; at < r->len; at += SC_PAGE) {
		err = compose(r, at, &cursor, sc_tx->image + len);
		if (err < 0)
			return err;
		if (err) {
			if (!len)
				from = copy + at;
			len += SC_PAGE;
			if (len < SC_BATCH * SC_PAGE)
				continue;
		}
		err = write_copy(from, len, flip);
		if (err)
			return err;
		len = 0;
	}
	return write_copy(from, len, flip);
}

void sc_note_flip(void)
{
	if (sc_system.flip_error)
		sc_why_note("mprotect", NULL, sc_system.flip_error);
}

/* Only memory that is short may be there again at the next update. */
static int cannot_flip(bool flip)
{
	int err = sc_why_note("mprotect", NULL, -errno);

	if (flip) {
		sc_tx->no_flip = true;
		if (err != -ENOMEM) {
			sc_system.can_flip = false;
			sc_system.flip_error = err;
		}
	}
	return err;
}

/*
 * @r is out.  After success its copy holds what it shall and can run; after an
 * error it may hold half of it, or be writable, and must not move in.  The
 * states of the copy's protection are
 *
 *	read, exec ---> read, write ---> read, exec	by mprotect()
 *	read, exec ---> (the same)			through the mem file
 *	exec       ---> read        ---> exec		the same, execute-only
 *
 * and no thread runs the copy in any of them.  Execute-only text is made
 * readable in the copy and in nothing else.  If code cannot be made again of
 * what was writable (PR_SET_MDWE), that way is never tried again; the caller
 * takes the other one.
 */
int sc_edit_range(struct sc_range *r, bool undo)
{
	int prot = PROT_EXEC | (r->flags & SC_VMA_READ ? PROT_READ : 0);
	void *copy = (void *)sc_arena_of(r->text, r->start);
	struct cursor cursor = { NULL, NULL };
	bool flip = sc_system.can_flip && !sc_tx->no_flip &&
		    sc_tx->mem.fd < 0;
	bool shown = flip || !(r->flags & SC_VMA_READ);
	int err = SC_STEP('E');

	r->text->readable = r->flags & SC_VMA_READ;
	if (!undo) {
		cursor.next = sc_tx->changes + r->first;
		cursor.end = cursor.next + r->n;
	}
	if (!err)
		err = sc_fault_in_place(r);
	/* It was the first choice. */
	if (!flip)
		sc_note_flip();
	if (!err && !flip)
		err = sc_open_mem();
	if (err)
		return err;
	if (shown && mprotect(copy, r->len,
			      flip ? PROT_READ | PROT_WRITE : PROT_READ))
		return cannot_flip(flip);
	err = edit_pages(r, cursor, flip);
	if (!err)
		sc_machine_flush(copy, r->len);
	/* It never moves in unless it can run there. */
	if (shown && mprotect(copy, r->len, prot))
		err = cannot_flip(flip);
	return err;
}
