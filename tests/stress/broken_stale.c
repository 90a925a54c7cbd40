/* SPDX-License-Identifier: MIT */
/*
 * broken_stale.c - the library's engine, but one commit in fifty leaves the old
 * instructions where they were and says nothing.
 */
#define sc_text_commit true_commit
#include "text.c"
#undef sc_text_commit

void sc_text_commit(void);

void sc_text_commit(void)
{
	static unsigned int turn;
	size_t i;

	if (++turn % 50 == 0)
		for (i = 0; i < sc_tx->n_changes; i++)
			memcpy(sc_tx->changes[i].wanted,
			       sc_tx->changes[i].place->live, SC_INSN_MAX);
	true_commit();
}
