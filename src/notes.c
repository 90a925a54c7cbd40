/* SPDX-License-Identifier: MIT */
/*
 * notes.c - reads loaded modules; the only file that uses dl_iterate_phdr(3).
 *
 * Tables are found by locator notes in PT_NOTE segments, so they survive strip
 * and need no linker script.  Notes of others lie between ours; whatever does
 * not fit its segment ends the walk.
 */
#include "sc_config.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "notes.h"
#include "mem.h"

#define PAGE_MASK_	(~(uintptr_t)4095)

/* The walk: first with @image NULL, to count. */
struct reading {
	uintptr_t address;
	struct sc_image count;
	struct sc_image *image;
	int err;
};

static uintptr_t place_relative(const int32_t *field)
{
	return (uintptr_t)field + (uintptr_t)(intptr_t)*field;
}

static uintptr_t through_slot(const int32_t *field)
{
	return *(const uintptr_t *)place_relative(field);
}

static bool holds(const struct dl_phdr_info *info, uintptr_t address)
{
	int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;

		if (ph->p_type == PT_LOAD &&
		    address - (info->dlpi_addr + ph->p_vaddr) < ph->p_memsz)
			return true;
	}
	return false;
}

/* Each of these adds to the image, or only counts while it is NULL. */
static void add_define(struct sc_image *out, bool fill,
		       const struct static_call_note_define *desc, size_t size)
{
	const char *name = (const char *)(desc + 1);

	if (size <= sizeof(*desc) ||
	    !memchr(name, '\0', size - sizeof(*desc)))
		return;
	if (fill)
		out->defines[out->n_defines] = (struct sc_define){
			.tramp = through_slot(&desc->tramp),
			.key = (void *)through_slot(&desc->key),
			.name = name,
		};
	out->n_defines++;
}

static void add_run(struct sc_image *out, bool fill,
		    const struct static_call_note_sites *desc, size_t size)
{
	if (size < sizeof(*desc) || !desc->count)
		return;
	if (fill)
		out->runs[out->n_runs] = (struct sc_run){
			.sites = (const void *)place_relative(&desc->start),
			.n = desc->count,
		};
	out->n_runs++;
	out->n_sites += desc->count;
}

static size_t round_up_4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* By 4 bytes whatever p_align says: linkers mix notes of both alignments. */
static void add_notes(struct sc_image *out, bool fill, const char *p,
		      size_t left)
{
	static const char owner[] = STATIC_CALL_NOTE_OWNER;

	while (left >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)p;
		const char *name = p + sizeof(*note);
		size_t name_size, desc_size;
		const void *desc;

		if (note->n_namesz > left || note->n_descsz > left)
			return;
		name_size = round_up_4(note->n_namesz);
		desc_size = round_up_4(note->n_descsz);
		if (sizeof(*note) + name_size + note->n_descsz > left)
			return;
		desc = name + name_size;
		if (note->n_namesz == sizeof(owner) &&
		    memcmp(name, owner, sizeof(owner)) == 0) {
			if (note->n_type == STATIC_CALL_NOTE_DEFINE)
				add_define(out, fill, desc, note->n_descsz);
			else if (note->n_type == STATIC_CALL_NOTE_SITES)
				add_run(out, fill, desc, note->n_descsz);
		}
		name_size += sizeof(*note) + desc_size;
		if (name_size > left)
			return;
		p += name_size;
		left -= name_size;
	}
}

static void add_segment(struct sc_image *out, bool fill, uintptr_t start,
			const ElfW(Phdr) *ph)
{
	if (fill)
		out->segments[out->n_segments] = (struct sc_segment){
			.start = start & PAGE_MASK_,
			.end = (start + ph->p_memsz + 4095) & PAGE_MASK_,
			.readable = ph->p_flags & PF_R,
		};
	out->n_segments++;
}

static bool has_text_relocations(const ElfW(Dyn) *dyn)
{
	for (; dyn->d_tag != DT_NULL; dyn++)
		if (dyn->d_tag == DT_TEXTREL ||
		    (dyn->d_tag == DT_FLAGS && (dyn->d_un.d_val & DF_TEXTREL)))
			return true;
	return false;
}

static void scan(const struct dl_phdr_info *info, struct sc_image *out,
		 bool fill)
{
	int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_X) &&
		    !(ph->p_flags & PF_W))
			add_segment(out, fill, start, ph);
		else if (ph->p_type == PT_NOTE)
			add_notes(out, fill, (const void *)start, ph->p_memsz);
		else if (ph->p_type == PT_DYNAMIC)
			out->text_relocations |=
				has_text_relocations((const void *)start);
	}
}

static struct sc_image *allocate(const struct sc_image *count)
{
	size_t segments = count->n_segments * sizeof(struct sc_segment);
	size_t defines = count->n_defines * sizeof(struct sc_define);
	size_t runs = count->n_runs * sizeof(struct sc_run);
	size_t size = sizeof(struct sc_image) + segments + defines + runs;
	struct sc_image *image = sc_alloc(size);

	if (!image)
		return NULL;
	image->size = size;
	image->segments = (void *)(image + 1);
	image->defines = (void *)((char *)image->segments + segments);
	image->runs = (void *)((char *)image->defines + defines);
	return image;
}

static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct reading *reading = arg;

	(void)size;
	if (!holds(info, reading->address))
		return 0;
	scan(info, &reading->count, false);
	if (!reading->count.n_defines && !reading->count.n_runs)
		return 1;
	reading->image = allocate(&reading->count);
	reading->err = reading->image ? 0 : -ENOMEM;
	if (reading->image) {
		scan(info, reading->image, true);
		reading->image->path = info->dlpi_name && info->dlpi_name[0] ?
					       info->dlpi_name :
					       "/proc/thread-self/exe";
	}
	return 1;
}

int sc_image_read(const void *address, struct sc_image **image)
{
	struct reading reading = {
		.address = (uintptr_t)address,
		.err = -ENOENT,
	};

	dl_iterate_phdr(visit, &reading);
	*image = reading.image;
	return reading.err;
}

void sc_image_free(struct sc_image *image)
{
	if (image)
		sc_free(image, image->size);
}
