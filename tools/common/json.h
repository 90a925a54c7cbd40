/* SPDX-License-Identifier: MIT */
/*
 * json.h - writes JSON on standard output, one value after the other.
 *
 * @name is the member's name within an object, and NULL within an array or at the
 * top.  Whoever opens closes.
 */
#ifndef SC_JSON_H
#define SC_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Each document on one line, for a reader that takes one line at a time. */
extern bool sc_json_compact;

void sc_json_object(const char *name);
void sc_json_array(const char *name);
/* Ends the object or array opened last; at the top, the line as well. */
void sc_json_close(void);

/* NULL is written as null. */
void sc_json_string(const char *name, const char *value);
void sc_json_number(const char *name, uint64_t value);
/* As a string, "0x1234": a reader's numbers may have 53 bits. */
void sc_json_address(const char *name, uint64_t value);
void sc_json_bool(const char *name, bool value);
void sc_json_null(const char *name);
/* The members "source" and "line"; without a file neither is known. */
void sc_json_source(const char *file, int line);

#endif /* SC_JSON_H */
