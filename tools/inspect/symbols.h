/* SPDX-License-Identifier: MIT */
/*
 * symbols.h - functions and source lines of code, by address, from the files and
 * their debug files, wherever those are.  libdwfl does the work.
 */
#ifndef SC_SYMBOLS_H
#define SC_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

/* What libdwfl calls Dwfl; NULL is allowed everywhere, and knows nothing. */
struct Dwfl;

/* Strings live as long as the symbols do. */
struct sc_symbol {
	const char *name;		/* NULL: no symbol tells */
	uint64_t offset;		/* of the address, from there */
	const char *source;		/* NULL: no debug information tells */
	int line;
};

/* Whether the tool was built with what this takes. */
bool sc_symbols_are_there(void);

/* NULL: there is no libdw, or no memory. */
struct Dwfl *sc_symbols_new(void);
void sc_symbols_free(struct Dwfl *symbols);

/*
 * Adds the file at @fd, which stays the caller's: its addresses are @bias less
 * than those asked for.  False: it is not understood.
 */
bool sc_symbols_add(struct Dwfl *symbols, const char *path, int fd,
		    uint64_t bias);

/* All zero where nothing is known. */
struct sc_symbol sc_symbols_at(struct Dwfl *symbols, uint64_t address);

/*
 * Calls @each for all symbols of the file that @address is in whose names begin
 * with @prefix and that are defined there, until it returns non-zero.
 */
void sc_symbols_each(struct Dwfl *symbols, uint64_t address, const char *prefix,
		     int (*each)(void *context, const char *name,
				 uint64_t value),
		     void *context);

#endif /* SC_SYMBOLS_H */
