/* SPDX-License-Identifier: MIT */
/*
 * loaded.c - the segments, notes and dynamic section of a loaded object.
 *
 * Programs that edit linked files leave headers that lead astray.  A note or a
 * dynamic section counts only where it lies in a segment that can be read.
 *
 * The path is in the loader's memory and is valid as long as the object is
 * loaded; it is used in the constructor of that object, and later for text that
 * is known to be mapped.
 */
#include "sc_config.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "loaded.h"
#include "mem.h"

_Static_assert(SC_LOAD_READ == PF_R && SC_LOAD_WRITE == PF_W &&
	       SC_LOAD_EXEC == PF_X, "segment flags");

/* ------------------------------------------------------ one segment */

static struct sc_load load_of(const struct dl_phdr_info *info,
			      const ElfW(Phdr) *ph)
{
	uintptr_t start = info->dlpi_addr + ph->p_vaddr;

	return (struct sc_load){ start, start + ph->p_memsz, ph->p_flags };
}

static bool is_load(const ElfW(Phdr) *ph)
{
	return ph->p_type == PT_LOAD && ph->p_memsz;
}

/* Written so that no sum can overflow: the numbers are the file's. */
static bool within(const struct sc_load *load, uintptr_t addr, size_t len,
		   uint32_t flags)
{
	return addr >= load->start && addr <= load->end &&
	       len <= load->end - addr && (load->flags & flags) == flags;
}

static bool any_within(const struct sc_load *loads, size_t n, uintptr_t addr,
		       size_t len, uint32_t flags)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (within(loads + i, addr, len, flags))
			return true;
	return false;
}

bool sc_loaded_has(const struct sc_loaded *loaded, uintptr_t addr, size_t len,
		   uint32_t flags)
{
	return any_within(loaded->loads, loaded->n_loads, addr, len, flags);
}

bool sc_loaded_owns(const struct sc_loaded *loaded, uintptr_t addr, size_t len,
		    uint32_t flags)
{
	return any_within(loaded->loads, loaded->n_own, addr, len, flags);
}

bool sc_loaded_info_holds(const struct dl_phdr_info *info, uintptr_t addr,
			  size_t len, uint32_t flags)
{
	int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;
		struct sc_load load = load_of(info, ph);

		if (is_load(ph) && within(&load, addr, len, flags))
			return true;
	}
	return false;
}

/* -------------------------------------------------------- the object */

/*
 * Two passes over all objects: the first counts, the second fills.  An object
 * that another thread loads between the two is left out.
 */
struct reading {
	uintptr_t address;
	bool found;
	size_t n_own, n_others, n_notes;
	struct sc_loaded *out;		/* NULL: only count */
	size_t max_others;
};

/* Whether the file's bytes of @ph are among those of @load. */
static bool file_holds(const ElfW(Phdr) *load, const ElfW(Phdr) *ph)
{
	return is_load(load) && ph->p_offset >= load->p_offset &&
	       ph->p_offset - load->p_offset < load->p_filesz;
}

/*
 * By its place in the file, where its address says another: GNU objcopy makes
 * that 0 when it removes the first section of the segment.
 */
static struct sc_load notes_of(const struct dl_phdr_info *info,
			       const ElfW(Phdr) *ph)
{
	struct sc_load load = load_of(info, ph);
	int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *in = info->dlpi_phdr + i;

		if (!file_holds(in, ph))
			continue;
		load.start = info->dlpi_addr + in->p_vaddr +
			     (ph->p_offset - in->p_offset);
		load.end = load.start + ph->p_memsz;
		break;
	}
	return load;
}

static void fill_notes(struct reading *reading, const struct dl_phdr_info *info,
		       const ElfW(Phdr) *ph)
{
	struct sc_load load = notes_of(info, ph);

	if (!sc_loaded_info_holds(info, load.start, ph->p_memsz, PF_R))
		return;
	if (reading->out)
		reading->out->notes[reading->n_notes] = load;
	reading->n_notes++;
}

static void fill_dynamic(struct sc_loaded *out, const struct dl_phdr_info *info,
			 const ElfW(Phdr) *ph)
{
	struct sc_load load = load_of(info, ph);

	if (!sc_loaded_info_holds(info, load.start, ph->p_memsz, PF_R))
		return;
	out->dynamic = load.start;
	out->n_dynamic = ph->p_memsz / sizeof(ElfW(Dyn));
}

/* The main program has no name; the kernel's link leads to its file. */
static void read_own(struct reading *reading, const struct dl_phdr_info *info)
{
	struct sc_loaded *out = reading->out;
	int i;

	reading->found = true;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;

		if (ph->p_type == PT_NOTE)
			fill_notes(reading, info, ph);
		else if (ph->p_type == PT_DYNAMIC && out)
			fill_dynamic(out, info, ph);
		else if (is_load(ph) && out)
			out->loads[reading->n_own++] = load_of(info, ph);
		else if (is_load(ph))
			reading->n_own++;
	}
	if (!out)
		return;
	out->base = info->dlpi_addr;
	out->path = info->dlpi_name && info->dlpi_name[0] ?
			    info->dlpi_name : "/proc/thread-self/exe";
}

/*
 * Segments of other objects are kept as well: a slot of this module may lead to
 * a trampoline or a key in any of them.
 */
static void read_other(struct reading *reading, const struct dl_phdr_info *info)
{
	struct sc_loaded *out = reading->out;
	int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;

		if (!is_load(ph))
			continue;
		if (out && reading->n_others == reading->max_others)
			return;
		if (out)
			out->loads[out->n_own + reading->n_others] =
				load_of(info, ph);
		reading->n_others++;
	}
}

/* Runs with the loader's lock held, so it only copies numbers. */
static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct reading *reading = arg;

	(void)size;
	if (sc_loaded_info_holds(info, reading->address, 1, 0))
		read_own(reading, info);
	else
		read_other(reading, info);
	return 0;
}

static struct sc_loaded *allocate(const struct reading *count)
{
	size_t loads = count->n_own + count->n_others;
	size_t size = sizeof(struct sc_loaded) +
		      (loads + count->n_notes) * sizeof(struct sc_load);
	struct sc_loaded *out = sc_alloc(size);

	if (!out)
		return NULL;
	out->size = size;
	out->loads = (void *)(out + 1);
	out->notes = out->loads + loads;
	out->n_own = count->n_own;
	return out;
}

void sc_loaded_each(int (*fn)(struct dl_phdr_info *info, size_t size,
			      void *arg), void *arg)
{
	dl_iterate_phdr(fn, arg);
}

int sc_loaded_read(const void *address, struct sc_loaded **out)
{
	struct reading reading = { .address = (uintptr_t)address };

	*out = NULL;
	sc_loaded_each(visit, &reading);
	if (!reading.found)
		return -ENOENT;
	*out = allocate(&reading);
	if (!*out)
		return -ENOMEM;
	reading = (struct reading){
		.address = (uintptr_t)address,
		.out = *out,
		.max_others = reading.n_others,
	};
	sc_loaded_each(visit, &reading);
	(*out)->n_loads = reading.n_own + reading.n_others;
	(*out)->n_notes = reading.n_notes;
	return 0;
}

void sc_loaded_free(struct sc_loaded *loaded)
{
	if (loaded)
		sc_free(loaded, loaded->size);
}

/* ------------------------------------------------ the dynamic section */

/* The section was seen to lie in a readable segment; its end may be missing. */
uint64_t sc_loaded_value(const struct sc_loaded *loaded, int64_t tag)
{
	const ElfW(Dyn) *dyn = (const void *)loaded->dynamic;
	size_t i;

	for (i = 0; i < loaded->n_dynamic && dyn[i].d_tag != DT_NULL; i++)
		if (dyn[i].d_tag == tag)
			return dyn[i].d_un.d_val;
	return 0;
}

/* Some loaders have added the base in place, and some have not. */
uintptr_t sc_loaded_pointer(const struct sc_loaded *loaded, int64_t tag,
			    size_t len)
{
	uintptr_t value = (uintptr_t)sc_loaded_value(loaded, tag);

	if (!value)
		return 0;
	if (sc_loaded_owns(loaded, value, len, PF_R))
		return value;
	value += loaded->base;
	return sc_loaded_owns(loaded, value, len, PF_R) ? value : 0;
}
