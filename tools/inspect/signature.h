/* SPDX-License-Identifier: MIT */
/* signature.h - the type of a function, as text, from debug information. */
#ifndef SC_SIGNATURE_H
#define SC_SIGNATURE_H

#include <elfutils/libdw.h>

#include "common/tool.h"

enum sc_signature_form {
	SC_SIGNATURE_NAMES,	/* for a reader */
	SC_SIGNATURE_SIZES,	/* to be compared: "long" and "long int" are one */
};

/*
 * What @function (a function, or the type of one) returns and takes, in memory
 * of @pool; NULL where there is none left.
 */
char *sc_signature(struct sc_pool *pool, Dwarf_Die *function,
		   enum sc_signature_form form);

/* The type of @die without typedefs and qualifiers; NULL: void, or none. */
Dwarf_Die *sc_signature_type(Dwarf_Die *die, Dwarf_Die *type);

#endif /* SC_SIGNATURE_H */
