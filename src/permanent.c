/* SPDX-License-Identifier: MIT */
/*
 * permanent.c - which objects were loaded with the program.
 *
 * The main program and every object loaded with it are never unloaded.  In the
 * loader's order they come first, up to the last object of the closure of the
 * main program's needs: preloaded objects lie between, plugins behind.  What a
 * preloaded object needs may lie behind that, and belongs to the closure, too.
 * A need is met by the first object of its name.  Where the loader does not list
 * the main program (a namespace of dlmopen()), nothing is known.
 *
 * Objects that are marked NODELETE stay as well.
 */
#include "sc_config.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "loaded.h"
#include "mem.h"
#include "permanent.h"

/*
 * One object, as the loader lists it.  Names are kept as hashes, for those of a
 * plugin may go away while we look at the next.
 */
struct object {
	uintptr_t in;			/* an address in it */
	uint64_t path, base, soname;	/* hashes; 0: none */
	bool stays, met;		/* so do its needs */
};

struct objects {
	struct object *array;
	size_t n, max;
};

/*
 * Where the objects that stay are.  Set once, when it is known; the objects stay,
 * and so does this, but for a copy of the library that is unloaded itself.
 */
struct stays {
	size_t size, n;
	struct sc_load loads[];
};
static struct stays *_Atomic the_stays;

/* FNV-1a over the name and its end; never 0. */
static uint64_t hash(const char *name)
{
	uint64_t h = 14695981039346656037u;

	do
		h = (h ^ (unsigned char)*name) * 1099511628211u;
	while (*name++);
	return h | 1;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --------------------------------------------- the dynamic section */

/* What the dynamic section of an object says; addresses are checked. */
struct dynamic {
	const ElfW(Dyn) *dyn;
	size_t n;
	const char *strings;
	size_t size;
};

/* The end marker may be missing in a damaged file: @n ends the walk as well. */
static uint64_t value_of(const struct dynamic *d, ElfW(Sxword) tag)
{
	size_t i;

	for (i = 0; i < d->n && d->dyn[i].d_tag != DT_NULL; i++)
		if (d->dyn[i].d_tag == tag)
			return d->dyn[i].d_un.d_val;
	return 0;
}

static void find_strings(const struct dl_phdr_info *info, struct dynamic *d)
{
	uintptr_t at = (uintptr_t)value_of(d, DT_STRTAB);

	d->size = (size_t)value_of(d, DT_STRSZ);
	/* Some loaders have added the base in place, and some have not. */
	if (!sc_loaded_info_holds(info, at, d->size, PF_R))
		at += info->dlpi_addr;
	if (sc_loaded_info_holds(info, at, d->size, PF_R))
		d->strings = (const char *)at;
	else
		d->size = 0;
}

static struct dynamic dynamic_of(const struct dl_phdr_info *info)
{
	struct dynamic d = { .n = 0 };
	int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;
		uintptr_t at = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_DYNAMIC ||
		    !sc_loaded_info_holds(info, at, ph->p_memsz, PF_R))
			continue;
		d.dyn = (const void *)at;
		d.n = ph->p_memsz / sizeof(*d.dyn);
	}
	if (d.n)
		find_strings(info, &d);
	return d;
}

/* Only a string that ends within the table. */
static const char *string_at(const struct dynamic *d, uint64_t offset)
{
	if (offset >= d->size ||
	    !memchr(d->strings + offset, '\0', d->size - offset))
		return NULL;
	return d->strings + offset;
}

/* ----------------------------------------------------- all objects */

static uintptr_t address_in(const struct dl_phdr_info *info)
{
	int i;

	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			return info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
	return 0;
}

static int count_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)info;
	(void)size;
	++*(size_t *)arg;
	return 0;
}

/*
 * An object that another thread loads between the two walks is left out: it is
 * a plugin, and comes last.
 */
static int note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct objects *all = arg;
	struct dynamic d = dynamic_of(info);
	const char *name = info->dlpi_name ? info->dlpi_name : "";
	const char *soname = string_at(&d, value_of(&d, DT_SONAME));

	(void)size;
	if (all->n == all->max)
		return 1;
	all->array[all->n++] = (struct object){
		.in = address_in(info),
		.path = hash(name),
		.base = hash(base_of(name)),
		.soname = soname && *soname ? hash(soname) : 0,
	};
	return 0;
}

struct question {
	uintptr_t address;
	bool is;
};

/* The program comes first, and is where the kernel has found its headers. */
static int ask_first(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct question *q = arg;

	(void)size;
	q->is = sc_loaded_info_holds(info, getauxval(AT_PHDR), 1, PF_R) &&
		sc_loaded_info_holds(info, q->address, 1, 0);
	return 1;
}

static bool is_in_program(uintptr_t address)
{
	struct question q = { .address = address };

	sc_loaded_each(ask_first, &q);
	return q.is;
}

static int find_objects(struct objects *all)
{
	sc_loaded_each(count_object, &all->max);
	all->array = sc_alloc(all->max * sizeof(*all->array) + 1);
	if (!all->array)
		return -ENOMEM;
	sc_loaded_each(note_object, all);
	if (all->n)
		all->array[0].stays = is_in_program(getauxval(AT_PHDR));
	return 0;
}

/* ------------------------------------------------------ the closure */

struct needs {
	struct objects *all;
	size_t of;			/* the object that needs */
	bool changed;
};

/* The first object of the name, as the loader itself searches. */
static void meet(struct objects *all, const char *need, bool *changed)
{
	uint64_t h = hash(need);
	size_t i;

	for (i = 0; i < all->n; i++) {
		struct object *o = all->array + i;

		if (o->path != h && o->base != h && o->soname != h)
			continue;
		*changed |= !o->stays;
		o->stays = true;
		return;
	}
}

static int meet_needs(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct needs *needs = arg;
	struct dynamic d;
	size_t i;

	(void)size;
	if (address_in(info) != needs->all->array[needs->of].in)
		return 0;
	d = dynamic_of(info);
	for (i = 0; i < d.n && d.dyn[i].d_tag != DT_NULL; i++) {
		const char *need = d.dyn[i].d_tag == DT_NEEDED ?
				string_at(&d, d.dyn[i].d_un.d_val) : NULL;

		if (need)
			meet(needs->all, need, &needs->changed);
	}
	return 1;
}

/*
 * How many objects are the first ones that stay.  What lies between them was
 * preloaded, and stays as well.
 */
static size_t fill_between(struct objects *all, bool *changed)
{
	size_t n = all->n, i;

	while (n && !all->array[n - 1].stays)
		n--;
	for (i = 0; i < n; i++) {
		*changed |= !all->array[i].stays;
		all->array[i].stays = true;
	}
	return n;
}

/*
 * Returns how many objects are the first ones that stay; 0 where it is not
 * known.  The names are read again for each object: strings of a plugin may be
 * gone.
 */
static size_t close_over_needs(struct objects *all)
{
	struct needs needs = { .all = all };
	size_t n, i;

	do {
		needs.changed = false;
		for (i = 0; i < all->n; i++) {
			if (!all->array[i].stays || all->array[i].met)
				continue;
			needs.of = i;
			all->array[i].met = true;
			sc_loaded_each(meet_needs, &needs);
		}
		n = fill_between(all, &needs.changed);
	} while (needs.changed);
	return n;
}

/* ------------------------------------------------------ what is kept */

struct keeping {
	size_t n;			/* the first @n objects stay */
	size_t at;
	struct stays *out;
	size_t max;
};

static int keep_loads(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct keeping *k = arg;
	int i;

	(void)size;
	if (k->at++ >= k->n)
		return 1;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD)
			continue;
		if (k->out && k->out->n < k->max)
			k->out->loads[k->out->n++] = (struct sc_load){
				start, start + ph->p_memsz, ph->p_flags };
		else
			k->max++;
	}
	return 0;
}

static struct stays *find_stays(void)
{
	struct objects all = { .n = 0 };
	struct keeping k = { .n = 0 };
	size_t size;

	if (find_objects(&all))
		return NULL;
	k.n = close_over_needs(&all);
	sc_free(all.array, all.max * sizeof(*all.array) + 1);
	sc_loaded_each(keep_loads, &k);
	size = sizeof(*k.out) + k.max * sizeof(k.out->loads[0]);
	k.out = sc_alloc(size);
	if (!k.out)
		return NULL;
	k.out->size = size;
	k.at = 0;
	sc_loaded_each(keep_loads, &k);
	return k.out;
}

static const struct stays *get_stays(void)
{
	struct stays *stays = the_stays, *other = NULL;

	if (stays)
		return stays;
	stays = find_stays();
	if (!stays || atomic_compare_exchange_strong(&the_stays, &other, stays))
		return stays;
	sc_free(stays, stays->size);
	return other;
}

static bool is_nodelete(const void *address)
{
	struct sc_loaded *loaded;
	bool is;

	if (sc_loaded_read(address, &loaded))
		return false;
	is = sc_loaded_value(loaded, DT_FLAGS_1) & DF_1_NODELETE;
	sc_loaded_free(loaded);
	return is;
}

/* As a rule it is asked of the program alone, and the others need no look. */
bool sc_is_permanent(const void *address)
{
	bool is_program = is_in_program((uintptr_t)address);
	const struct stays *stays = is_program ? NULL : get_stays();
	size_t i;

	for (i = 0; stays && i < stays->n; i++)
		if ((uintptr_t)address >= stays->loads[i].start &&
		    (uintptr_t)address < stays->loads[i].end)
			return true;
	return is_program || is_nodelete(address);
}

void sc_permanent_end(void)
{
	struct stays *stays = the_stays;

	the_stays = NULL;
	if (stays)
		sc_free(stays, stays->size);
}
