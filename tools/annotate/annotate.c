/* SPDX-License-Identifier: MIT */
/*
 * annotate.c - reads an object, decides what records it lacks, writes a new
 * object and puts that in the place of the old one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotate/annotate.h"
#include "annotate/rewrite.h"

static int no_memory(const struct sc_object *object)
{
	return sc_error(object->name, "out of memory");
}

/* One chunk for each section of code that has sites without a record. */
static int make_chunks(struct sc_rewrite *rewrite, const struct sc_sites *sites)
{
	struct sc_object *object = rewrite->object;
	const struct sc_site **list;
	struct sc_chunk *chunk = NULL;
	size_t i;

	rewrite->chunk = sc_pool_alloc(&object->pool, sites->n + 1,
				       sizeof(*rewrite->chunk));
	list = sc_pool_alloc(&object->pool, sites->n + 1, sizeof(*list));
	rewrite->chunk_of_rela = sc_pool_alloc(&object->pool,
					       object->n_sections,
					       sizeof(uint32_t));
	if (!rewrite->chunk || !list || !rewrite->chunk_of_rela)
		return no_memory(object);
	for (i = 0; i < sites->n; i++) {
		const struct sc_site *site = &sites->site[i];

		if (site->recorded)
			continue;
		if (!chunk || chunk->text != site->section) {
			chunk = &rewrite->chunk[rewrite->n_chunks++];
			chunk->text = site->section;
			chunk->rela = site->rela;
			chunk->group = object->group[site->section];
			chunk->site = list;
			rewrite->chunk_of_rela[site->rela] =
				(uint32_t)rewrite->n_chunks;
		}
		*list++ = site;
		chunk->n++;
	}
	return 0;
}

/* By the symbol that other objects see, if there are more. */
static void find_state(struct sc_rewrite *rewrite)
{
	const struct sc_object *object = rewrite->object;
	size_t i;

	for (i = object->n_syms; i-- > 1; )
		if (!strcmp(sc_object_symbol_name(object, i),
			    STATIC_CALL_STATE_STR))
			break;
	rewrite->new_state = !i;
	rewrite->state_sym = sc_rewrite_symbol(rewrite, i ? i : object->n_syms);
}

static void number_symbols(struct sc_rewrite *rewrite)
{
	struct sc_object *object = rewrite->object;
	size_t next, last, i;

	rewrite->first_global = object->shdr[object->symtab]->sh_info;
	next = rewrite->first_global;
	for (i = 0; i < rewrite->n_chunks; i++) {
		struct sc_chunk *chunk = &rewrite->chunk[i];

		chunk->text_sym = object->section_sym[chunk->text];
		if (!chunk->text_sym)
			chunk->text_sym = (uint32_t)next++;
		chunk->sites_sym = (uint32_t)next++;
		chunk->note_sym = (uint32_t)next++;
	}
	rewrite->n_new_syms = next - rewrite->first_global;
	find_state(rewrite);
	last = sc_rewrite_state_section(rewrite) + rewrite->new_state;
	rewrite->new_shndx = !object->symtab_shndx && last > SHN_LORESERVE;
}

static int rewrite_object(struct sc_object *object,
			  const struct sc_sites *sites, int fd)
{
	struct sc_rewrite rewrite = { .object = object };
	const Elf64_Shdr *names = object->shdr[object->names];

	if (!object->names || names->sh_type != SHT_STRTAB ||
	    (names->sh_flags & SHF_COMPRESSED))
		return sc_error(object->name, "sections have no names");
	rewrite.names_at = names->sh_size;
	rewrite.strings = object->shdr[object->symtab]->sh_link;
	rewrite.state_name = object->strings_size;
	if (rewrite.strings == object->names)
		rewrite.state_name += SC_NAMES_SIZE;
	if (make_chunks(&rewrite, sites))
		return -1;
	number_symbols(&rewrite);
	if (sc_rewrite_begin(&rewrite) || sc_rewrite_copy_sections(&rewrite) ||
	    sc_rewrite_add_chunks(&rewrite))
		return -1;
	return sc_rewrite_write(&rewrite, fd);
}

/* Where the new object goes; without @open, nowhere. */
struct target {
	int (*open)(void *context);
	void *context;
};

static enum sc_annotate_result annotate(struct sc_object *object,
					const struct target *target)
{
	struct sc_sites sites;
	size_t i;
	int out;

	if (!sc_object_names_static_call(object))
		return SC_ANNOTATE_NOTHING;
	if (sc_sites_find(object, &sites))
		return SC_ANNOTATE_ERROR;
	for (i = 0; i < sites.n && sites.site[i].recorded; i++)
		;
	if (i == sites.n)
		return SC_ANNOTATE_NOTHING;
	if (!target->open)
		return SC_ANNOTATE_DONE;
	out = target->open(target->context);
	if (out < 0 || rewrite_object(object, &sites, out))
		return SC_ANNOTATE_ERROR;
	return SC_ANNOTATE_DONE;
}

static enum sc_annotate_result annotate_elf(Elf *elf,
					    const struct target *target,
					    const char *name, const char **why)
{
	enum sc_annotate_result result = SC_ANNOTATE_ERROR;
	struct sc_object object;

	if (!elf) {
		sc_error(name, "cannot read: %s", elf_errmsg(-1));
		return SC_ANNOTATE_ERROR;
	}
	switch (sc_object_open(&object, elf, name, why)) {
	case SC_OBJECT_OURS:
		result = annotate(&object, target);
		break;
	case SC_OBJECT_OTHER:
		result = SC_ANNOTATE_OTHER;
		break;
	case SC_OBJECT_ERROR:
		break;
	}
	sc_object_close(&object);
	elf_end(elf);
	return result;
}

static int is_open(void *context)
{
	return *(int *)context;
}

static enum sc_annotate_result annotate_file(int in,
					     const struct target *target,
					     const char *name, const char **why)
{
	elf_version(EV_CURRENT);
	return annotate_elf(elf_begin(in, ELF_C_READ_MMAP, NULL), target, name,
			    why);
}

enum sc_annotate_result sc_annotate_fd(int in, int out, const char *name,
				       const char **why)
{
	struct target target = { out < 0 ? NULL : is_open, &out };

	return annotate_file(in, &target, name, why);
}

enum sc_annotate_result sc_annotate_memory(const uint8_t *data, size_t size,
					   int (*open)(void *context),
					   void *context, const char *name,
					   const char **why)
{
	struct target target = { open, context };

	elf_version(EV_CURRENT);
	return annotate_elf(elf_memory((char *)(uintptr_t)data, size), &target,
			    name, why);
}

static int keep_attributes(int fd, const struct stat *st, const char *name)
{
	/* Who is not the owner may still not have changed it: that is fine. */
	if (fchown(fd, st->st_uid, st->st_gid) &&
	    fchown(fd, (uid_t)-1, st->st_gid))
		errno = 0;
	if (fchmod(fd, st->st_mode & 07777))
		return sc_error_errno(name, "cannot set the mode");
	return 0;
}

/* A new file beside the old one, to be renamed to it. */
struct beside {
	const char *name;		/* what the user calls the old one */
	const char *path;		/* of the old one, not a link */
	char *temp;
	int fd;
};

static int open_beside(void *context)
{
	struct beside *beside = context;
	size_t len = strlen(beside->path);
	char *temp;

	if (access(beside->path, W_OK))
		return sc_error_errno(beside->name, "cannot write");
	temp = malloc(len + sizeof(".XXXXXX"));
	if (!temp)
		return sc_error(beside->name, "out of memory");
	memcpy(temp, beside->path, len);
	memcpy(temp + len, ".XXXXXX", sizeof(".XXXXXX"));
	beside->fd = sc_cleanup_mkstemp(temp);
	if (beside->fd < 0) {
		free(temp);
		return sc_error_errno(beside->name,
				      "cannot make a file beside it");
	}
	beside->temp = temp;
	return beside->fd;
}

/* Puts the new file in the place of the old one; 0, or -1 with a message. */
static int replace(struct beside *beside, const struct stat *st)
{
	int err = keep_attributes(beside->fd, st, beside->name);

	/* A full disk may show itself only here. */
	if (close(beside->fd) && !err)
		err = sc_error_errno(beside->name,
				       "cannot write the new file");
	beside->fd = -1;
	if (!err && rename(beside->temp, beside->path))
		err = sc_error_errno(beside->name, "cannot replace it");
	return err;
}

/* @fd and @st are the file that @path leads to. */
static enum sc_annotate_result annotate_in_place(int fd, const struct stat *st,
						 const char *path,
						 const char *name,
						 const char **why)
{
	struct beside beside = { .name = name, .path = path, .fd = -1 };
	struct target target = { open_beside, &beside };
	enum sc_annotate_result result;

	result = annotate_file(fd, &target, name, why);
	if (result == SC_ANNOTATE_DONE && replace(&beside, st))
		result = SC_ANNOTATE_ERROR;
	if (beside.fd >= 0)
		close(beside.fd);
	if (beside.temp) {
		if (result != SC_ANNOTATE_DONE)
			unlink(beside.temp);
		sc_cleanup_forget(beside.temp);
		free(beside.temp);
	}
	return result;
}

enum sc_annotate_result sc_annotate_path(const char *path, const char **why)
{
	enum sc_annotate_result result = SC_ANNOTATE_ERROR;
	struct stat st;
	/* A link stays a link: the file that it leads to is replaced. */
	char *real = realpath(path, NULL);
	int fd = real ? open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd < 0 || fstat(fd, &st)) {
		sc_error_errno(path, "cannot open");
	} else if (!S_ISREG(st.st_mode)) {
		*why = "is not a regular file";
		result = SC_ANNOTATE_OTHER;
	} else {
		result = annotate_in_place(fd, &st, real, path, why);
	}
	if (fd >= 0)
		close(fd);
	free(real);
	return result;
}
