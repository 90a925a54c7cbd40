/* SPDX-License-Identifier: MIT */
/*
 * repair.c - in a child of fork(): ends what another thread of the parent was
 * doing to text when the child was born.
 *
 * Text never changes while fork() copies memory, for every change needs the lock
 * that fork() holds in the kernel.  So each place holds its old form, its new
 * form or the pristine one, and calls were right from the first moment.  What
 * must be mended is what the library knows about it.
 */
#include "sc_config.h"

#include <string.h>

#include "engine.h"
#include "valgrind.h"
#include "why.h"

/*
 * Descriptors are copied before memory is, so a number may be the program's by
 * now.  A range may be lost (step L): then its copy is in the arena still.
 */
void sc_text_repair_engine(void)
{
	struct sc_tx *tx = sc_tx;
	size_t i;

	sc_why_repair();
	sc_valgrind_inherit(tx, sizeof(*tx));
	tx->trouble = false;
	tx->alone = false;
	sc_valgrind_inherit(tx->ranges, tx->max_ranges * sizeof(*tx->ranges));
	sc_valgrind_inherit(tx->image, SC_BATCH * SC_PAGE);
	sc_valgrind_inherit(tx->before, SC_PAGE);
	sc_file_close_inherited(&tx->maps.file);
	sc_file_close_inherited(&tx->mem);
	if (tx->mode == SC_SWAP && sc_open_maps() == 0)
		for (i = 0; i < tx->n_ranges && i < tx->max_ranges; i++)
			if (tx->ranges[i].out &&
			    sc_range_is_lost(tx->ranges + i))
				sc_move_recover(tx->ranges + i);
	tx->mode = SC_IDLE;
	tx->n_ranges = 0;
	sc_valgrind_inherit(&sc_system, sizeof(sc_system));
	/* The parent may have been trying it. */
	sc_system.untried |= sc_system.probing;
	sc_system.probing = false;
}

/* Where text could not be given back: what it holds is what it is. */
static void believe_text(struct sc_text *text)
{
	uint8_t now[SC_INSN_MAX];
	size_t i;

	for (i = 0; i < text->n_places; i++) {
		struct sc_place *p = text->places + i;

		if (!p->len || sc_text_read(text, now, (uintptr_t)p->addr,
					    p->len) || sc_insn_is_trap(now))
			continue;
		memcpy(p->live, now, p->len);
	}
}

/*
 * Stuck text is still mapped, if the child was born before its parent had unmapped
 * it, and stays so here: the thread that was unloading it is not there.
 *
 * All or nothing: to find out what each place holds would need the same checks,
 * and the pages that are given back were the parent's to share anyway.
 */
void sc_text_repair(struct sc_text *text)
{
	sc_valgrind_inherit((void *)text->start, text->end - text->start);
	sc_arena_clear(text);
	sc_text_restore(text);
	if (!sc_text_is_patched(text))
		text->stuck = 0;
	else if (!text->stuck)
		believe_text(text);
}
