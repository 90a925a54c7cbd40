/* SPDX-License-Identifier: MIT */
/*
 * unsafe.c - the functions of text.h without any protocol: the keys are stored,
 * then live text is written while others run it.
 */
#include <string.h>
#include <sys/mman.h>

#include "unsafe.h"

static struct sc_change *pending;
static size_t n_pending;

bool sc_text_enabled(void)
{
	return true;
}

const char *sc_text_reason(void)
{
	return NULL;
}

const char *sc_text_trouble(void)
{
	return NULL;
}

void sc_text_count(size_t *n_dropped, size_t *n_given_up)
{
	*n_dropped = 0;
	*n_given_up = 0;
}

bool sc_text_start_again(void)
{
	return true;
}

void sc_text_start(void)
{
	unsafe_start();
}

void sc_text_rest(void)
{
}

void sc_text_register(struct sc_text *text)
{
	text->readable = true;
	text->asked = true;
	text->usable = mprotect((void *)text->start, text->end - text->start,
				PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}

void sc_text_reserve_arena(struct sc_text *text)
{
	(void)text;
}

void sc_text_forget(struct sc_text *text)
{
	(void)text;
}

int sc_text_reserve(size_t n)
{
	(void)n;
	return 0;
}

int sc_text_prepare(struct sc_change *changes, size_t n)
{
	pending = changes;
	n_pending = n;
	return 0;
}

void sc_text_commit(void)
{
	size_t i;

	unsafe_write(pending, n_pending);
	for (i = 0; i < n_pending; i++)
		memcpy(pending[i].place->live, pending[i].wanted,
		       pending[i].place->len);
}

void sc_text_restore(struct sc_text *text)
{
	struct sc_place *p = text->places;
	size_t i;

	for (i = 0; i < text->n_places; i++, p++) {
		struct sc_change c = { .addr = (uintptr_t)p->addr, .place = p };

		memcpy(c.wanted, p->pristine, p->len);
		if (p->len)
			unsafe_write(&c, 1);
		memcpy(p->live, p->pristine, p->len);
	}
}

bool sc_text_is_patched(const struct sc_text *text)
{
	(void)text;
	return false;
}

bool sc_text_is_mapped(const struct sc_text *text)
{
	(void)text;
	return true;
}

/* Nothing is ever half done: a child of fork() has what its parent had. */
void sc_text_repair_engine(void)
{
}

void sc_text_repair(struct sc_text *text)
{
	(void)text;
}

void sc_text_end(void)
{
}

int sc_text_read(const struct sc_text *text, void *to, uintptr_t from,
		 size_t len)
{
	(void)text;
	memcpy(to, (const void *)from, len);
	return 0;
}
