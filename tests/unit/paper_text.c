/* SPDX-License-Identifier: MIT */
/* paper_text.c - a text engine that only notes what it is asked. */
#include "sc_config.h"

#include <string.h>

#include "paper_text.h"
#include "plan.h"
#include "text.h"
#include "unit.h"

struct paper_text paper_text;

void sc_text_start(void)
{
	paper_text.starts++;
}

void sc_text_rest(void)
{
}

bool sc_text_start_again(void)
{
	paper_text.tries++;
	if (paper_text.passes)
		paper_text.reason = NULL;
	return sc_text_enabled();
}

const char *sc_text_reason(void)
{
	return paper_text.reason;
}

const char *sc_text_trouble(void)
{
	return NULL;
}

bool sc_text_enabled(void)
{
	return !paper_text.reason;
}

void sc_text_register(struct sc_text *text)
{
	paper_text.registers++;
	ck_assert(!text->asked);
	text->asked = !paper_text.blind;
	text->usable = text->asked && !paper_text.unfit;
}

void sc_text_reserve_arena(struct sc_text *text)
{
	ck_assert_uint_gt(text->n_places, 0);
	paper_text.arenas++;
}

void sc_text_forget(struct sc_text *text)
{
	ck_assert_uint_lt(text->start, text->end);
	paper_text.forgets++;
}

int sc_text_reserve(size_t n)
{
	if (n > paper_text.room)
		paper_text.room = n;
	return 0;
}

/* In order, each place once, and each is a change. */
int sc_text_prepare(struct sc_change *changes, size_t n)
{
	size_t i;

	paper_text.prepares++;
	ck_assert(!n || sc_text_enabled());
	ck_assert_uint_le(n, paper_text.room);
	for (i = 0; i < n; i++) {
		const struct sc_place *p = changes[i].place;

		ck_assert_uint_eq(changes[i].addr, (uintptr_t)p->addr);
		ck_assert_uint_gt(p->len, 0);
		ck_assert(p->text->usable);
		ck_assert_int_eq(p->text->stuck, 0);
		ck_assert_mem_ne(changes[i].wanted, p->live, SC_INSN_MAX);
		if (i)
			ck_assert_uint_lt(changes[i - 1].addr, changes[i].addr);
	}
	paper_text.changes = changes;
	paper_text.n_changes = n;
	paper_text.prepared = !paper_text.prepare_error ||
			      paper_text.prepares <= paper_text.fails_after;
	return paper_text.prepared ? 0 : paper_text.prepare_error;
}

void sc_text_commit(void)
{
	size_t i;

	paper_text.commits++;
	ck_assert(paper_text.prepared);
	paper_text.prepared = false;
	for (i = 0; i < paper_text.n_changes; i++)
		memcpy(paper_text.changes[i].place->live,
		       paper_text.changes[i].wanted, SC_INSN_MAX);
	paper_text.changed += paper_text.n_changes;
}

static void make_pristine(struct sc_text *text)
{
	size_t i;

	for (i = 0; i < text->n_places; i++)
		memcpy(text->places[i].live, text->places[i].pristine,
		       SC_INSN_MAX);
}

void sc_text_restore(struct sc_text *text)
{
	paper_text.restores++;
	if (!paper_text.stays)
		make_pristine(text);
}

bool sc_text_is_patched(const struct sc_text *text)
{
	size_t i;

	for (i = 0; i < text->n_places; i++)
		if (memcmp(text->places[i].live, text->places[i].pristine,
			   SC_INSN_MAX) != 0)
			return true;
	return false;
}

void sc_text_count(size_t *n_dropped, size_t *n_given_up)
{
	*n_dropped = 11;
	*n_given_up = 12;
}

bool sc_text_is_mapped(const struct sc_text *text)
{
	return !paper_text.gone || text->start < paper_text.gone;
}

void sc_text_repair_engine(void)
{
	paper_text.engine_repairs++;
}

void sc_text_repair(struct sc_text *text)
{
	paper_text.repairs++;
	make_pristine(text);
}

void sc_text_end(void)
{
	paper_text.ends++;
}

int sc_text_read(const struct sc_text *text, void *to, uintptr_t from,
		 size_t len)
{
	ck_assert_uint_ge(from, text->start);
	ck_assert_uint_le(len, text->end - from);
	memcpy(to, (const void *)from, len);
	return 0;
}
