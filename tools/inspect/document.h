/* SPDX-License-Identifier: MIT */
/*
 * document.h - the form that all output of a command has: text, or one JSON document.
 */
#ifndef SC_DOCUMENT_H
#define SC_DOCUMENT_H

#include <stdbool.h>

/* The exit status; of several the highest. */
enum {
	SC_EXIT_OK,
	SC_EXIT_NO,			/* the answer is no: see static-call(1) */
	SC_EXIT_USAGE,
	SC_EXIT_TROUBLE,		/* something cannot be read or written */
};

/* What to print as; set by the command line before anything is printed. */
extern bool sc_report_json;
extern bool sc_report_colour;

/*
 * A document of JSON: { "command": COMMAND, LIST: [ ... ], "errors": [ ... ] };
 * messages go to standard error as well.  Text has neither begin nor end.
 */
void sc_report_begin(const char *command, const char *list);
void sc_report_end(void);

/* Colours of text; "" where there are none. */
enum sc_colour { SC_COLOUR_NAME, SC_COLOUR_GOOD, SC_COLOUR_BAD, SC_COLOUR_OFF };
const char *sc_colour(enum sc_colour colour);

#endif /* SC_DOCUMENT_H */
