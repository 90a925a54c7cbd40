/* SPDX-License-Identifier: MIT */
/*
 * symbol.h - the name of what is at an address, for the debug log.
 *
 * Read from the mapped file's own table of symbols, without the dynamic loader: so
 * it works with any lock held and in a child of fork(), and it finds static
 * functions.  Slow, and for the log alone.
 */
#ifndef SC_SYMBOL_H
#define SC_SYMBOL_H

#include "line.h"

/*
 * Adds "NAME" or, inside of it, "NAME+0x4"; "FILE+0x1139", as addr2line(1) takes
 * it, where the file has no such symbol; "0x7f..." where there is no file.
 * @prefix, where the name begins with it, is left out.
 */
void sc_symbol_put(struct sc_line *line, const void *address,
		   const char *prefix);

/* Adds the path of the file that is mapped at @address; false: there is none. */
_Bool sc_symbol_put_file(struct sc_line *line, const void *address);

#endif
