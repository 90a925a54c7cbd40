/* SPDX-License-Identifier: MIT */
/* output.h - annotates what the real tool made. */
#ifndef SC_OUTPUT_H
#define SC_OUTPUT_H

/*
 * Annotates the object @name, if it is there and needs it.  0, or -1 with a
 * message, and then the object is gone.
 */
int sc_output_annotate(const char *name);

#endif /* SC_OUTPUT_H */
