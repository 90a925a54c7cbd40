/* SPDX-License-Identifier: MIT */
/*
 * list.c - prints the call sites of an object, or the records of a linked
 * file: one line each, "FILE: PLACE FORM NAME", objects with the section.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <static_call/format.h>

#include "inspect/commands.h"
#include "elf/binary.h"
#include "elf/branches.h"
#include "elf/sites.h"
#include "insn.h"

/* The form of the call, after linking; "?" for no form of a call. */
static const char *form(const uint8_t *at)
{
	struct sc_insn insn;

	if (!at || sc_insn_decode(at, SC_INSN_MAX, &insn))
		return "?";
	return sc_insn_name(insn.form);
}

static int list_object(struct sc_object *object)
{
	struct sc_sites sites;
	size_t i;

	if (sc_sites_find(object, &sites))
		return 1;
	for (i = 0; i < sites.n; i++) {
		const struct sc_site *site = &sites.site[i];
		Elf_Data *text = elf_rawdata(object->scn[site->section], NULL);

		printf("%s: %s+0x%llx %s %s%s\n", object->name,
		       sc_object_section_name(object, site->section),
		       (unsigned long long)site->offset,
		       form((const uint8_t *)text->d_buf + site->offset),
		       sc_object_symbol_name(object, site->symbol) +
		       STATIC_CALL_TRAMP_PREFIX_LEN,
		       site->recorded ? "" : " (no record)");
	}
	return 0;
}

static int list_binary(const char *file, Elf *elf)
{
	struct sc_binary binary;
	struct sc_branches branches;
	int err = sc_binary_open(&binary, elf, file);
	size_t i;

	for (i = 0; !err && i < binary.n_sites; i++) {
		const struct sc_binary_site *site = &binary.site[i];
		const char *name = sc_binary_site_name(&binary, site);

		printf("%s: 0x%llx %s %s\n", file,
		       (unsigned long long)site->address,
		       form(sc_binary_at(&binary, site->address, 2)),
		       name ? name : "?");
	}
	if (!err && !binary.n_sites)
		err = sc_branches_find(&binary, &branches);
	if (!err && !binary.n_sites &&
	    sc_branches_without_hook(&binary, &branches))
		sc_error(file, SC_WITHOUT_HOOK ": %zu calls have no record",
			 branches.n);
	sc_binary_close(&binary);
	return err ? 1 : 0;
}

static int list_elf(const char *file, Elf *elf)
{
	struct sc_object object;
	const char *why;
	int status = 1;

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
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), status = 1;
	Elf *elf = NULL;

	if (fd < 0) {
		sc_error_errno(file, "cannot open");
		return 1;
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
