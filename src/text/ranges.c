/* SPDX-License-Identifier: MIT */
/*
 * ranges.c - step C: cuts the plan into ranges, each within one mapping that is
 * still what was registered, and checks their places.
 */
#include "sc_config.h"

#include <errno.h>

#include "engine.h"
#include "log.h"
#include "step.h"
#include "why.h"

/*
 * The second move may find no memory after it has unmapped the place, if the
 * first freed a page table.  So a range is half a block at most.
 */
#define RANGE_MAX	(SC_BLOCK / 2)

/*
 * Only what was mapped at registration shows its file when moved away: same
 * device, inode and offset, private, executable and not writable.  Memory that
 * somebody put in its place would show zeros, and another file its own code.
 */
bool sc_text_same_mapping(const struct sc_text *text, uintptr_t addr,
			  const struct sc_vma *vma)
{
	return (vma->flags & ~SC_VMA_READ) == SC_VMA_EXEC && vma->inode &&
	       vma->inode == text->inode && vma->major == text->major &&
	       vma->minor == text->minor &&
	       vma->offset + (addr - vma->start) ==
		       text->offset + (addr - text->start);
}

void sc_range_set_pristine(const struct sc_range *r)
{
	struct sc_place *p;

	sc_for_each_place(p, r->text, r->start, r->start + r->len)
		sc_place_set_pristine(p);
}

/* Patched text that is not what was mapped: nothing can be done there. */
static int refuse_mapping(const struct sc_text *text, uintptr_t page,
			  const struct sc_vma *vma)
{
	if (vma->flags & SC_VMA_WRITE)
		sc_why_note("text is writable", NULL, -EBUSY);
	else
		sc_why_note("text is another mapping", NULL, -EBUSY);
	sc_log_at("text", text->path, page,
		  vma->flags & SC_VMA_WRITE ?
			  "cannot be changed, it is writable: make it r-x" :
			  "cannot be changed, it is another mapping");
	return -EBUSY;
}

/*
 * How far a range from @page of @text may go; what the mapping there has, if it
 * is the text's own.
 */
static int find_limit(struct sc_text *text, uintptr_t page, uintptr_t *limit,
		      struct sc_vma *vma, bool *same)
{
	int err = sc_maps_find(&sc_tx->maps, page, vma);

	if (err && err != -ENOENT)
		return err;
	*same = !err && sc_text_same_mapping(text, page, vma);
	if (*same)
		text->readable = vma->flags & SC_VMA_READ;
	*limit = *same ? vma->end : page + SC_PAGE;
	if (*limit > page + RANGE_MAX && SC_RULE(2))
		*limit = page + RANGE_MAX;
	return 0;
}

/*
 * The next range: from the change *@i on, as many as fit one mapping and the
 * limits.  Changes that are left alone become none.
 *
 * Moves *@i behind the last change that it has looked at, at least by one.  The
 * range may be empty (@r->len is 0).  An error means that a place is patched and
 * cannot be changed, so the update must fail: nothing has been touched yet.
 */
static int next_range(size_t *i, struct sc_range *r)
{
	struct sc_change *changes = sc_tx->changes;
	struct sc_text *text = changes[*i].place->text;
	uintptr_t page = sc_page_of(changes[*i].addr), limit = 0;
	struct sc_vma vma = { 0 };
	bool same = false;
	int err = find_limit(text, page, &limit, &vma, &same);

	if (err)
		return err;
	*r = (struct sc_range){ .text = text, .start = page, .first = *i,
				.flags = vma.flags };
	for (; *i < sc_tx->n_changes; ++*i) {
		struct sc_change *c = changes + *i;
		struct sc_place *p = c->place;

		page = sc_page_of(c->addr);
		if (p->text != text || page >= limit ||
		    (r->len && page > r->start + r->len + SC_RANGE_GAP))
			break;
		err = same ? sc_change_check(c) :
			     sc_place_is_pristine(p) ? 1 :
			     refuse_mapping(text, page, &vma);
		if (err < 0)
			return err;
		if (err == 0)
			r->len = page + SC_PAGE - r->start;
		else
			memcpy(c->wanted, p->live, SC_INSN_MAX);
	}
	r->n = *i - r->first;
	return SC_STEP('C');
}

int sc_ranges_cut(void)
{
	size_t i = 0;
	int err;

	/* There are never more ranges than changes. */
	while (i < sc_tx->n_changes) {
		struct sc_range *r = sc_tx->ranges + sc_tx->n_ranges;

		err = next_range(&i, r);
		if (err)
			return err;
		if (r->len)
			sc_tx->n_ranges++;
	}
	return 0;
}
