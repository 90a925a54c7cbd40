/* SPDX-License-Identifier: MIT */
/* symbols.c - functions and source lines, by libdwfl. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "inspect/symbols.h"

#ifdef HAVE_LIBDW

#include <dwarf.h>
#include <elfutils/libdwfl.h>

bool sc_symbols_are_there(void)
{
	return true;
}

struct Dwfl *sc_symbols_new(void)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};

	return dwfl_begin(&callbacks);
}

void sc_symbols_free(struct Dwfl *symbols)
{
	dwfl_end(symbols);
}

bool sc_symbols_add(struct Dwfl *symbols, const char *path, int fd,
		    uint64_t bias)
{
	int copy = symbols ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	Dwfl_Module *module;

	if (copy < 0)
		return false;
	dwfl_report_begin_add(symbols);
	module = dwfl_report_elf(symbols, path, path, copy, bias, true);
	if (!module)
		close(copy);
	return !dwfl_report_end(symbols, NULL, NULL) && module;
}

/* Without the directory in which the compiler ran, which is long. */
static const char *short_source(const char *directory, const char *source)
{
	size_t len = directory ? strlen(directory) : 0;

	if (source && len && !strncmp(source, directory, len) &&
	    source[len] == '/')
		return source + len + 1;
	return source;
}

/*
 * clang writes no .debug_aranges, by which many versions of libdwfl find the unit that
 * an address is in.  So all units are asked.
 */
static void ask_units(Dwfl_Module *module, uint64_t address,
		      struct sc_symbol *symbol)
{
	Dwarf_Attribute directory;
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias = 0;
	Dwarf_Line *line;

	do
		unit = dwfl_module_nextcu(module, unit, &bias);
	while (unit && dwarf_haspc(unit, address - bias) != 1);
	line = unit ? dwarf_getsrc_die(unit, address - bias) : NULL;
	if (!line || dwarf_lineno(line, &symbol->line))
		return;
	symbol->source = short_source(
		dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &directory)),
		dwarf_linesrc(line, NULL, NULL));
}

struct sc_symbol sc_symbols_at(struct Dwfl *symbols, uint64_t address)
{
	Dwfl_Module *module = symbols ? dwfl_addrmodule(symbols, address) : NULL;
	struct sc_symbol symbol = { .name = NULL };
	Dwfl_Line *line;
	GElf_Sym sym;

	if (!module)
		return symbol;
	symbol.name = dwfl_module_addrinfo(module, address, &symbol.offset, &sym,
					   NULL, NULL, NULL);
	line = dwfl_module_getsrc(module, address);
	if (line)
		symbol.source = short_source(dwfl_line_comp_dir(line),
					     dwfl_lineinfo(line, NULL, &symbol.line,
							   NULL, NULL, NULL));
	else
		ask_units(module, address, &symbol);
	return symbol;
}

void sc_symbols_each(struct Dwfl *symbols, uint64_t address, const char *prefix,
		     int (*each)(void *context, const char *name,
				 uint64_t value),
		     void *context)
{
	Dwfl_Module *module = symbols ? dwfl_addrmodule(symbols, address) : NULL;
	int n = module ? dwfl_module_getsymtab(module) : 0, i;

	for (i = 1; i < n; i++) {
		GElf_Addr value;
		GElf_Word section;
		GElf_Sym sym;
		const char *name = dwfl_module_getsym_info(module, i, &sym,
							   &value, &section,
							   NULL, NULL);

		if (name && sym.st_shndx != SHN_UNDEF &&
		    !strncmp(name, prefix, strlen(prefix)) &&
		    each(context, name, value))
			return;
	}
}

#else

bool sc_symbols_are_there(void)
{
	return false;
}

struct Dwfl *sc_symbols_new(void)
{
	return NULL;
}

void sc_symbols_free(struct Dwfl *symbols)
{
	(void)symbols;
}

bool sc_symbols_add(struct Dwfl *symbols, const char *path, int fd,
		    uint64_t bias)
{
	(void)symbols;
	(void)path;
	(void)fd;
	(void)bias;
	return false;
}

struct sc_symbol sc_symbols_at(struct Dwfl *symbols, uint64_t address)
{
	(void)symbols;
	(void)address;
	return (struct sc_symbol){ .name = NULL };
}

void sc_symbols_each(struct Dwfl *symbols, uint64_t address, const char *prefix,
		     int (*each)(void *context, const char *name,
				 uint64_t value),
		     void *context)
{
	(void)symbols;
	(void)address;
	(void)prefix;
	(void)each;
	(void)context;
}

#endif
