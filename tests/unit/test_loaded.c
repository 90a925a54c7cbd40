/* SPDX-License-Identifier: MIT */
/*
 * test_loaded.c - which objects stay, and what is read of one, where the loader
 * lists objects that the test has made.
 */
#include "sc_config.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "loaded.h"
#include "mem.h"
#include "permanent.h"
#include "unit.h"

#define MAX_OBJECTS	8
#define N_DYN		8
#define LOADED_AT	0x1000		/* its segment, from its base */

/* An object in memory: headers that say where what is. */
struct object {
	char image[LOADED_AT];		/* before the segment: not loaded */
	struct {
		ElfW(Dyn) dyn[N_DYN];
		char strings[128];
		char code[32];
	} in;
	ElfW(Phdr) ph[6];
	const char *name;
	size_t n_dyn, used;
	int n_ph;
};

static struct object objects[MAX_OBJECTS];
static int n_objects;
/* So many objects come when all have been gone through once. */
static int n_coming;

int __wrap_dl_iterate_phdr(int (*fn)(struct dl_phdr_info *, size_t, void *),
			   void *arg);

int __wrap_dl_iterate_phdr(int (*fn)(struct dl_phdr_info *, size_t, void *),
			   void *arg)
{
	int i, ret = 0;

	for (i = 0; i < n_objects && !ret; i++) {
		struct dl_phdr_info info = {
			.dlpi_addr = (uintptr_t)objects[i].image,
			.dlpi_name = objects[i].name,
			.dlpi_phdr = objects[i].ph,
			.dlpi_phnum = (ElfW(Half))objects[i].n_ph,
		};

		ret = fn(&info, sizeof(info), arg);
	}
	n_objects += n_coming;
	n_coming = 0;
	return ret;
}

static void add_dyn(struct object *o, int64_t tag, uint64_t value)
{
	ck_assert_uint_lt(o->n_dyn, N_DYN);
	o->in.dyn[o->n_dyn++] = (ElfW(Dyn)){ .d_tag = tag, .d_un.d_val = value };
}

static uint64_t add_string(struct object *o, const char *s)
{
	uint64_t at = o->used;

	strcpy(o->in.strings + at, s);
	o->used += strlen(s) + 1;
	return at;
}

static void add_needs(struct object *o, const char *const *needs)
{
	for (; *needs; needs++)
		add_dyn(o, DT_NEEDED, add_string(o, *needs));
}

static void add_segment(struct object *o, uint32_t type, uint64_t vaddr,
			uint64_t size, uint32_t flags)
{
	o->ph[o->n_ph++] = (ElfW(Phdr)){
		.p_type = type, .p_vaddr = vaddr, .p_memsz = size,
		.p_flags = flags,
	};
}

/* With its needs first, so that one that is passed over shows. */
static struct object *add_object(const char *name, const char *soname,
				 const char *const *needs)
{
	struct object *o = objects + n_objects++;
	uint64_t strings = LOADED_AT + offsetof(struct object, in.strings) -
			   offsetof(struct object, in);

	memset(o, 0, sizeof(*o));
	o->name = name;
	o->used = 1;
	add_segment(o, PT_LOAD, LOADED_AT, sizeof(o->in), PF_R | PF_X);
	add_segment(o, PT_DYNAMIC, LOADED_AT, sizeof(o->in.dyn), PF_R);
	add_needs(o, needs);
	if (soname)
		add_dyn(o, DT_SONAME, add_string(o, soname));
	add_dyn(o, DT_STRTAB, strings);
	add_dyn(o, DT_STRSZ, sizeof(o->in.strings));
	return o;
}

/* The first of a process: the kernel has found its headers in it. */
static struct object *add_program(const char *name, const char *const *needs)
{
	struct object *o = add_object(name, NULL, needs);

	add_segment(o, PT_LOAD, getauxval(AT_PHDR) - (uintptr_t)o->image, 64,
		    PF_R);
	return o;
}

#define NEEDS(...)	((const char *const[4]){ __VA_ARGS__ })

static bool stays(int i)
{
	return sc_is_permanent(objects[i].in.code);
}

/* The objects that stay, each a letter: 'y' or 'n'. */
static void expect_stay(const char *want)
{
	int i;

	for (i = 0; i < n_objects; i++)
		ck_assert_msg(stays(i) == (want[i] == 'y'), "object %d", i);
}

/* ----------------------------------------------------------- what stays */

START_TEST(test_the_program_and_its_needs_stay)
{
	add_program("", NEEDS("a.so", "libb.so.1"));
	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/lib/b.so", "libb.so.1", NEEDS());
	add_object("/lib/plugin.so", "plugin", NEEDS("a.so", "c.so"));
	add_object("/lib/c.so", NULL, NEEDS());
	expect_stay("yyynn");
}
END_TEST

/* And those of what it needs, also where that comes before. */
START_TEST(test_needs_of_needs_stay)
{
	add_program("", NEEDS("b.so"));
	add_object("/lib/a.so", NULL, NEEDS("c.so"));
	add_object("/lib/b.so", NULL, NEEDS("a.so"));
	add_object("/lib/c.so", NULL, NEEDS());
	add_object("/lib/plugin.so", NULL, NEEDS());
	expect_stay("yyyyn");
}
END_TEST

/* What lies between is preloaded, and its needs may lie behind. */
START_TEST(test_preloaded_objects_stay)
{
	add_program("", NEEDS("a.so"));
	add_object("/lib/preloaded.so", NULL, NEEDS("other.so"));
	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/lib/other.so", NULL, NEEDS());
	add_object("/lib/plugin.so", NULL, NEEDS("a.so"));
	expect_stay("yyyyn");
}
END_TEST

/* By its whole path, and the first of a name is the one. */
START_TEST(test_names_meet_needs)
{
	add_program("", NEEDS("/lib/a.so", "b.so"));
	add_object("/lib/b.so", NULL, NEEDS());
	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/plugins/a.so", NULL, NEEDS());
	add_object("/plugins/c.so", "b.so", NEEDS());
	expect_stay("yyynn");
}
END_TEST

START_TEST(test_a_program_without_needs)
{
	struct object *o = add_program("", NEEDS());

	add_object("/lib/plugin.so", NULL, NEEDS());
	/* what a note says is mapped is not, for all that */
	add_segment(o, PT_NOTE, 0x50, 16, PF_R);
	expect_stay("yn");
	ck_assert(!sc_is_permanent(o->image + 0x58));
	/* from its first byte to its last */
	ck_assert(sc_is_permanent(&o->in));
	ck_assert(sc_is_permanent((char *)(&o->in + 1) - 1));
	ck_assert(!sc_is_permanent(&o->in + 1));
}
END_TEST

/* A namespace of dlmopen() lists no program. */
START_TEST(test_without_the_program_nothing_is_known)
{
	if (_i) {
		add_object("/lib/a.so", NULL, NEEDS("b.so"));
		add_object("/lib/b.so", NULL, NEEDS());
	}
	add_program("", NEEDS("b.so"));
	if (_i)
		expect_stay("nnn");
	else
		expect_stay("y");
}
END_TEST

/* Some loaders give it one. */
START_TEST(test_a_program_that_has_a_name)
{
	add_program("/bin/program", NEEDS("a.so"));
	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/lib/plugin.so", NULL, NEEDS());
	expect_stay("yyn");
}
END_TEST

START_TEST(test_objects_marked_nodelete_stay)
{
	add_program("", NEEDS());
	add_object("/lib/p.so", NULL, NEEDS());
	add_dyn(add_object("/lib/q.so", NULL, NEEDS()), DT_FLAGS_1,
		DF_1_NODELETE | DF_1_NOW);
	add_dyn(add_object("/lib/r.so", NULL, NEEDS()), DT_FLAGS_1, DF_1_NOW);
	expect_stay("ynyn");
	ck_assert(!sc_is_permanent("of no object"));
}
END_TEST

/* Behind the end of the section, or of the strings, nothing is believed. */
START_TEST(test_damaged_objects)
{
	struct object *o = add_program("", NEEDS("a.so"));
	uint64_t b = add_string(o, "b.so");

	switch (_i) {
	case 0:		/* behind the end marker */
		add_dyn(o, DT_NULL, 0);
		add_dyn(o, DT_NEEDED, b);
		break;
	case 1:		/* no string of the table */
		add_dyn(o, DT_NEEDED, sizeof(o->in.strings));
		break;
	case 2:		/* one that does not end */
		memset(o->in.strings + 120, 'b', 8);
		add_dyn(o, DT_NEEDED, 120);
		break;
	case 3:		/* the section is shorter */
		add_dyn(o, DT_NEEDED, b);
		o->ph[1].p_memsz = (o->n_dyn - 1) * sizeof(o->in.dyn[0]);
		break;
	}
	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/lib/b.so", NULL, NEEDS());
	expect_stay("yyn");
}
END_TEST

/* Addresses that lead out of the object lead nowhere. */
START_TEST(test_sections_elsewhere)
{
	struct object *o = add_program("", NEEDS("a.so"));

	switch (_i) {
	case 0:
		o->in.dyn[1].d_un.d_val = 1;
		break;
	case 1:
		o->in.dyn[2].d_un.d_val = LOADED_AT;
		break;
	case 2:
		o->ph[1].p_vaddr = 0;
		break;
	case 3:
		o->ph[0].p_flags = PF_X;
		break;
	}
	add_object("/lib/a.so", NULL, NEEDS());
	expect_stay("yn");
}
END_TEST

/* The loader may have added the base to the address of the strings. */
START_TEST(test_strings_by_address)
{
	struct object *o = add_program("", NEEDS("a.so"));

	o->in.dyn[1].d_un.d_val = (uintptr_t)o->in.strings;
	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/lib/b.so", NULL, NEEDS());
	expect_stay("yyn");
}
END_TEST

/* Known once; unknown again, and no memory left, when this copy ends. */
START_TEST(test_what_stays_is_kept)
{
	struct traces before;

	add_program("", NEEDS("a.so"));
	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/lib/b.so", NULL, NEEDS());
	traces_look(&before);
	expect_stay("yyn");
	n_objects = 2;
	expect_stay("yy");
	n_objects = 0;
	ck_assert(stays(1));
	sc_permanent_end();
	sc_permanent_end();
	traces_same(&before);
	ck_assert(!stays(1));
	sc_permanent_end();
}
END_TEST

START_TEST(test_without_memory_the_program_stays)
{
	int after = _i;

	add_program("", NEEDS("a.so"));
	add_object("/lib/a.so", NULL, NEEDS());
	sc_alloc_fail_after = after;
	ck_assert(stays(0));
	ck_assert(!stays(1));
	/* and the next time it does */
	sc_alloc_fail_after = -1;
	ck_assert(stays(1));
}
END_TEST

/* -------------------------------------------------------- one object */

/* Two segments, a note in one of them, and another object. */
static struct object *add_two(void)
{
	struct object *o = add_object("/lib/a.so", NULL, NEEDS());

	add_segment(o, PT_LOAD, 0x10, 0x20, PF_R | PF_W);
	add_segment(o, PT_NOTE, LOADED_AT + 8, 16, PF_R);
	add_segment(o, PT_LOAD, 0x40, 0, PF_R);
	add_object("/lib/b.so", NULL, NEEDS());
	return o;
}

START_TEST(test_one_object_is_read)
{
	struct object *o = add_two();
	struct sc_loaded *loaded;
	struct traces before;

	traces_look(&before);
	ck_assert_int_eq(sc_loaded_read(o->in.code, &loaded), 0);
	ck_assert_str_eq(loaded->path, "/lib/a.so");
	ck_assert_uint_eq(loaded->base, (uintptr_t)o->image);
	ck_assert_uint_eq(loaded->n_own, 2);
	ck_assert_uint_eq(loaded->n_loads, 3);
	ck_assert_uint_eq(loaded->n_notes, 1);
	ck_assert_uint_eq(loaded->notes[0].start, (uintptr_t)o->image +
			  LOADED_AT + 8);
	ck_assert_uint_eq(loaded->notes[0].end, loaded->notes[0].start + 16);
	ck_assert_uint_eq(loaded->dynamic, (uintptr_t)o->in.dyn);
	ck_assert_uint_eq(loaded->n_dynamic, N_DYN);
	sc_loaded_free(loaded);
	sc_loaded_free(NULL);
	traces_same(&before);
	ck_assert_int_eq(sc_loaded_read("of no object", &loaded), -ENOENT);
	ck_assert_ptr_null(loaded);
	sc_alloc_fail_after = 0;
	ck_assert_int_eq(sc_loaded_read(o->in.code, &loaded), -ENOMEM);
	ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(test_the_program_has_no_path)
{
	struct object *o = add_object(_i ? "" : NULL, NULL, NEEDS());
	struct sc_loaded *loaded;

	ck_assert_int_eq(sc_loaded_read(o->in.code, &loaded), 0);
	ck_assert_str_eq(loaded->path, "/proc/thread-self/exe");
}
END_TEST

/* Notes and sections that lie in no segment that can be read are none. */
START_TEST(test_headers_that_lead_astray)
{
	struct object *o = add_two();
	struct sc_loaded *loaded;

	o->ph[1].p_vaddr = o->ph[3].p_vaddr = 0x11;
	if (_i)
		o->ph[0].p_flags = PF_X;
	o->ph[2].p_flags = PF_W;
	ck_assert_int_eq(sc_loaded_read(o->in.code, &loaded), 0);
	ck_assert_uint_eq(loaded->n_notes, 0);
	ck_assert_uint_eq(loaded->dynamic, 0);
	ck_assert_uint_eq(loaded->n_dynamic, 0);
	ck_assert_uint_eq(sc_loaded_value(loaded, DT_STRSZ), 0);
}
END_TEST

/*
 * The address of a segment of notes counts where the file has nothing to say; else
 * the place in the file does, be the address what it may.
 */
START_TEST(test_notes_by_their_place_in_the_file)
{
	static const struct {
		uint64_t offset, start;
	} places[] = {
		{ 0x1fff, LOADED_AT + 8 },
		{ 0x2000, LOADED_AT },
		{ 0x2018, LOADED_AT + 0x18 },
		{ 0x203f, LOADED_AT + 0x3f },
		{ 0x2040, LOADED_AT + 8 },
	};
	struct object *o = add_two();
	struct sc_loaded *loaded;

	o->ph[0].p_offset = 0x2000;
	o->ph[0].p_filesz = 0x40;
	/* What is not loaded does not count. */
	o->ph[1].p_filesz = 0x10000;
	o->ph[3].p_offset = places[_i].offset;
	ck_assert_int_eq(sc_loaded_read(o->in.code, &loaded), 0);
	ck_assert_uint_eq(loaded->n_notes, 1);
	ck_assert_uint_eq(loaded->notes[0].start,
			  (uintptr_t)o->image + places[_i].start);
	ck_assert_uint_eq(loaded->notes[0].end, loaded->notes[0].start + 16);
}
END_TEST

/* Where memory is, to the byte, and of whom. */
START_TEST(test_what_segments_hold)
{
	struct object *o = add_two(), *other = o + 1;
	uintptr_t start = (uintptr_t)&o->in, size = sizeof(o->in);
	struct sc_loaded *l;

	ck_assert_int_eq(sc_loaded_read(o->in.code, &l), 0);
	ck_assert(sc_loaded_owns(l, start, size, PF_R));
	ck_assert(!sc_loaded_owns(l, start, size + 1, PF_R));
	ck_assert(!sc_loaded_owns(l, start - 1, 1, PF_R));
	ck_assert(sc_loaded_owns(l, start + size - 1, 1, PF_R | PF_X));
	ck_assert(!sc_loaded_owns(l, start + size, 1, PF_R));
	ck_assert(sc_loaded_owns(l, start + size, 0, PF_R));
	ck_assert(!sc_loaded_owns(l, start + size + 1, 0, PF_R));
	ck_assert(!sc_loaded_owns(l, start + 1, SIZE_MAX, PF_R));
	ck_assert(!sc_loaded_owns(l, start, 1, PF_W));
	ck_assert(!sc_loaded_owns(l, start, 1, PF_R | PF_W));
	ck_assert(!sc_loaded_owns(l, (uintptr_t)other->in.code, 1, PF_R));
	ck_assert(sc_loaded_has(l, (uintptr_t)other->in.code, 1, PF_R));
	ck_assert(!sc_loaded_has(l, (uintptr_t)other->image, 1, PF_R));
}
END_TEST

START_TEST(test_values_of_the_dynamic_section)
{
	struct object *o = add_two();
	struct sc_loaded *l;

	/* its base is in it, which is no value of a tag that is not there */
	add_segment(o, PT_LOAD, 0, 8, PF_R);
	add_dyn(o, DT_INIT, 0);
	add_dyn(o, DT_FINI, LOADED_AT + sizeof(o->in) - 8);
	add_dyn(o, DT_HASH, (uintptr_t)o->in.code);
	add_dyn(o, DT_NULL, 0);
	add_dyn(o, DT_DEBUG, 5);
	ck_assert_int_eq(sc_loaded_read(o->in.code, &l), 0);
	ck_assert_uint_eq(sc_loaded_value(l, DT_STRSZ), sizeof(o->in.strings));
	ck_assert_uint_eq(sc_loaded_value(l, DT_DEBUG), 0);
	/* from the base, or an address; so many bytes; or nothing */
	ck_assert_uint_eq(sc_loaded_pointer(l, DT_FINI, 8),
			  (uintptr_t)(&o->in + 1) - 8);
	ck_assert_uint_eq(sc_loaded_pointer(l, DT_FINI, 9), 0);
	ck_assert_uint_eq(sc_loaded_pointer(l, DT_HASH, 1),
			  (uintptr_t)o->in.code);
	ck_assert_uint_eq(sc_loaded_pointer(l, DT_INIT, 1), 0);
	ck_assert_uint_eq(sc_loaded_pointer(l, DT_DEBUG, 1), 0);
	/* without an end marker it ends with the section */
	o->in.dyn[5].d_tag = DT_INIT;
	((struct sc_loaded *)l)->n_dynamic = 6;
	ck_assert_uint_eq(sc_loaded_value(l, DT_DEBUG), 0);
}
END_TEST

/* One that another thread loads between two walks is left out. */
START_TEST(test_objects_that_come_meanwhile)
{
	struct object *o = add_program("", NEEDS("a.so"));
	struct sc_loaded *loaded;

	add_object("/lib/a.so", NULL, NEEDS());
	add_object("/lib/b.so", NULL, NEEDS());
	n_objects = 2;
	n_coming = 1;
	if (_i) {
		expect_stay("yyn");
		return;
	}
	ck_assert_int_eq(sc_loaded_read(o->in.code, &loaded), 0);
	ck_assert_int_eq(n_objects, 3);
	ck_assert_uint_eq(loaded->n_own, 2);
	ck_assert_uint_eq(loaded->n_loads, 3);
	ck_assert(!sc_loaded_has(loaded, (uintptr_t)objects[2].in.code, 1, 0));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("loaded");

	tcase_add_test(tc, test_the_program_and_its_needs_stay);
	tcase_add_test(tc, test_needs_of_needs_stay);
	tcase_add_test(tc, test_preloaded_objects_stay);
	tcase_add_test(tc, test_names_meet_needs);
	tcase_add_test(tc, test_a_program_without_needs);
	tcase_add_loop_test(tc, test_without_the_program_nothing_is_known, 0,
			    2);
	tcase_add_test(tc, test_a_program_that_has_a_name);
	tcase_add_test(tc, test_objects_marked_nodelete_stay);
	tcase_add_loop_test(tc, test_damaged_objects, 0, 4);
	tcase_add_loop_test(tc, test_sections_elsewhere, 0, 4);
	tcase_add_test(tc, test_strings_by_address);
	tcase_add_test(tc, test_what_stays_is_kept);
	tcase_add_loop_test(tc, test_without_memory_the_program_stays, 0, 2);
	tcase_add_test(tc, test_one_object_is_read);
	tcase_add_loop_test(tc, test_the_program_has_no_path, 0, 2);
	tcase_add_loop_test(tc, test_headers_that_lead_astray, 0, 2);
	tcase_add_loop_test(tc, test_notes_by_their_place_in_the_file, 0, 5);
	tcase_add_test(tc, test_what_segments_hold);
	tcase_add_test(tc, test_values_of_the_dynamic_section);
	tcase_add_loop_test(tc, test_objects_that_come_meanwhile, 0, 2);
	return unit_end();
}
