/* SPDX-License-Identifier: MIT */
/*
 * notes.c - reads the notes of a loaded module.
 *
 * Tables are found by locator notes in PT_NOTE segments, so they survive strip
 * and need no linker script.  Notes of others lie between ours; whatever does
 * not fit its segment ends the walk.  Nothing is believed that a tool which
 * edits linked files may have moved or cut: each offset is checked before it is
 * followed.  A note that was moved still finds what it describes, by its anchor; a
 * note that leads astray is counted and left out, and the calls behind it go
 * through their keys.  (module_places.c logs how many, once the log is open.)
 *
 * All is read twice, once to count and once to fill one allocation.  Nobody
 * writes notes, so both walks see the same.
 */
#include "sc_config.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "machine.h"
#include "mem.h"
#include "notes.h"
#include "places.h"

static uintptr_t place_relative(const int32_t *field)
{
	return (uintptr_t)field + (uintptr_t)(intptr_t)*field;
}

/* Slots are this module's: its linker made no others for it. */
uintptr_t sc_image_slot_value(const struct sc_image *image, uintptr_t slot)
{
	uintptr_t value;

	if (!sc_loaded_owns(image->loaded, slot, sizeof(value), SC_LOAD_READ))
		return 0;
	memcpy(&value, (const void *)slot, sizeof(value));
	return value;
}

/* -------------------------------------------------------- one note */

/*
 * How far a note was moved, by its anchor: 0 in a file that nobody has edited.
 *
 * A module can have more than one state byte, where a tool has made the symbol
 * local in some of its objects.  Notes of those lead to a byte that the library
 * does not know, and were not moved.  So what this says is only tried first.
 */
static uintptr_t how_far_moved(const struct sc_image *image,
			       const int32_t *anchor)
{
	return image->state - place_relative(anchor);
}

/* Each of these adds to the image, or only counts while it has no arrays. */

/*
 * A definition must agree with its trampoline about the key: a note that was
 * moved away from what it describes then names nothing.
 */
static bool define_at(const struct sc_image *image,
		      const struct static_call_note_define *desc,
		      uintptr_t moved, struct sc_define *define)
{
	uintptr_t tramp = place_relative(&desc->tramp) + moved;
	uintptr_t key = place_relative(&desc->key) + moved;

	if (!(desc->flags & STATIC_CALL_NOTE_DIRECT)) {
		tramp = sc_image_slot_value(image, tramp);
		key = sc_image_slot_value(image, key);
	}
	define->tramp = tramp;
	define->key = (void *)key;
	return key && sc_tramp_key(image, tramp) == define->key;
}

static bool add_define(struct sc_image *out,
		       const struct static_call_note_define *desc, size_t size)
{
	struct sc_define define = { .name = (const char *)(desc + 1) };
	uintptr_t moved;

	if (size <= sizeof(*desc) ||
	    !memchr(define.name, '\0', size - sizeof(*desc)))
		return false;
	if (desc->flags & ~STATIC_CALL_NOTE_FLAGS)
		return true;
	moved = how_far_moved(out, &desc->anchor);
	if (!define_at(out, desc, moved, &define) &&
	    (!moved || !define_at(out, desc, 0, &define)))
		return false;
	if (out->defines)
		out->defines[out->n_defines] = define;
	out->n_defines++;
	return true;
}

/*
 * Whether record @i of @run leads from code of the module to a trampoline.  Zeros, as a
 * tool leaves them where it has removed records, lead to themselves.
 */
static bool is_record(const struct sc_image *image, const struct sc_run *run,
		      size_t i)
{
	const struct static_call_site *site = run->sites + i;
	uintptr_t to = place_relative(&site->tramp) &
		       ~(uintptr_t)STATIC_CALL_SITE_FLAGS;

	if (!site->addr ||
	    !sc_loaded_owns(image->loaded, place_relative(&site->addr), 1,
			    SC_LOAD_EXEC))
		return false;
	/* A slot may hold another module's function; a trampoline is here. */
	return run->direct ? sc_tramp_key(image, to) != NULL :
			     sc_loaded_owns(image->loaded, to,
					    sizeof(uintptr_t), SC_LOAD_READ);
}

static bool run_at(const struct sc_image *image,
		   const struct static_call_note_sites *desc, uintptr_t moved,
		   struct sc_run *run)
{
	uintptr_t start = place_relative(&desc->start) + moved;

	run->sites = (const void *)start;
	return sc_loaded_owns(image->loaded, start,
			      run->n * sizeof(*run->sites), SC_LOAD_READ);
}

/* Where there is doubt, the ends of the run are looked at. */
static bool run_fits(const struct sc_image *image,
		     const struct static_call_note_sites *desc,
		     uintptr_t moved, struct sc_run *run)
{
	return run_at(image, desc, moved, run) &&
	       (uintptr_t)run->sites % sizeof(int32_t) == 0 &&
	       is_record(image, run, 0) &&
	       is_record(image, run, run->n - 1);
}

/* Of one that was not moved, one end may lead to code that was dropped. */
static bool run_stays(const struct sc_image *image,
		      const struct static_call_note_sites *desc,
		      struct sc_run *run)
{
	return run_at(image, desc, 0, run) &&
	       (is_record(image, run, 0) || is_record(image, run, run->n - 1));
}

/* A run of no records is what a collected section leaves, and no fault. */
static bool add_run(struct sc_image *out,
		    const struct static_call_note_sites *desc, size_t size)
{
	struct sc_run run;
	uintptr_t moved;

	if (size < sizeof(*desc))
		return false;
	if (!desc->count || (desc->flags & ~STATIC_CALL_NOTE_FLAGS))
		return true;
	run.n = desc->count;
	run.direct = desc->flags & STATIC_CALL_NOTE_DIRECT;
	moved = how_far_moved(out, &desc->anchor);
	if (moved ? !run_fits(out, desc, moved, &run) &&
			    !run_fits(out, desc, 0, &run) :
		    !run_stays(out, desc, &run))
		return false;
	if (out->runs)
		out->runs[out->n_runs] = run;
	out->n_runs++;
	out->n_sites += run.n;
	return true;
}

/* The word that the hook's symbol fills: in data, which the linker aligned. */
static bool hook_word(const struct sc_image *image, uintptr_t at,
		      uint64_t *word)
{
	if (at % sizeof(*word) ||
	    !sc_loaded_owns(image->loaded, at, sizeof(*word), SC_LOAD_READ))
		return false;
	memcpy(word, (const void *)at, sizeof(*word));
	return true;
}

/*
 * Where the symbol is missing, gold leaves it to the loader, which finds the start
 * of the library.  lld may keep several of these notes; one says it for all.
 */
static bool add_module(struct sc_image *out,
		       const struct static_call_note_module *desc, size_t size)
{
	uintptr_t at;
	uint64_t word;

	if (size < sizeof(*desc))
		return false;
	if (!desc->hook || (desc->flags & ~STATIC_CALL_NOTE_MODULE_FLAGS))
		return true;
	at = place_relative(&desc->hook);
	if (!hook_word(out, at + how_far_moved(out, &desc->anchor), &word) &&
	    !hook_word(out, at, &word))
		return false;
	out->needs_hook = true;
	out->has_hook |= word && word != out->loaded->base;
	return true;
}

/* --------------------------------------------------------- all notes */

static size_t round_up_4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* The kind of a note is the same in each version. */
static bool is_kind(const ElfW(Nhdr) *note, uint32_t type)
{
	return (note->n_type & 0xffff) == (type & 0xffff);
}

/* A kind or a version that is not known here is skipped. */
static void add_note(struct sc_image *out, const ElfW(Nhdr) *note,
		     const void *desc)
{
	bool fits = true;

	out->has_note |= is_kind(note, STATIC_CALL_NOTE_MODULE);
	if (note->n_type == STATIC_CALL_NOTE_DEFINE)
		fits = add_define(out, desc, note->n_descsz);
	else if (note->n_type == STATIC_CALL_NOTE_SITES)
		fits = add_run(out, desc, note->n_descsz);
	else if (note->n_type == STATIC_CALL_NOTE_MODULE)
		fits = add_module(out, desc, note->n_descsz);
	out->n_refused += !fits;
}

/* The sizes in a note have 32 bits. */
_Static_assert(sizeof(size_t) == 8, "no sum of sizes overflows");

/*
 * By 4 bytes whatever p_align says: linkers mix notes of both alignments.  Where
 * a tool has removed a note there are zeros, as many as it was long: nothing that
 * begins without a name is a note.
 */
static void add_notes(struct sc_image *out, const char *p, size_t left)
{
	static const char owner[] = STATIC_CALL_NOTE_OWNER;

	while (left >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)p;
		const char *name = p + sizeof(*note);
		size_t name_size, desc_size;

		if (!note->n_namesz) {
			p += sizeof(note->n_namesz);
			left -= sizeof(note->n_namesz);
			continue;
		}
		name_size = round_up_4(note->n_namesz);
		desc_size = round_up_4(note->n_descsz);
		if (sizeof(*note) + name_size + note->n_descsz > left)
			return;
		if (note->n_namesz == sizeof(owner) &&
		    memcmp(name, owner, sizeof(owner)) == 0)
			add_note(out, note, name + name_size);
		name_size += sizeof(*note) + desc_size;
		if (name_size > left)
			return;
		p += name_size;
		left -= name_size;
	}
}

/*
 * Whole pages, as the loader maps them.  Only code that is not writable: text
 * that the program writes itself shows something other than its file.
 */
static void add_segment(struct sc_image *out, const struct sc_load *load)
{
	if (out->segments)
		out->segments[out->n_segments] = (struct sc_segment){
			.start = load->start & ~(SC_PAGE - 1),
			.end = (load->end + SC_PAGE - 1) & ~(SC_PAGE - 1),
			.readable = load->flags & SC_LOAD_READ,
		};
	out->n_segments++;
}

static void scan(struct sc_image *out)
{
	const struct sc_loaded *loaded = out->loaded;
	size_t i;

	for (i = 0; i < loaded->n_own; i++)
		if ((loaded->loads[i].flags & (SC_LOAD_EXEC | SC_LOAD_WRITE)) ==
		    SC_LOAD_EXEC)
			add_segment(out, loaded->loads + i);
	for (i = 0; i < loaded->n_notes; i++)
		add_notes(out, (const char *)loaded->notes[i].start,
			  loaded->notes[i].end - loaded->notes[i].start);
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
	image->loaded = count->loaded;
	image->state = count->state;
	image->segments = (void *)(image + 1);
	image->defines = (void *)((char *)image->segments + segments);
	image->runs = (void *)((char *)image->defines + defines);
	return image;
}

/*
 * A module that is read has the header, and so a note; one that has none was
 * edited, and is kept to say so.
 *
 * A module without records is linked without the hook if its word says so, and
 * if there is a call that should have one: a module may define calls for others
 * alone.
 *
 * Text with relocations in it is not what its file holds, so what a page shows
 * when it is moved away would be wrong: none of it is patched.
 */
static int read_notes(struct sc_loaded *loaded, uintptr_t state,
		      struct sc_image **out)
{
	struct sc_image count = { .loaded = loaded, .state = state };
	struct sc_image *image;

	scan(&count);
	count.without_hook = count.needs_hook && !count.has_hook &&
			     !count.n_runs && sc_image_makes_calls(&count);
	if (!count.n_defines && !count.n_runs && !count.n_refused &&
	    !count.without_hook && count.has_note)
		return -ENOENT;
	image = allocate(&count);
	if (!image)
		return -ENOMEM;
	image->without_hook = count.without_hook;
	image->text_relocations =
		sc_loaded_value(loaded, DT_TEXTREL) ||
		(sc_loaded_value(loaded, DT_FLAGS) & DF_TEXTREL);
	scan(image);
	image->code_moved = image->has_hook && sc_image_code_moved(image);
	*out = image;
	return 0;
}

/*
 * All that the dynamic loader is asked for is copied here, before the lock is
 * taken; after this nobody calls it.
 */
int sc_image_read(const void *state, struct sc_image **image)
{
	struct sc_loaded *loaded;
	int err = sc_loaded_read(state, &loaded);

	*image = NULL;
	if (err)
		return err;
	err = read_notes(loaded, (uintptr_t)state, image);
	if (err)
		sc_loaded_free(loaded);
	return err;
}

void sc_image_free(struct sc_image *image)
{
	if (!image)
		return;
	sc_loaded_free(image->loaded);
	sc_free(image, image->size);
}
