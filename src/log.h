/* SPDX-License-Identifier: MIT */
/* log.h - the debug log: one line for each event, with STATIC_CALL_DEBUG=1. */
#ifndef SC_LOG_H
#define SC_LOG_H

/* Set once, when the library is initialised. */
void sc_log_enable(int on);
int sc_log_enabled(void);

/*
 * Writes "libstaticcall: EVENT NAME: DETAIL NUMBER" in one write(2).  NAME and
 * DETAIL may be NULL; a NUMBER below zero is shown as the error it is.  No
 * stdio, no allocation: it may run with any lock of the program held.
 */
void sc_log(const char *event, const char *name, const char *detail,
	    long number);

/* Writes "libstaticcall: EVENT NAME at 0xADDRESS". */
void sc_log_at(const char *event, const char *name, unsigned long address);

#endif
