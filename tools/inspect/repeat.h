/* SPDX-License-Identifier: MIT */
/* repeat.h - the same picture again and again, and what has changed in it. */
#ifndef SC_REPEAT_H
#define SC_REPEAT_H

#include "inspect/view.h"

/* Begins a picture: on a terminal, on an empty screen. */
void sc_watch_begin(double seconds);

/* How many lines the terminal has below the heading; 0: it is none. */
size_t sc_watch_lines(void);

/* Keeps the targets in @view, for the next picture. */
void sc_watch_note(const struct sc_view *view);

/* Whether @key had another target in the last picture. */
bool sc_watch_changed(const struct sc_view *view,
		      const struct sc_key_view *key);

void sc_watch_wait(double seconds);

#endif /* SC_REPEAT_H */
