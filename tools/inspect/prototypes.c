/* SPDX-License-Identifier: MIT */
/*
 * prototypes.c - looks in debug information for static calls that were defined
 * to return 0 and whose result an integer register cannot hold.
 *
 * C cannot check all of these when it compiles.  The header leaves a pointer of
 * the full type, __static_call_ret0_type_NAME, for each DEFINE_STATIC_CALL_RET0().
 */
#include <string.h>

#include "inspect/commands.h"
#include "common/tool.h"

#ifdef HAVE_LIBDW

#include <dwarf.h>
#include <elfutils/libdw.h>

#define POINTER_PREFIX "__static_call_ret0_type_"

/* The type of @die without typedefs and qualifiers; NULL: void, or none. */
static Dwarf_Die *type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	if (!dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attr),
			       type) ||
	    dwarf_peel_type(type, type))
		return NULL;
	return type;
}

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
	    !type_of(die, &pointer) || !type_of(&pointer, &function) ||
	    dwarf_tag(&function) != DW_TAG_subroutine_type ||
	    is_cleared_by_xor(type_of(&function, &result)))
		return 0;
	dwarf_decl_line(die, &line);
	sc_error(file, "%s is defined to return 0, which its result type %s cannot do (%s:%d)",
		 name + sizeof(POINTER_PREFIX) - 1,
		 dwarf_diename(&result) ? dwarf_diename(&result) : "?",
		 dwarf_decl_file(die) ? dwarf_decl_file(die) : "?", line);
	return 1;
}

static size_t check_unit(const char *file, Dwarf_Die *unit)
{
	size_t bad = 0;
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return 0;
	do {
		if (dwarf_tag(&die) == DW_TAG_variable)
			bad += (size_t)check_variable(file, &die);
	} while (dwarf_siblingof(&die, &die) == 0);
	return bad;
}

size_t sc_prototypes_check(const char *file, Elf *elf)
{
	Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	size_t bad = 0;

	while (dwarf &&
	       dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0)
		bad += check_unit(file, &unit);
	dwarf_end(dwarf);
	return bad;
}

#else

size_t sc_prototypes_check(const char *file, Elf *elf)
{
	(void)file;
	(void)elf;
	return 0;
}

#endif
