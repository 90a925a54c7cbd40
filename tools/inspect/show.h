/* SPDX-License-Identifier: MIT */
/* show.h - prints what was seen of a process. */
#ifndef SC_SHOW_H
#define SC_SHOW_H

#include "inspect/view.h"

struct sc_show {
	const char *const *keys;	/* patterns; NULL or none: all */
	size_t n_keys;
	bool sites;			/* direct ones, too */
	/* Whether the key has changed since the last time; NULL: unknown. */
	bool (*changed)(const struct sc_view *view,
			const struct sc_key_view *key);
	size_t lines;			/* of a terminal; 0: any number */
};

bool sc_show_wants(const struct sc_show *show, const struct sc_key_view *key);

void sc_show_text(const struct sc_show *show, struct sc_view *view);
void sc_show_json(const struct sc_show *show, struct sc_view *view);

#endif /* SC_SHOW_H */
