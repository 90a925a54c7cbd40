/* SPDX-License-Identifier: MIT */
/*
 * list.c - prints the call sites of an object, or the records of a linked
 * file: one line each, "FILE: PLACE FORM NAME", objects with the section; or as
 * JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <static_call/format.h>

#include "common/json.h"
#include "elf/binary.h"
#include "elf/branches.h"
#include "elf/sites.h"
#include "insn.h"
#include "inspect/commands.h"
#include "inspect/document.h"

/* The form of the call, after linking; "?" for no form of a call. */
static const char *form(const uint8_t *at)
{
	struct sc_insn insn;

	if (!at || sc_insn_decode(at, SC_INSN_MAX, &insn))
		return "?";
	return sc_insn_name(insn.form);
}

/* @section is NULL in a linked file, where the place is an address. */
static void put_site(const char *file, const char *section, uint64_t place,
		     const char *form, const char *name, bool recorded)
{
	if (!sc_report_json) {
		printf("%s: %s%s0x%llx %s %s%s\n", file, section ? section : "",
		       section ? "+" : "", (unsigned long long)place, form,
		       name ? name : "?", recorded ? "" : " (no record)");
		return;
	}
	sc_json_object(NULL);
	sc_json_string("section", section);
	sc_json_address(section ? "offset" : "address", place);
	sc_json_string("form", form);
	sc_json_string("name", name);
	sc_json_bool("recorded", recorded);
	sc_json_close();
}

static void begin_file(const char *file, const char *kind)
{
	if (!sc_report_json)
		return;
	sc_json_object(NULL);
	sc_json_string("file", file);
	sc_json_string("kind", kind);
	sc_json_array("sites");
}

static void end_file(bool without_hook, size_t n_unrecorded)
{
	if (!sc_report_json)
		return;
	sc_json_close();
	sc_json_bool("without_hook", without_hook);
	sc_json_number("unrecorded", n_unrecorded);
	sc_json_close();
}

static int list_object(struct sc_object *object)
{
	struct sc_sites sites;
	size_t i, unrecorded = 0;

	if (sc_sites_find(object, &sites))
		return SC_EXIT_TROUBLE;
	begin_file(object->name, "object");
	for (i = 0; i < sites.n; i++) {
		const struct sc_site *site = &sites.site[i];
		Elf_Data *text = elf_rawdata(object->scn[site->section], NULL);

		put_site(object->name,
			 sc_object_section_name(object, site->section),
			 site->offset,
			 form((const uint8_t *)text->d_buf + site->offset),
			 sc_object_symbol_name(object, site->symbol) +
			 STATIC_CALL_TRAMP_PREFIX_LEN, site->recorded);
		unrecorded += !site->recorded;
	}
	end_file(false, unrecorded);
	return SC_EXIT_OK;
}

static void list_records(const char *file, const struct sc_binary *binary)
{
	size_t i;

	for (i = 0; i < binary->n_sites; i++) {
		const struct sc_binary_site *site = &binary->site[i];

		put_site(file, NULL, site->address,
			 form(sc_binary_at(binary, site->address, 2)),
			 sc_binary_site_name(binary, site), true);
	}
}

static int list_binary(const char *file, Elf *elf)
{
	struct sc_binary binary;
	struct sc_branches branches = { .n = 0 };
	int err = sc_binary_open(&binary, elf, file);
	bool without_hook = false;

	if (!err && !binary.n_sites)
		err = sc_branches_find(&binary, &branches);
	if (!err) {
		without_hook = sc_branches_without_hook(&binary, &branches);
		begin_file(file, "linked");
		list_records(file, &binary);
		end_file(without_hook, without_hook ? branches.n : 0);
	}
	if (without_hook)
		sc_error(file, SC_WITHOUT_HOOK ": %zu calls have no record",
			 branches.n);
	sc_binary_close(&binary);
	return err ? SC_EXIT_TROUBLE : SC_EXIT_OK;
}

static int list_elf(const char *file, Elf *elf)
{
	struct sc_object object;
	const char *why;
	int status = SC_EXIT_TROUBLE;

	switch (sc_object_open(&object, elf, file, &why)) {
	case SC_OBJECT_OURS:
		status = list_object(&object);
		break;
	case SC_OBJECT_OTHER:
		if (object.ehdr && object.ehdr->e_machine == EM_X86_64 &&
		    object.ehdr->e_type != ET_REL)
			status = list_binary(file, elf);
		else
			sc_error(file, "%s", why);
		break;
	case SC_OBJECT_ERROR:
		break;
	}
	sc_object_close(&object);
	return status;
}

int sc_list_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int status = SC_EXIT_TROUBLE;
	Elf *elf = NULL;

	if (fd < 0) {
		sc_error_errno(file, "cannot open");
		return SC_EXIT_TROUBLE;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf)
		status = list_elf(file, elf);
	else
		sc_error(file, "cannot read: %s", elf_errmsg(-1));
	elf_end(elf);
	close(fd);
	return status;
}
