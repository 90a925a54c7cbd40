/* SPDX-License-Identifier: MIT */
/*
 * log.h - the debug log: one line for each event, where STATIC_CALL_DEBUG says.
 *
 *	libstaticcall: pid PID: EVENT NAME: TEXT
 *	libstaticcall: pid PID: EVENT NAME: TEXT, ERROR (WHY): CURE
 *
 * No stdio, no allocation: it may run with any lock of the program held.  A line
 * is one write(2), so that lines of threads and processes do not mix.
 */
#ifndef SC_LOG_H
#define SC_LOG_H

#include "line.h"

/*
 * Set once, when the library is initialised: "1" is standard error, a value with
 * a slash the path of a file; anything else, and NULL, turns the log off.
 */
void sc_log_to(const char *where);
int sc_log_enabled(void);

/* NAME and TEXT may be NULL. */
void sc_log(const char *event, const char *name, const char *text);
/* The same of what is at an address. */
void sc_log_at(const char *event, const char *name, unsigned long address,
	       const char *text);
/*
 * @err is a negative errno; 0: none, and then no cure is written.  @why, where it
 * is not NULL, are the words of what has failed.
 */
void sc_log_error(const char *event, const char *name, const char *text,
		  const char *why, int err);

/* The parts, for lines that hold more; only where the log is enabled. */
void sc_log_begin(struct sc_line *line, const char *event);
void sc_log_put_error(struct sc_line *line, const char *why, int err);
void sc_log_end(struct sc_line *line);

#endif
