/* SPDX-License-Identifier: MIT */
/*
 * prototypes.c - looks in debug information for what a compiler cannot see.
 *
 * A static call that is defined to return 0, and whose result an integer register
 * cannot hold: the header leaves a pointer of the full type,
 * __static_call_ret0_type_NAME, for each DEFINE_STATIC_CALL_RET0().
 *
 * A static call that two files declare with different types: gcc describes each
 * function that a file calls, and so each trampoline.  clang does not describe
 * functions whose names begin with two underscores.
 */
#include <string.h>

#include <static_call/format.h>

#include "inspect/commands.h"
#include "common/tool.h"

#ifdef HAVE_LIBDW

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "inspect/signature.h"

#define POINTER_PREFIX "__static_call_ret0_type_"

/* A static call as one file declares it. */
struct declaration {
	const char *name;
	char *type;			/* to be compared */
	Dwarf_Die die;
};

struct checker {
	const char *file;
	struct sc_pool pool;
	struct declaration *declaration;	/* one for each name */
	size_t n_declarations;
	size_t n_bad;
};

static bool is_cleared_by_xor(Dwarf_Die *type)
{
	Dwarf_Attribute attr;
	Dwarf_Word encoding, size;

	if (!type)
		return true;
	switch (dwarf_tag(type)) {
	case DW_TAG_pointer_type:
	case DW_TAG_enumeration_type:
		return true;
	case DW_TAG_base_type:
		break;
	default:
		return false;
	}
	if (dwarf_formudata(dwarf_attr(type, DW_AT_encoding, &attr),
			    &encoding) ||
	    dwarf_formudata(dwarf_attr(type, DW_AT_byte_size, &attr), &size))
		return true;	/* nothing known is no reason to complain */
	return size <= 8 && encoding != DW_ATE_float &&
	       encoding != DW_ATE_complex_float &&
	       encoding != DW_ATE_imaginary_float &&
	       encoding != DW_ATE_decimal_float;
}

/* Returns 1, with a message, if @die is the pointer of a bad definition. */
static int check_variable(const char *file, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	Dwarf_Die pointer, function, result;
	int line = 0;

	if (!name ||
	    strncmp(name, POINTER_PREFIX, sizeof(POINTER_PREFIX) - 1) != 0 ||
	    !sc_signature_type(die, &pointer) || !sc_signature_type(&pointer, &function) ||
	    dwarf_tag(&function) != DW_TAG_subroutine_type ||
	    is_cleared_by_xor(sc_signature_type(&function, &result)))
		return 0;
	dwarf_decl_line(die, &line);
	sc_error(file, "%s is defined to return 0, which its result type %s cannot do (%s:%d)",
		 name + sizeof(POINTER_PREFIX) - 1,
		 dwarf_diename(&result) ? dwarf_diename(&result) : "?",
		 dwarf_decl_file(die) ? dwarf_decl_file(die) : "?", line);
	return 1;
}

static int add_declaration(struct checker *checker, const char *name,
			   char *type, const Dwarf_Die *die)
{
	struct declaration *new = sc_pool_grow(&checker->pool,
					       checker->declaration,
					       checker->n_declarations,
					       sizeof(*new));

	if (!new)
		return sc_error(checker->file, "out of memory");
	checker->declaration = new;
	new[checker->n_declarations++] = (struct declaration){
		name, type, *die
	};
	return 0;
}

static const char *place_of(struct checker *checker, Dwarf_Die *die)
{
	const char *file = dwarf_decl_file(die), *place;
	int line = 0;

	dwarf_decl_line(die, &line);
	place = sc_pool_string(&checker->pool, "%s:%d", file ? file : "?",
			       line);
	return place ? place : "?";
}

static void say_types(struct checker *checker, struct declaration *first,
		      Dwarf_Die *die)
{
	struct sc_pool *pool = &checker->pool;

	sc_error(checker->file, "%s has type '%s' in one file (%s), and '%s' in another (%s)",
		 first->name,
		 sc_signature(pool, &first->die, SC_SIGNATURE_NAMES),
		 place_of(checker, &first->die),
		 sc_signature(pool, die, SC_SIGNATURE_NAMES),
		 place_of(checker, die));
	checker->n_bad++;
}

static void check_declaration(struct checker *checker, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	char *type;
	size_t i;

	if (!name || strncmp(name, STATIC_CALL_TRAMP_PREFIX_STR,
			     STATIC_CALL_TRAMP_PREFIX_LEN))
		return;
	name += STATIC_CALL_TRAMP_PREFIX_LEN;
	type = sc_signature(&checker->pool, die, SC_SIGNATURE_SIZES);
	for (i = 0; type && i < checker->n_declarations; i++) {
		struct declaration *first = &checker->declaration[i];

		if (strcmp(first->name, name) != 0)
			continue;
		if (strcmp(first->type, type) != 0)
			say_types(checker, first, die);
		return;
	}
	if (type)
		add_declaration(checker, name, type, die);
}

static void check_unit(struct checker *checker, Dwarf_Die *unit)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return;
	do {
		if (dwarf_tag(&die) == DW_TAG_variable)
			checker->n_bad += (size_t)check_variable(checker->file,
								 &die);
		else if (dwarf_tag(&die) == DW_TAG_subprogram)
			check_declaration(checker, &die);
	} while (dwarf_siblingof(&die, &die) == 0);
}

size_t sc_prototypes_check(const char *file, Elf *elf)
{
	Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	struct checker checker = { .file = file };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	while (dwarf &&
	       dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0)
		check_unit(&checker, &unit);
	dwarf_end(dwarf);
	sc_pool_empty(&checker.pool);
	return checker.n_bad;
}

#else

size_t sc_prototypes_check(const char *file, Elf *elf)
{
	(void)file;
	(void)elf;
	return 0;
}

#endif
