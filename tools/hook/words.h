/* SPDX-License-Identifier: MIT */
/* words.h - what the words of a linker's command line are. */
#ifndef SC_WORDS_H
#define SC_WORDS_H

#include "hook/response.h"

/* Is the next word this option's value? */
bool sc_word_has_value(const char *arg);

/* The value of a long option in its "=" form, or NULL. */
char *sc_word_long_value(char *arg, const char *name);

/* Is it this long option, with one dash or two? */
bool sc_word_is(const char *arg, const char *name);

/* Is it one of @list, which ends with NULL? */
bool sc_word_is_any(const char *arg, const char *const *list);

/*
 * The value of option @i: in the same word, behind "=", or the next word.
 * @letter is its short form, or 0.
 */
char *sc_word_value(const struct sc_args *args, size_t i, char letter,
		    const char *name);

/* Takes each option @name and its value off the command line. */
void sc_words_drop(struct sc_args *args, const char *name);

#endif /* SC_WORDS_H */
