/* SPDX-License-Identifier: MIT */
/*
 * test_notes.c - the reader of notes on a module made by hand: notes that were
 * moved, direct offsets, kinds and versions not known yet, and odd values; and
 * whether the module was linked without the hook.
 */
#include "sc_config.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "backend.h"
#include "machine.h"
#include "mem.h"
#include "notes.h"
#include "unit.h"

#define N_SITES		3
#define OWNER_SIZE	12	/* of "StaticCall", filled up */

struct sites_note {
	ElfW(Nhdr) head;
	char owner[OWNER_SIZE];
	struct static_call_note_sites desc;
	uint32_t more[2];	/* what a later version may add */
};

struct define_note {
	ElfW(Nhdr) head;
	char owner[OWNER_SIZE];
	struct static_call_note_define desc;
	char name[8];
};

struct module_note {
	ElfW(Nhdr) head;
	char owner[OWNER_SIZE];
	struct static_call_note_module desc;
};

/* Room before, between and behind, to move the notes to. */
struct notes {
	struct module_note module;	/* of a backend without a hook, at first */
	struct define_note define;
	struct sites_note sites;
};

static struct module {
	uint8_t text[256] __attribute__((aligned(64)));
	struct static_call_key key;
	uintptr_t tramp_slot, key_slot;
	uint64_t hook_word;
	char states[32];
	struct static_call_site sites[N_SITES]
		__attribute__((aligned(8)));
	struct notes room[16];
} m;

#define STATE		(m.states + 16)
#define TRAMP		((uintptr_t)m.text + 64)
#define HOME		7u	/* in m.room */

static struct sc_image *image;

/* ------------------------------------------------------ the module */

int __wrap_sc_loaded_read(const void *address, struct sc_loaded **out);

/* The notes; more text, of which there are only numbers; what else is so. */
static void *notes_at;
static size_t notes_size = sizeof(struct notes);
static struct sc_load more_text;
static ElfW(Dyn) dynamic[2];
static uintptr_t base;
static int read_error;
static uint32_t records_flags = SC_LOAD_READ;
static size_t split;	/* where a second segment of code begins; 0: none */

int __wrap_sc_loaded_read(const void *address, struct sc_loaded **out)
{
	const struct sc_load second = { (uintptr_t)m.text + split,
					(uintptr_t)&m.key,
					SC_LOAD_READ | SC_LOAD_EXEC };
	const struct sc_load loads[] = {
		{ (uintptr_t)m.text,
		  split ? (uintptr_t)m.text + split : (uintptr_t)&m.key,
		  SC_LOAD_READ | SC_LOAD_EXEC },
		{ (uintptr_t)&m.key, (uintptr_t)m.sites,
		  SC_LOAD_READ | SC_LOAD_WRITE },
		{ (uintptr_t)m.sites, (uintptr_t)(&m + 1), records_flags },
		split ? second : more_text,
		{ (uintptr_t)notes_at, (uintptr_t)notes_at + notes_size,
		  SC_LOAD_READ },
	};
	const size_t size = sizeof(struct sc_loaded) + sizeof(loads);
	struct sc_loaded *loaded;

	ck_assert_ptr_eq(address, STATE);
	if (read_error)
		return read_error;
	loaded = sc_alloc(size);
	if (!loaded)
		return -ENOMEM;
	loaded->size = size;
	loaded->path = "by hand";
	loaded->loads = (void *)(loaded + 1);
	memcpy(loaded->loads, loads, sizeof(loads));
	loaded->n_own = loaded->n_loads = 4;
	loaded->notes = loaded->loads + 4;
	loaded->n_notes = 1;
	loaded->base = base;
	loaded->dynamic = (uintptr_t)dynamic;
	loaded->n_dynamic = 2;
	*out = loaded;
	return 0;
}

static void lead(int32_t *field, const void *to)
{
	*field = (int32_t)((uintptr_t)to - (uintptr_t)field);
}

static void put_tramp(void)
{
	const uint32_t magic = STATIC_CALL_TRAMP_MAGIC;
	uint8_t *at = m.text + 64;
	int32_t rel = (int32_t)((uintptr_t)&m.key_slot -
				(uintptr_t)(at + STATIC_CALL_TRAMP_KEY));

	memcpy(at + STATIC_CALL_TRAMP_RET0, "\x31\xc0\xc3\xc3", 4);
	memcpy(at + STATIC_CALL_TRAMP_KEY, &rel, sizeof(rel));
	memcpy(at + STATIC_CALL_TRAMP_SIGNATURE, &magic, sizeof(magic));
	m.tramp_slot = TRAMP;
	m.key_slot = (uintptr_t)&m.key;
}

static void put_head(ElfW(Nhdr) *head, char *owner, uint32_t type, size_t size)
{
	head->n_namesz = sizeof(STATIC_CALL_NOTE_OWNER);
	head->n_descsz = (uint32_t)size;
	head->n_type = type;
	memcpy(owner, STATIC_CALL_NOTE_OWNER, sizeof(STATIC_CALL_NOTE_OWNER));
}

static struct notes *put_notes(bool direct, const char *state)
{
	struct notes *notes = m.room + HOME;
	size_t i;

	m = (struct module){ .key = { .func = NULL } };
	put_tramp();
	put_head(&notes->module.head, notes->module.owner,
		 STATIC_CALL_NOTE_MODULE, sizeof(notes->module.desc));
	lead(&notes->module.desc.anchor, state);
	put_head(&notes->define.head, notes->define.owner,
		 STATIC_CALL_NOTE_DEFINE,
		 sizeof(notes->define.desc) + sizeof("hand"));
	strcpy(notes->define.name, "hand");
	lead(&notes->define.desc.anchor, state);
	lead(&notes->define.desc.tramp,
	     direct ? (void *)TRAMP : &m.tramp_slot);
	lead(&notes->define.desc.key, direct ? (void *)&m.key : &m.key_slot);
	put_head(&notes->sites.head, notes->sites.owner,
		 STATIC_CALL_NOTE_SITES, sizeof(notes->sites.desc));
	lead(&notes->sites.desc.anchor, state);
	lead(&notes->sites.desc.start, m.sites);
	notes->sites.desc.count = N_SITES;
	if (direct)
		notes->define.desc.flags = notes->sites.desc.flags =
			STATIC_CALL_NOTE_DIRECT;
	for (i = 0; i < N_SITES; i++) {
		lead(&m.sites[i].addr, m.text + 128 + 8 * i);
		lead(&m.sites[i].tramp,
		     direct ? (void *)TRAMP : &m.tramp_slot);
	}
	notes_at = notes;
	return notes;
}

static int read_it(void)
{
	return sc_image_read(STATE, &image);
}

/* All that is in the module was found, wherever the notes are. */
static void expect_all(bool direct)
{
	const struct notes *notes = notes_at;

	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(image->n_refused, 0);
	ck_assert_uint_eq(image->n_defines, 1);
	ck_assert_ptr_eq(image->defines[0].key, &m.key);
	ck_assert_uint_eq(image->defines[0].tramp, TRAMP);
	ck_assert_ptr_eq(image->defines[0].name, notes->define.name);
	ck_assert_uint_eq(image->n_runs, 1);
	ck_assert_ptr_eq(image->runs[0].sites, m.sites);
	ck_assert_uint_eq(image->runs[0].n, N_SITES);
	ck_assert_int_eq(image->runs[0].direct, direct);
	ck_assert_uint_eq(image->n_sites, N_SITES);
	sc_image_free(image);
}

static void expect(size_t defines, size_t runs, size_t refused)
{
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(image->n_defines, defines);
	ck_assert_uint_eq(image->n_runs, runs);
	ck_assert_uint_eq(image->n_refused, refused);
	sc_image_free(image);
}

/* ---------------------------------------------------------- tests */

START_TEST(test_where_the_linker_put_them)
{
	put_notes(_i, STATE);
	expect_all(_i);
}
END_TEST

/* As a tool moves them: the same bytes, elsewhere. */
START_TEST(test_moved)
{
	size_t to;

	for (to = 0; to < sizeof(m.room) / sizeof(m.room[0]); to++) {
		struct notes *notes = put_notes(_i, STATE);

		if (to == HOME)
			continue;
		m.room[to] = *notes;
		memset(notes, 0x58, sizeof(*notes));
		notes_at = m.room + to;
		expect_all(_i);
	}
}
END_TEST

/*
 * Tools can make the symbol local in some objects of a module; their notes lead
 * to a byte that is not the one by which the module is known.
 */
START_TEST(test_another_state_byte)
{
	put_notes(_i & 1, m.states + _i / 2);
	expect_all(_i & 1);
}
END_TEST

/* Version 1, the next version, a kind not known, a flag not known. */
START_TEST(test_what_is_not_known_is_skipped)
{
	static const uint32_t versions[] = { 0x00010000, 0x00030000,
					     0x7fff0000, 0x00020000 };
	struct notes *notes = put_notes(false, STATE);
	uint32_t *type = _i & 1 ? &notes->sites.head.n_type :
				  &notes->define.head.n_type;
	uint32_t *flags = _i & 1 ? &notes->sites.desc.flags :
				   &notes->define.desc.flags;

	if (_i / 2 < 3)
		*type = versions[_i / 2] | (*type & 0xffff);
	else if (_i / 2 == 3)
		*type = versions[3] | 0x77;
	else
		*flags |= 2u << (_i / 2 - 4);
	expect(_i & 1, !(_i & 1), 0);
}
END_TEST

/* Another name of the same length, and a longer one that begins like ours. */
START_TEST(test_notes_of_others)
{
	struct define_note *note = &put_notes(false, STATE)->define;

	if (_i == 0)
		note->owner[0] ^= 1;
	else
		note->head.n_namesz++;
	expect(0, 1, 0);
}
END_TEST

/* A description may grow at its end. */
START_TEST(test_longer_description)
{
	struct notes *notes = put_notes(false, STATE);

	notes->sites.head.n_descsz += (uint32_t)sizeof(notes->sites.more);
	expect_all(false);
}
END_TEST

static void spoil_sites(struct sites_note *note, int how)
{
	static const uint32_t counts[] = { N_SITES + 1000, 0xffffffff };
	static const int32_t offsets[] = { 0x7fffff00, -0x7fffff00 };

	if (how < 2)
		note->desc.count = counts[how];
	else if (how < 4)
		note->desc.start = offsets[how - 2];
	else if (how < 6)
		note->head.n_descsz = how == 4 ? 0 : 15;
	else
		note->desc.anchor = note->desc.start = offsets[how - 6];
}

START_TEST(test_odd_runs)
{
	spoil_sites(&put_notes(false, STATE)->sites, _i);
	/* What lies behind a note of another size is no note. */
	expect(1, 0, 1);
}
END_TEST

/* The ends of a run that was moved are looked at, and what is between is not. */
START_TEST(test_odd_records)
{
	struct notes *notes = put_notes(_i & 1, STATE), *moved = notes + 1;
	struct static_call_site *site = m.sites + _i / 4;

	if (_i & 2)
		lead(&site->addr, &m.key);
	else
		lead(&site->tramp, _i & 1 ? m.text : (uint8_t *)&m + sizeof(m));
	*moved = *notes;
	memset(notes, 0x58, sizeof(*notes));
	notes_at = moved;
	expect(1, _i / 4 == 1, _i / 4 != 1);
}
END_TEST

START_TEST(test_nothing_but_odd_notes)
{
	struct notes *notes = put_notes(false, STATE);

	notes->define.desc.tramp = 0x7fffff00;
	notes->sites.desc.start = 0x7fffff00;
	expect(0, 0, 2);
}
END_TEST

/*
 * A tool has filled the records with zeros, or dropped code that one led to.  They
 * may lie beside code, in one segment.
 */
START_TEST(test_records_that_lead_nowhere)
{
	put_notes(_i & 1, STATE);
	if (_i > 5)
		records_flags |= SC_LOAD_EXEC;
	if (_i < 2 || _i > 5) {
		memset(m.sites, 0, sizeof(m.sites));
		expect(1, 0, 1);
		return;
	}
	memset(m.sites + (_i < 4 ? 0 : N_SITES - 1), 0, sizeof(m.sites[0]));
	expect_all(_i & 1);
}
END_TEST

/* Zeros where a note was removed, of whatever length. */
START_TEST(test_gaps)
{
	put_notes(false, STATE);
	notes_at = (char *)notes_at - 4 * _i;
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(image->n_refused, 0);
	ck_assert_uint_eq(image->n_defines, 1);
	ck_assert_uint_eq(image->n_runs, 1);
	sc_image_free(image);
}
END_TEST

/* What calls run is the code: mov from a slot, or lea of the key. */
static void put_code(bool slot, const void *to)
{
	uint8_t *at = m.text + 64;
	int32_t rel = (int32_t)((uintptr_t)to - (uintptr_t)(at + 7));

	memcpy(at, slot ? "\x4c\x8b\x1d" : "\x4c\x8d\x1d", 3);
	memcpy(at + 3, &rel, sizeof(rel));
	memcpy(at + 7, "\x41\xff\x23", 3);
}

START_TEST(test_trampoline_agrees_with_its_code)
{
	put_notes(false, STATE);
	put_code(_i == 0, _i ? (void *)&m.key : (void *)&m.key_slot);
	if (_i == 2) {
		put_code(false, &m.key.static_call_owner);
		m.text[64] = 0xcc;	/* which does not tell */
	}
	expect_all(false);
}
END_TEST

/* Else its data is stale, and is another key's. */
START_TEST(test_trampoline_of_another_key)
{
	put_notes(false, STATE);
	if (_i == 0)
		put_code(true, &m.tramp_slot);
	else if (_i == 1)
		put_code(true, (void *)((uintptr_t)&m + 0x7000000));
	else if (_i == 2)
		put_code(false, &m.key.static_call_owner);
	else
		put_code(false, &m.key_slot);
	expect(0, 1, 1);
}
END_TEST

/* Each byte of the two stubs. */
START_TEST(test_trampoline_without_stubs)
{
	put_notes(false, STATE);
	m.text[64 + STATIC_CALL_TRAMP_RET0 + _i] ^= 0x40;
	expect(0, 1, 1);
}
END_TEST

START_TEST(test_odd_definitions)
{
	struct define_note *note = &put_notes(false, STATE)->define;

	if (_i == 0)
		note->desc.tramp = 0x7fffff00;
	else if (_i == 1)
		note->desc.key += 8;
	else if (_i == 2)
		note->desc.key = -0x7fffff00;
	else if (_i == 3)
		memset(note->name, 'x', sizeof(note->name));
	else if (_i == 4)
		note->desc.flags = STATIC_CALL_NOTE_DIRECT;
	else
		note->desc.anchor = note->desc.tramp = 0x7fffff00;
	expect(0, 1, 1);
}
END_TEST

/* A header that leads beyond the segment ends the walk. */
START_TEST(test_odd_headers)
{
	struct notes *notes = put_notes(false, STATE);

	if (_i == 0)
		notes->define.head.n_namesz = 0xffffffff;
	else
		notes->define.head.n_descsz = 0xffffffff;
	ck_assert_int_eq(read_it(), -ENOENT);
	ck_assert_ptr_null(image);
}
END_TEST

/* ------------------------------------------------ the ends of things */

/* The last note may fill its segment, and counts only as a whole. */
START_TEST(test_end_of_the_notes)
{
	struct notes *notes = put_notes(false, STATE);
	const char *end_of_sites = (char *)(&notes->sites.desc + 1);
	const char *end_of_name = notes->define.name + sizeof("hand");

	notes_size = (size_t)(end_of_sites - (char *)notes);
	expect(1, 1, 0);
	notes_size--;
	expect(1, 0, 0);
	/* without what fills it up: what lies behind is not looked at */
	notes_size = (size_t)(end_of_name - (char *)notes);
	expect(1, 0, 0);
	notes_size--;
	ck_assert_int_eq(read_it(), -ENOENT);
}
END_TEST

/* Whole pages of what can be executed and not be written. */
START_TEST(test_segments)
{
	static const struct sc_load loads[] = {
		{ 0x5001, 0x7fff, SC_LOAD_EXEC },
		{ 0x5fff, 0x7001, SC_LOAD_EXEC | SC_LOAD_READ },
		{ 0x5000, 0x8000, SC_LOAD_EXEC },
		{ 0x5000, 0x8000, SC_LOAD_EXEC | SC_LOAD_WRITE },
		{ 0x5000, 0x8000, SC_LOAD_READ },
	};

	put_notes(false, STATE);
	more_text = loads[_i];
	ck_assert_int_eq(read_it(), 0);
	ck_assert_uint_eq(image->n_segments, _i < 3 ? 2 : 1);
	ck_assert_uint_le(image->segments[0].start, (uintptr_t)m.text);
	ck_assert(image->segments[0].readable);
	if (_i < 3) {
		ck_assert_uint_eq(image->segments[1].start, 0x5000);
		ck_assert_uint_eq(image->segments[1].end, 0x8000);
		ck_assert_int_eq(image->segments[1].readable, _i == 1);
	}
	sc_image_free(image);
}
END_TEST

START_TEST(test_text_relocations)
{
	static const struct {
		int64_t tag;
		uintptr_t value;
		bool relocations;
	} odd[] = {
		{ DT_TEXTREL, 1, true },
		{ DT_FLAGS, DF_TEXTREL, true },
		{ DT_FLAGS, DF_BIND_NOW, false },
	};

	put_notes(false, STATE);
	dynamic[0].d_tag = odd[_i].tag;
	dynamic[0].d_un.d_val = odd[_i].value;
	ck_assert_int_eq(read_it(), 0);
	ck_assert_int_eq(image->text_relocations, odd[_i].relocations);
	sc_image_free(image);
}
END_TEST

/* What could not be read leaves nothing behind, and neither does what was. */
START_TEST(test_memory)
{
	static const int errors[] = { -EIO, -ENOMEM, -ENOMEM, -ENOENT, 0 };
	struct notes *notes = put_notes(false, STATE);
	struct sc_module module = { .state = STATE };
	struct traces before;

	traces_look(&before);
	if (_i == 0)
		read_error = -EIO;
	else if (_i < 3)
		sc_alloc_fail_after = _i - 1;
	else if (_i == 3)
		memset(&notes->define, 0,
		       sizeof(notes->define) + sizeof(notes->sites));
	ck_assert_int_eq(sc_backend_read(&module), errors[_i]);
	ck_assert_int_eq(sc_alloc_fail_after, -1);
	ck_assert_int_eq(module.image != NULL, _i == 4);
	sc_backend_forget(&module);
	ck_assert_ptr_null(module.image);
	traces_same(&before);
}
END_TEST

/* ------------------------------------------------------- the hook */

/* A note of the module, its word and a call; and no records. */
static struct notes *put_module(uint64_t word)
{
	struct notes *notes = put_notes(false, STATE);
	int32_t rel = (int32_t)(TRAMP - (uintptr_t)(m.text + 128 + 5));

	put_head(&notes->module.head, notes->module.owner,
		 STATIC_CALL_NOTE_MODULE, sizeof(notes->module.desc));
	lead(&notes->module.desc.anchor, STATE);
	lead(&notes->module.desc.hook, &m.hook_word);
	m.hook_word = word;
	notes->sites.desc.count = 0;
	m.text[128] = 0xe8;
	memcpy(m.text + 129, &rel, sizeof(rel));
	return notes;
}

static void expect_hook(bool without, size_t refused)
{
	struct sc_module module = { .state = STATE };

	ck_assert_int_eq(sc_backend_read(&module), 0);
	ck_assert_int_eq(module.without_hook, without);
	ck_assert_int_eq(module.image->without_hook, without);
	ck_assert_uint_eq(module.image->n_refused, refused);
	ck_assert_int_eq(module.edited, refused > 0);
	sc_backend_forget(&module);
}

START_TEST(test_without_the_hook)
{
	struct notes *notes = put_module(0);

	expect_hook(true, 0);
	m.room[HOME + 3] = *notes;
	memset(notes, 0x58, sizeof(*notes));
	notes_at = m.room + HOME + 3;
	expect_hook(true, 0);
}
END_TEST

/* A word that gold has left to the loader holds where the module begins. */
START_TEST(test_word_that_the_loader_filled)
{
	base = 0x1000;
	put_module(base);
	expect_hook(true, 0);
	put_module(base + 1);
	expect_hook(false, 0);
	put_module(0);
	expect_hook(true, 0);
}
END_TEST

/* Moved by half a word, and not moved but with another state byte. */
START_TEST(test_module_note_that_was_moved)
{
	struct notes *notes = put_module(0);
	struct static_call_note_module *desc = &notes->module.desc;

	if (_i == 0)
		desc->hook += 4;
	lead(&desc->anchor, STATE + 4);
	expect_hook(true, 0);
}
END_TEST

/* Each of these alone is a reason to say nothing. */
START_TEST(test_nothing_to_say_of_the_hook)
{
	struct notes *notes = put_module(_i == 0);

	if (_i == 1)
		notes->module.desc.hook = 0;
	else if (_i == 2)
		notes->sites.desc.count = N_SITES;
	else if (_i == 3)
		m.text[128] = 0x90;
	else if (_i == 4)
		notes->module.head.n_type += 0x10000;
	else if (_i == 5)
		notes->module.desc.flags = 1;
	expect_hook(false, 0);
}
END_TEST

/* The header makes a note in each module, so one without was edited. */
START_TEST(test_module_without_a_note)
{
	struct notes *notes = put_module(1);
	struct sc_module module = { .state = STATE };

	if (_i < 2)
		memset(&notes->module, 0, sizeof(notes->module));
	if (_i == 1)
		memset(notes, 0, sizeof(*notes));
	/* A version that is not known is a note as well, another kind is not. */
	if (_i == 2)
		notes->module.head.n_type ^= 0x70000;
	if (_i == 3)
		notes->module.head.n_type ^= 8;
	ck_assert_int_eq(sc_backend_read(&module), 0);
	ck_assert_int_eq(module.edited, _i != 2);
	sc_backend_forget(&module);
}
END_TEST

START_TEST(test_odd_notes_of_a_module)
{
	struct notes *notes = put_module(0);

	if (_i == 0)
		notes->module.desc.hook = 0x7fffff00;
	else if (_i == 1)
		notes->module.desc.hook = -0x7fffff00;
	else if (_i == 2)
		notes->module.desc.hook += 4;
	else if (_i == 3)
		notes->module.head.n_descsz = 8;
	else
		notes->module.desc.anchor = notes->module.desc.hook =
			0x7fffff00;
	expect_hook(false, 1);
}
END_TEST

/*
 * A tool has moved code to a segment of its own, and its records lead to the old
 * one, or behind its own.  Each of the others is no reason to say so.
 */
START_TEST(test_code_without_its_records)
{
	struct sc_module module = { .state = STATE };
	struct notes *notes = put_module(_i != 1);
	int32_t rel = (int32_t)(TRAMP - (uintptr_t)(m.text + 200 + 5));

	m.text[200] = _i == 2 ? 0x90 : 0xe8;
	memcpy(m.text + 201, &rel, sizeof(rel));
	notes->sites.desc.count = N_SITES;
	if (_i == 3)
		lead(&m.sites[1].addr, m.text + 192);
	else if (_i == 4)
		lead(&m.sites[1].addr, m.text + 255);
	else if (_i == 6)
		lead(&m.sites[1].addr, m.text + 256);
	split = _i == 5 ? 0 : 192;
	ck_assert_int_eq(sc_backend_read(&module), 0);
	ck_assert_int_eq(module.image->code_moved, _i == 0 || _i == 6);
	ck_assert_int_eq(module.edited, _i == 0 || _i == 6);
	sc_backend_forget(&module);
}
END_TEST

/* The last bytes of the code may be the first of an instruction. */
START_TEST(test_code_that_ends_within_an_instruction)
{
	put_module(0);
	memset(m.text, 0x0f, 64);
	m.text[128] = 0x90;
	memset(m.text + 250, _i ? 0xe8 : 0xff, 6);
	expect_hook(false, 0);
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("notes");

	tcase_add_loop_test(tc, test_where_the_linker_put_them, 0, 2);
	tcase_add_loop_test(tc, test_moved, 0, 2);
	tcase_add_loop_test(tc, test_another_state_byte, 0, 64);
	tcase_add_loop_test(tc, test_what_is_not_known_is_skipped, 0, 12);
	tcase_add_loop_test(tc, test_notes_of_others, 0, 2);
	tcase_add_test(tc, test_longer_description);
	tcase_add_loop_test(tc, test_odd_runs, 0, 8);
	tcase_add_loop_test(tc, test_odd_records, 0, 4 * N_SITES);
	tcase_add_test(tc, test_nothing_but_odd_notes);
	tcase_add_loop_test(tc, test_odd_definitions, 0, 6);
	tcase_add_loop_test(tc, test_odd_headers, 0, 2);
	tcase_add_test(tc, test_end_of_the_notes);
	tcase_add_loop_test(tc, test_segments, 0, 5);
	tcase_add_loop_test(tc, test_text_relocations, 0, 3);
	tcase_add_loop_test(tc, test_memory, 0, 5);
	tcase_add_loop_test(tc, test_records_that_lead_nowhere, 0, 8);
	tcase_add_loop_test(tc, test_gaps, 0, 3);
	tcase_add_loop_test(tc, test_trampoline_agrees_with_its_code, 0, 3);
	tcase_add_loop_test(tc, test_trampoline_of_another_key, 0, 4);
	tcase_add_loop_test(tc, test_trampoline_without_stubs, 0, 4);
	tcase_add_test(tc, test_without_the_hook);
	tcase_add_test(tc, test_word_that_the_loader_filled);
	tcase_add_loop_test(tc, test_module_note_that_was_moved, 0, 2);
	tcase_add_loop_test(tc, test_nothing_to_say_of_the_hook, 0, 6);
	tcase_add_loop_test(tc, test_module_without_a_note, 0, 4);
	tcase_add_loop_test(tc, test_odd_notes_of_a_module, 0, 5);
	tcase_add_loop_test(tc, test_code_without_its_records, 0, 7);
	tcase_add_loop_test(tc, test_code_that_ends_within_an_instruction, 0,
			    2);
	return unit_end();
}
