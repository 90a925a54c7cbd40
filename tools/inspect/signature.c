/* SPDX-License-Identifier: MIT */
/*
 * signature.c - writes the type of a function down.
 *
 * Typedefs are looked through.  Structures and enumerations are their names: they
 * are not compared member by member.
 */
#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>

#include "inspect/signature.h"

enum { DEPTH = 16 };		/* of pointers to functions that take pointers... */

struct writer {
	FILE *out;
	enum sc_signature_form form;
};

Dwarf_Die *sc_signature_type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	if (!dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attr),
			       type) ||
	    dwarf_peel_type(type, type))
		return NULL;
	return type;
}

static Dwarf_Die *next_type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attr),
				 type);
}

static void put_base(struct writer *writer, Dwarf_Die *type)
{
	Dwarf_Attribute attr;
	Dwarf_Word encoding = 0, size = 0;
	const char *name = dwarf_diename(type);

	if (writer->form == SC_SIGNATURE_NAMES) {
		fputs(name ? name : "?", writer->out);
		return;
	}
	dwarf_formudata(dwarf_attr(type, DW_AT_encoding, &attr), &encoding);
	dwarf_formudata(dwarf_attr(type, DW_AT_byte_size, &attr), &size);
	fprintf(writer->out, "%u.%u", (unsigned int)encoding,
		(unsigned int)size);
}

static void put_named(struct writer *writer, const char *kind, Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	fprintf(writer->out, "%s %s", kind, name ? name : "{...}");
}

static void put_function(struct writer *writer, Dwarf_Die *die,
			 unsigned int depth);

/* @type is NULL for void. */
static void put_type(struct writer *writer, Dwarf_Die *type, unsigned int depth)
{
	Dwarf_Die die, *next;

	if (!type || !depth) {
		fputs(type ? "..." : "void", writer->out);
		return;
	}
	next = next_type(type, &die);
	switch (dwarf_tag(type)) {
	case DW_TAG_base_type:
		put_base(writer, type);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		put_named(writer, "struct", type);
		break;
	case DW_TAG_union_type:
		put_named(writer, "union", type);
		break;
	case DW_TAG_enumeration_type:
		put_named(writer, "enum", type);
		break;
	case DW_TAG_const_type:
		fputs("const ", writer->out);
		put_type(writer, next, depth - 1);
		break;
	case DW_TAG_volatile_type:
		fputs("volatile ", writer->out);
		put_type(writer, next, depth - 1);
		break;
	case DW_TAG_pointer_type:
	case DW_TAG_array_type:
		put_type(writer, next, depth - 1);
		fputs(" *", writer->out);
		break;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		put_type(writer, next, depth - 1);
		fputs(" &", writer->out);
		break;
	case DW_TAG_subroutine_type:
		put_function(writer, type, depth - 1);
		break;
	case DW_TAG_typedef:
	case DW_TAG_restrict_type:
		put_type(writer, next, depth - 1);
		break;
	default:
		put_named(writer, "", type);
	}
}

/* What a parameter is declared as in itself, const or not, is its own affair. */
static void put_parameters(struct writer *writer, Dwarf_Die *function,
			   unsigned int depth)
{
	const char *between = "";
	Dwarf_Die die, type;

	if (dwarf_child(function, &die))
		return;
	do {
		if (dwarf_tag(&die) == DW_TAG_formal_parameter) {
			fputs(between, writer->out);
			put_type(writer, sc_signature_type(&die, &type), depth);
		} else if (dwarf_tag(&die) == DW_TAG_unspecified_parameters) {
			fprintf(writer->out, "%s...", between);
		} else {
			continue;
		}
		between = ", ";
	} while (!dwarf_siblingof(&die, &die));
}

static void put_function(struct writer *writer, Dwarf_Die *die,
			 unsigned int depth)
{
	Dwarf_Die type;

	put_type(writer, next_type(die, &type), depth);
	fputs(" (", writer->out);
	put_parameters(writer, die, depth);
	fputc(')', writer->out);
}

char *sc_signature(struct sc_pool *pool, Dwarf_Die *function,
		   enum sc_signature_form form)
{
	char *text = NULL, *copy = NULL;
	struct writer writer = { .form = form };
	size_t len;

	writer.out = open_memstream(&text, &len);
	if (!writer.out)
		return NULL;
	put_function(&writer, function, DEPTH);
	if (!fclose(writer.out))
		copy = sc_pool_string(pool, "%s", text);
	free(text);
	return copy;
}
