/* SPDX-License-Identifier: MIT */
/* lto.c - keeps, annotates and links the objects that a linker makes itself. */
#include <fcntl.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotate/annotate.h"
#include "hook/lto.h"
#include "hook/words.h"

enum { FORM_NONE, FORM_PLUGIN, FORM_LLD };

/* How this linker is told to keep its objects. */
static int form(const struct sc_link *link)
{
	char *path = realpath(link->in.arg[0], NULL), *slash;
	int result = FORM_NONE;
	size_t i;

	slash = path ? strrchr(path, '/') : NULL;
	if (slash && strstr(slash, "lld"))
		result = FORM_LLD;
	free(path);
	for (i = 1; i < link->in.n; i++)
		if (strstr(link->in.arg[i], "LLVMgold"))
			result = result == FORM_LLD ? result : FORM_PLUGIN;
	return result;
}

bool sc_lto_wanted(const struct sc_link *link)
{
	/* Who asks for these wants something else than a program. */
	static const char *const others[] = {
		"obj-path", "emit-llvm", "emit-asm", "index-only",
		"fat-lto-objects",
	};
	size_t i, j;

	if (!link->bitcode_calls || link->relocatable)
		return false;
	for (i = 1; i < link->in.n; i++)
		for (j = 0; j < sizeof(others) / sizeof(others[0]); j++)
			if (link->in.arg[i][0] == '-' &&
			    strstr(link->in.arg[i], others[j]))
				return false;
	return form(link) != FORM_NONE;
}

int sc_lto_begin(struct sc_lto *lto, struct sc_link *link)
{
	/* The linker adds numbers to the name. */
	char *base = sc_workspace_scratch(&link->workspace, "lto.o");
	char *option;
	size_t i;

	if (!base)
		return -1;
	/* One object for each module at most, and a few for what is merged. */
	*lto = (struct sc_lto){ .pool = link->pool, .made.pool = link->pool };
	lto->n = link->n_bitcode + 66;
	lto->object = sc_pool_alloc(link->pool, lto->n, sizeof(char *));
	option = sc_pool_string(link->pool, "%s%s",
				form(link) == FORM_LLD ?
				"--lto-obj-path=" : "-plugin-opt=obj-path=",
				base);
	if (!lto->object || !option)
		return sc_error(base, "out of memory");
	lto->object[0] = base;
	for (i = 1; i < lto->n; i++) {
		lto->object[i] = sc_pool_string(link->pool, "%s%zu", base,
						i - 1);
		if (!lto->object[i])
			return sc_error(base, "out of memory");
		if (sc_cleanup_add(lto->object[i], false))
			return -1;
	}
	/* Of what comes from a cache the linker keeps no object. */
	sc_words_drop(&link->out, "thinlto-cache-dir");
	sc_words_drop(&link->out, "plugin-opt=cache-dir");
	return sc_args_add(&link->out, option);
}

/* Whether a group is one of the header's, which assembly has made. */
static bool is_ours(Elf *elf, const Elf64_Shdr *group)
{
	static const char ours[] = "__static_call_";
	Elf_Scn *scn = elf_getscn(elf, group->sh_link);
	const Elf64_Shdr *table = scn ? elf64_getshdr(scn) : NULL;
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	const Elf64_Sym *sym = data ? data->d_buf : NULL;
	const char *name;

	if (!table || !sym || group->sh_info >= data->d_size / sizeof(*sym))
		return false;
	name = elf_strptr(elf, table->sh_link, sym[group->sh_info].st_name);
	return name && !strncmp(name, ours, sizeof(ours) - 1);
}

/*
 * Makes ordinary groups of the object's COMDAT groups that the header's assembly
 * has made.  The optimiser has chosen which definition stays, and the linker must
 * not choose once more: the symbols may have gone to another object, and the
 * section is here.
 */
static int ungroup(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), err = -1;
	const Elf32_Word none = 0;
	Elf_Scn *scn = NULL;
	Elf *elf = NULL;

	elf_version(EV_CURRENT);
	if (fd >= 0)
		elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		err = 0;
	while (elf && (scn = elf_nextscn(elf, scn))) {
		const Elf64_Shdr *shdr = elf64_getshdr(scn);

		if (shdr && shdr->sh_type == SHT_GROUP &&
		    shdr->sh_size >= sizeof(none) && is_ours(elf, shdr) &&
		    pwrite(fd, &none, sizeof(none),
			   (off_t)shdr->sh_offset) != sizeof(none))
			err = -1;
	}
	if (err)
		sc_error_errno(path, "cannot change its groups");
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return err;
}

int sc_lto_continue(struct sc_lto *lto, struct sc_link *link)
{
	bool annotated = false;
	const char *why;
	struct stat st;
	size_t i;

	for (i = 0; i < lto->n; i++) {
		if (stat(lto->object[i], &st) || !st.st_size)
			continue;
		switch (sc_annotate_path(lto->object[i], &why)) {
		case SC_ANNOTATE_ERROR:
			return -1;
		case SC_ANNOTATE_DONE:
			annotated = true;
			break;
		default:
			break;
		}
		if (ungroup(lto->object[i]) ||
		    sc_args_add(&lto->made, lto->object[i]))
			return -1;
	}
	if (!annotated)
		return 0;
	link->instead = &lto->made;
	link->workspace.stage++;
	return sc_link_annotate(link) ? -1 : 1;
}
