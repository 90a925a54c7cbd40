/* SPDX-License-Identifier: MIT */
/*
 * test_places.c - the places of several modules, which come and go, on the engine
 * of paper_text.h.  The modules are made by hand: each defines one static call,
 * and calls its own and others'.
 */
#include "sc_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <static_call/api.h>

#include "backend.h"
#include "enter.h"
#include "log.h"
#include "mem.h"
#include "notes.h"
#include "paper_text.h"
#include "places.h"
#include "registry.h"
#include "unit.h"
#include "world.h"

#define MAX_CALLS	40
#define SECOND		(2 * SC_PAGE)	/* text of a module */

/* Two texts, and what a linker would have put into the data. */
struct made {
	uint8_t text[3 * SC_PAGE] __attribute__((aligned(SC_PAGE)));
	struct static_call_key key;
	uintptr_t key_slot;
	struct static_call_site sites[MAX_CALLS];
	char state;
	/* What notes.c would have read. */
	struct sc_loaded loaded;
	struct sc_segment segments[2];
	struct sc_define define;
	struct sc_run run;
	struct sc_image image;
	struct sc_module module;
};
static struct made made[3];
#define a (made + 0)
#define b (made + 1)
#define c (made + 2)

static char functions[8];
#define FUNC(n)		((void *)(functions + (n)))
#define FAR		((void *)((uintptr_t)functions + (1ul << 40)))

static struct sc_load everything = { .flags = SC_LOAD_READ | SC_LOAD_WRITE |
					      SC_LOAD_EXEC };

/* ----------------------------------------------------------- the log */

/* It takes the place of the library's. */
static char said[512];

void sc_log_error(const char *event, const char *name, const char *text,
		  const char *why, int err)
{
	size_t used = strlen(said);

	(void)why;
	snprintf(said + used, sizeof(said) - used, "%s %s: %s, %d\n", event,
		 name ? name : "", text, err);
}

void sc_log(const char *event, const char *name, const char *text)
{
	sc_log_error(event, name, text, NULL, 0);
}

void sc_log_begin(struct sc_line *line, const char *event)
{
	sc_line_put(line, event);
}

/* Of what is written of a module the error alone. */
void sc_log_put_error(struct sc_line *line, const char *why, int err)
{
	sc_log_error("error", "", "of a module", why, err);
}

void sc_log_end(struct sc_line *line)
{
	(void)line;
}

void sc_log_to(const char *where)
{
	(void)where;
}

int sc_log_enabled(void)
{
	return 1;
}

/* ------------------------------------------------------- the modules */

static void put_tramp(struct made *m)
{
	const uint32_t magic = STATIC_CALL_TRAMP_MAGIC;
	uint8_t *at = m->text + STATIC_CALL_TRAMP_KEY;
	int32_t rel = (int32_t)((uintptr_t)&m->key_slot - (uintptr_t)at);

	memcpy(m->text + STATIC_CALL_TRAMP_RET0, "\x31\xc0\xc3\xc3", 4);
	memcpy(at, &rel, sizeof(rel));
	memcpy(m->text + STATIC_CALL_TRAMP_SIGNATURE, &magic, sizeof(magic));
	m->key_slot = (uintptr_t)&m->key;
}

static void make_module(struct made *m, const char *name, int func)
{
	put_tramp(m);
	m->key.func = FUNC(func);
	m->loaded = (struct sc_loaded){
		.path = name, .loads = &everything, .n_own = 1, .n_loads = 1,
	};
	m->segments[0] = (struct sc_segment){
		(uintptr_t)m->text, (uintptr_t)m->text + SECOND, true,
	};
	m->segments[1] = (struct sc_segment){
		m->segments[0].end, m->segments[0].end + SC_PAGE, true,
	};
	m->define = (struct sc_define){
		.tramp = (uintptr_t)m->text, .key = &m->key, .name = name,
	};
	m->run = (struct sc_run){ .sites = m->sites, .direct = true };
	m->image = (struct sc_image){
		.loaded = &m->loaded,
		.segments = m->segments, .n_segments = 2,
		.defines = &m->define, .n_defines = 1,
		.runs = &m->run, .n_runs = 1, .has_note = true,
	};
	m->module = (struct sc_module){
		.state = &m->state, .image = &m->image,
	};
}

/* A record of a call at @addr, of the call that @callee defines. */
static void put_record(struct made *m, const void *addr, struct made *callee)
{
	struct static_call_site *site = m->sites + m->run.n++;

	ck_assert_uint_le(m->run.n, MAX_CALLS);
	site->addr = (int32_t)((uintptr_t)addr - (uintptr_t)&site->addr);
	site->tramp = (int32_t)((uintptr_t)callee->text -
				(uintptr_t)&site->tramp);
	m->image.n_sites = m->run.n;
}

static void put_call(struct made *m, size_t at, struct made *callee)
{
	uint8_t *code = m->text + at;
	int32_t rel = (int32_t)((uintptr_t)callee->text -
				(uintptr_t)(code + 5));

	code[0] = 0xe8;
	memcpy(code + 1, &rel, sizeof(rel));
	put_record(m, code, callee);
}

/* Each defines its call: what it calls is for the test to say. */
static void make_modules(void)
{
	everything.start = (uintptr_t)made;
	everything.end = (uintptr_t)(made + 3);
	make_module(a, "a", 1);
	make_module(b, "b", 2);
	make_module(c, "c", 3);
	static_call_init();
	said[0] = '\0';
}

static int add(struct made *m)
{
	int err;

	m->state = 1;
	ck_assert_int_eq(sc_enter(), 0);
	err = sc_registry_add(&m->module);
	sc_leave();
	return err;
}

static struct sc_module *leave(struct made *m)
{
	struct sc_module *gone;

	ck_assert_int_eq(sc_enter(), 0);
	gone = sc_registry_remove(&m->state);
	sc_leave();
	return gone;
}

static int update(struct made *m, void *func)
{
	return __static_call_update(&m->key, NULL, func);
}

/* --------------------------------------------------- what they are like */

static struct sc_key *entry(const struct made *m)
{
	return sc_registry_lookup(&m->key);
}

/* The place at @at of @m, which must be one. */
static struct sc_place *place(const struct made *m, size_t at)
{
	const struct sc_places *places = m->module.places;
	size_t i;

	for (i = 0; i < places->n; i++)
		if (places->places[i].addr == m->text + at)
			return places->places + i;
	ck_abort_msg("no place");
	return NULL;
}

static uintptr_t leads_to(const struct sc_place *p)
{
	uintptr_t to = 0;

	sc_insn_branch((enum sc_form)p->form, p->live, (uintptr_t)p->addr, &to);
	return to;
}

static void expect(const struct made *m, size_t at, const void *func)
{
	ck_assert_uint_eq(leads_to(place(m, at)), (uintptr_t)func);
}

/* Neither more nor fewer places than these are in the list of the key. */
static void expect_list(const struct made *m, size_t n)
{
	const struct sc_place *p;
	size_t found = 0;

	for (p = entry(m)->places; p; p = p->next_of_key) {
		ck_assert_ptr_eq(p->key, entry(m));
		found++;
	}
	ck_assert_uint_eq(found, n);
	ck_assert_uint_eq(entry(m)->n_places, n);
}

static void expect_modules(size_t n)
{
	const struct sc_places *places;
	size_t found = 0, n_places = 0;

	for_each_places(places) {
		found++;
		n_places += places->n;
	}
	ck_assert_uint_eq(found, n);
	ck_assert_uint_eq(sc_world->n_places, n_places);
}

/* ------------------------------------------------------ a module comes */

START_TEST(test_places_are_in_order_and_once)
{
	const struct sc_places *places;
	size_t i;

	make_modules();
	/* of the two records of one call the first is right */
	put_call(a, SECOND + 0x40, a);
	put_call(a, 0x80, a);
	put_call(a, 0x60, a);
	put_record(a, a->text + 0x80, b);
	put_call(a, 0x100, a);
	put_record(a, a->text + SECOND + 0x40, b);
	put_record(a, functions, a);
	ck_assert_int_eq(add(a), 0);
	places = a->module.places;
	ck_assert_uint_eq(places->n, 5);
	for (i = 1; i < places->n; i++)
		ck_assert(places->places[i - 1].addr <
			  places->places[i].addr);
	expect(a, 0x60, FUNC(1));
	expect(a, 0x80, FUNC(1));
	expect(a, 0x100, FUNC(1));
	expect(a, SECOND + 0x40, FUNC(1));
	/* what is in no text is kept for the report, and nothing else */
	expect_list(a, 5);
	expect_modules(1);
	ck_assert_uint_eq(places->n_texts, 2);
	ck_assert_ptr_eq(places->texts[0].places, place(a, 0x60));
	ck_assert_uint_eq(places->texts[0].n_places, 3);
	ck_assert_ptr_eq(places->texts[1].places, place(a, SECOND + 0x40));
	ck_assert_uint_eq(places->texts[1].n_places, 1);
	ck_assert_uint_eq(paper_text.registers, 2);
	ck_assert_uint_eq(paper_text.arenas, 2);
	ck_assert_uint_eq(paper_text.n_changes, 4);
	ck_assert_uint_eq(sc_world->n_waiting, 0);
	ck_assert_str_eq(said, "");
}
END_TEST

/* It defines a call for others, and has none of its own. */
START_TEST(test_module_without_places)
{
	make_modules();
	ck_assert_int_eq(add(a), 0);
	ck_assert_uint_eq(a->module.places->n, 0);
	ck_assert_uint_eq(paper_text.arenas, 0);
	put_call(b, 0x40, a);
	ck_assert_int_eq(add(b), 0);
	expect(b, 0x40, FUNC(1));
	ck_assert_ptr_eq(leave(a), &a->module);
	ck_assert_ptr_eq(leave(b), &b->module);
	expect_modules(0);
}
END_TEST

/* A key may be used before it is defined, and its places wait. */
START_TEST(test_keys_of_other_modules)
{
	make_modules();
	put_call(b, 0x40, a);
	put_call(b, 0x60, b);
	put_call(b, 0x80, c);
	ck_assert_int_eq(add(b), 0);
	ck_assert_uint_eq(paper_text.n_changes, 1);
	expect(b, 0x40, a->text);
	expect(b, 0x60, FUNC(2));
	/* the first place of this one is of the key that it defines */
	put_call(a, 0x40, a);
	put_call(a, 0x60, b);
	ck_assert_int_eq(add(a), 0);
	ck_assert_uint_eq(paper_text.n_changes, 3);
	expect(a, 0x40, FUNC(1));
	expect(a, 0x60, FUNC(2));
	expect(b, 0x40, FUNC(1));
	/* and of this one none is */
	put_call(c, 0x40, b);
	ck_assert_int_eq(add(c), 0);
	ck_assert_uint_eq(paper_text.n_changes, 2);
	expect(b, 0x80, FUNC(3));
	expect(c, 0x40, FUNC(2));
	expect_list(a, 2);
	expect_list(b, 3);
	expect_list(c, 1);
	expect_modules(3);
	ck_assert_int_eq(update(b, FUNC(5)), 0);
	ck_assert_uint_eq(paper_text.n_changes, 3);
	ck_assert_uint_eq(paper_text.changes[0].target->func,
			  (uintptr_t)FUNC(5));
	expect(a, 0x60, FUNC(5));
	expect(b, 0x60, FUNC(5));
	expect(c, 0x40, FUNC(5));
}
END_TEST

/* Its copy of the library may know of calls that this one does not. */
START_TEST(test_update_of_a_key_that_is_not_ours)
{
	make_modules();
	if (_i)
		put_call(a, 0x40, b);
	put_call(a, 0x60, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(update(b, FUNC(4)), 0);
	ck_assert_ptr_eq(b->key.func, FUNC(4));
	ck_assert_uint_eq(paper_text.n_changes, 0);
}
END_TEST

/* Many calls need more than what is there for few. */
START_TEST(test_room)
{
	size_t i;

	make_modules();
	for (i = 0; i < 20; i++)
		put_call(a, 0x40 + 16 * i, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_uint_ge(paper_text.room, 20);
	for (i = 0; i < 30; i++)
		put_call(b, 0x40 + 16 * i, a);
	ck_assert_int_eq(add(b), 0);
	ck_assert_uint_ge(paper_text.room, 50);
	ck_assert_uint_ge(sc_world->plan.max_keys, 50);
	ck_assert_uint_ge(sc_world->plan.max_changes, 50);
	ck_assert_int_eq(update(a, FUNC(4)), 0);
	ck_assert_uint_eq(paper_text.n_changes, 50);
}
END_TEST

/*
 * Each allocation in turn fails; then nothing is added and nothing known.  They
 * are: entries of keys, the plan's changes and keys, the places, and, where records
 * are not in order, room to sort.
 */
#define N_ALLOCATIONS	5

START_TEST(test_add_without_memory)
{
	bool fails = _i < N_ALLOCATIONS;
	size_t i;

	make_modules();
	for (i = 20; i-- > 0;)
		put_call(a, 0x40 + 16 * i, a);
	sc_alloc_fail_after = _i;
	ck_assert_int_eq(add(a), fails ? -ENOMEM : 0);
	ck_assert_int_eq(sc_alloc_fail_after, fails ? -1 : 0);
	sc_alloc_fail_after = -1;
	expect_modules(!fails);
	if (fails) {
		ck_assert_ptr_null(a->module.places);
		ck_assert_ptr_null(sc_world->keys);
		ck_assert_ptr_null(a->key.static_call_owner);
		ck_assert_int_eq(add(a), 0);
	}
	expect(a, 0x40, FUNC(1));
}
END_TEST

/* Twice the same is no order either. */
START_TEST(test_records_in_order_need_no_room)
{
	size_t i;

	make_modules();
	for (i = 0; i < 20; i++)
		put_call(a, 0x40 + 16 * i, a);
	if (_i)
		put_record(a, a->text + 0x40 + 16 * (i - 1), a);
	sc_alloc_fail_after = N_ALLOCATIONS - 1;
	ck_assert_int_eq(add(a), _i ? -ENOMEM : 0);
	ck_assert_int_eq(sc_alloc_fail_after, _i ? -1 : 0);
	sc_alloc_fail_after = -1;
}
END_TEST

/* Text with relocations is known for what it is: it is not asked for again. */
START_TEST(test_text_that_is_not_what_its_file_holds)
{
	make_modules();
	a->image.text_relocations = true;
	put_call(a, 0x40, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_uint_eq(paper_text.registers, 0);
	ck_assert_uint_eq(sc_world->n_waiting, 0);
	expect(a, 0x40, a->text);
}
END_TEST

START_TEST(test_what_is_said_of_a_module)
{
	make_modules();
	if (_i & 1)
		a->image.n_refused = 7;
	if (_i & 2)
		a->image.without_hook = true;
	a->image.code_moved = _i == 4;
	a->image.has_note = _i != 5;
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(strstr(said, "module a: " SC_EDITED
				      ": its notes are missing") != NULL, _i == 5);
	ck_assert_int_eq(strstr(said, "module a: " SC_EDITED
				      ": its notes lead to wrong addresses") != NULL,
			 _i & 1);
	ck_assert_int_eq(strstr(said, "module a: " SC_WITHOUT_HOOK) != NULL,
			 (_i & 2) != 0);
	ck_assert_int_eq(strstr(said, "module a: " SC_EDITED ": its code was moved") !=
				 NULL, _i == 4);
}
END_TEST

/* The call of another copy of the library is left to that copy. */
START_TEST(test_key_of_another_copy)
{
	make_modules();
	a->key.static_call_owner = (void *)functions;
	put_call(a, 0x40, a);
	put_call(a, 0x60, b);
	ck_assert_int_eq(add(a), 0);
	ck_assert_str_eq(said, "key a: defined in another copy of the library, which alone updates it, 0\n");
	ck_assert_uint_eq(a->module.places->n, 1);
}
END_TEST

START_TEST(test_module_that_is_not_patched)
{
	make_modules();
	put_call(a, 0x40, a);
	paper_text.prepare_error = -EIO;
	ck_assert_int_eq(add(a), 0);
	expect(a, 0x40, a->text);
	ck_assert_str_eq(said, "text a: not patched, calls go through their keys, -5\n");
	ck_assert_uint_eq(paper_text.commits, 0);
	paper_text.prepare_error = 0;
	ck_assert_int_eq(update(a, FUNC(4)), 0);
	expect(a, 0x40, FUNC(4));
}
END_TEST

/* Five calls, two at a time; an error leaves what was patched before it. */
START_TEST(test_module_is_patched_part_by_part)
{
	const size_t parts = _i ? 1 : 3, as_ever = sc_places_part;
	size_t i;

	make_modules();
	sc_places_part = 2;
	for (i = 0; i < 5; i++)
		put_call(a, 0x40 + 0x20 * i, a);
	paper_text.prepare_error = _i ? -EIO : 0;
	paper_text.fails_after = parts;
	ck_assert_int_eq(add(a), 0);
	ck_assert_uint_eq(paper_text.commits, parts);
	for (i = 0; i < 5; i++)
		expect(a, 0x40 + 0x20 * i, i < 2 * parts ? FUNC(1) : a->text);
	ck_assert_int_eq(strstr(said, "not patched") != NULL, _i);
	sc_places_part = as_ever;
	paper_text.prepare_error = 0;
	ck_assert_int_eq(update(a, FUNC(4)), 0);
	for (i = 0; i < 5; i++)
		expect(a, 0x40 + 0x20 * i, FUNC(4));
}
END_TEST

/* ----------------------------------------------------------- the start */

START_TEST(test_patching_is_forbidden)
{
	ck_assert_int_eq(setenv("STATIC_CALL_PATCH", "0", 1), 0);
	paper_text.reason = "it was not started";
	make_modules();
	ck_assert_str_eq(sc_backend_reason(), "STATIC_CALL_PATCH=0");
	put_call(a, 0x40, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(update(a, FUNC(4)), 0);
	ck_assert_ptr_eq(a->key.func, FUNC(4));
	ck_assert_uint_eq(paper_text.starts, 0);
	ck_assert_uint_eq(paper_text.tries, 0);
	ck_assert_uint_eq(paper_text.registers, 0);
	ck_assert_ptr_eq(leave(a), &a->module);
	sc_backend_end();
	ck_assert_uint_eq(paper_text.ends, 1);
}
END_TEST

START_TEST(test_reason)
{
	make_modules();
	ck_assert_uint_eq(paper_text.starts, 1);
	ck_assert_ptr_null(sc_backend_reason());
	paper_text.reason = "something else";
	ck_assert_str_eq(sc_backend_reason(), "something else");
}
END_TEST

/* ----------------------------------------------------------- once more */

/* Where nothing can be patched yet, nothing is asked and nothing planned. */
START_TEST(test_patching_begins_late)
{
	make_modules();
	paper_text.reason = "for now";
	put_call(a, 0x40, a);
	put_call(a, SECOND, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_uint_eq(paper_text.registers, 0);
	ck_assert_uint_eq(paper_text.prepares, 0);
	ck_assert_uint_eq(sc_world->n_waiting, 2);
	/* it is not over */
	ck_assert(!sc_backend_retry());
	ck_assert_uint_eq(paper_text.tries, 1);
	ck_assert_uint_eq(paper_text.registers, 0);
	ck_assert_uint_eq(sc_world->n_waiting, 2);
	paper_text.passes = true;
	ck_assert_int_eq(update(a, FUNC(4)), 0);
	expect(a, 0x40, FUNC(4));
	expect(a, SECOND, FUNC(4));
	ck_assert_uint_eq(paper_text.registers, 2);
	ck_assert_uint_eq(sc_world->n_waiting, 0);
	/* and there is nothing more to be asked */
	ck_assert(!sc_backend_retry());
	ck_assert_uint_eq(paper_text.registers, 2);
}
END_TEST

/* Some of the texts could be asked, and some not. */
START_TEST(test_texts_are_asked_again)
{
	make_modules();
	put_call(a, 0x40, a);
	put_call(b, 0x40, a);
	ck_assert_int_eq(add(a), 0);
	paper_text.blind = true;
	ck_assert_int_eq(add(b), 0);
	ck_assert_uint_eq(sc_world->n_waiting, 2);
	ck_assert_str_eq(said, "text b: not patched yet, for the next update looks at its mapping again, 0\n"
			       "text b: not patched yet, for the next update looks at its mapping again, 0\n");
	expect(b, 0x40, a->text);
	ck_assert_uint_eq(paper_text.registers, 4);
	ck_assert(!sc_backend_retry());
	ck_assert_uint_eq(paper_text.registers, 6);
	ck_assert_uint_eq(sc_world->n_waiting, 2);
	/* what may not be patched is not asked for ever */
	paper_text.blind = false;
	paper_text.unfit = _i;
	ck_assert_int_eq(sc_backend_retry(), !_i);
	ck_assert_uint_eq(paper_text.registers, 8);
	ck_assert_uint_eq(sc_world->n_waiting, 0);
	ck_assert(!sc_backend_retry());
	ck_assert_uint_eq(paper_text.registers, 8);
}
END_TEST

/* ------------------------------------------------------ a module leaves */

START_TEST(test_modules_leave_in_any_order)
{
	static const int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct traces before;
	size_t i, k;

	make_modules();
	/* what stays mapped once modules were here */
	for (k = 0; k < 2; k++) {
		for (i = 0; i < 3; i++) {
			made[i].run.n = 0;
			put_call(made + i, 0x40, a);
			put_call(made + i, 0x60, made + i);
			put_call(made + i, 0x80, a);
			ck_assert_int_eq(add(made + i), 0);
		}
		ck_assert_uint_eq(paper_text.forgets, 6 * k);
		for (i = 0; i < 3; i++) {
			struct made *m = made + orders[_i][i];

			ck_assert_ptr_eq(leave(m), &m->module);
			expect_modules(2 - i);
		}
		ck_assert_uint_eq(paper_text.forgets, 6 * (k + 1));
		ck_assert_uint_eq(paper_text.restores, 6 * (k + 1));
		ck_assert_ptr_null(sc_world->keys);
		if (!k)
			traces_look(&before);
	}
	traces_same(&before);
}
END_TEST

/* The places of one module go out of the lists, and no others. */
START_TEST(test_lists_without_a_module)
{
	struct made *m = made + _i;
	size_t i;

	make_modules();
	for (i = 0; i < 3; i++) {
		put_call(made + i, 0x40, a);
		put_call(made + i, 0x60, a);
		put_call(made + i, 0x80, b);
		put_call(made + i, 0xa0, c);
		ck_assert_int_eq(add(made + i), 0);
	}
	ck_assert_ptr_eq(leave(m), &m->module);
	for (i = 0; i < 3; i++)
		if (made + i != m)
			expect_list(made + i, i ? 2 : 4);
	/* nobody defines what the others call */
	for (i = 0; i < 3; i++)
		if (made + i != m)
			ck_assert_ptr_null(place(made + i,
						 m == a ? 0x40 :
						 m == b ? 0x80 : 0xa0)->key);
}
END_TEST

/* Where the file cannot be had back, place by place. */
START_TEST(test_module_that_cannot_be_given_back)
{
	make_modules();
	put_call(a, 0x40, a);
	put_call(a, SECOND, a);
	ck_assert_int_eq(add(a), 0);
	paper_text.stays = true;
	ck_assert_ptr_eq(leave(a), &a->module);
	ck_assert_uint_eq(paper_text.changed, 4);
	ck_assert_ptr_null(a->module.places);
	expect_modules(0);
	ck_assert_str_eq(said, "");
}
END_TEST

/* A module of which only the second text is patched cannot go. */
static void make_stuck(int err)
{
	make_modules();
	put_call(b, SECOND, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(add(b), 0);
	said[0] = '\0';
	paper_text.stays = true;
	paper_text.prepare_error = err;
	ck_assert_ptr_null(leave(b));
	paper_text.stays = false;
	paper_text.prepare_error = 0;
}

START_TEST(test_stuck_module)
{
	make_stuck(-EIO);
	ck_assert_str_eq(said, "text b: not restored, -5\nerror : of a module, -5\n");
	ck_assert_int_eq(b->module.stuck, -EIO);
	ck_assert_int_eq(b->module.places->texts[0].stuck, 0);
	ck_assert_int_eq(b->module.places->texts[1].stuck, -EIO);
	expect(b, SECOND, FUNC(1));
	/* it calls on where it did, so the call cannot be changed */
	ck_assert_int_eq(update(a, FUNC(4)), -EIO);
	ck_assert_ptr_eq(a->key.func, FUNC(1));
	/* not even as others come that call the same */
	put_call(c, 0x40, a);
	ck_assert_int_eq(add(c), 0);
	expect(c, 0x40, FUNC(1));
	/* or as the call itself leaves */
	if (_i) {
		ck_assert_ptr_eq(leave(a), &a->module);
		ck_assert_uint_eq(paper_text.n_changes, 1);
		expect(b, SECOND, FUNC(1));
		expect(c, 0x40, a->text);
		return;
	}
	/* until its mapping is gone */
	paper_text.gone = (uintptr_t)b->text + SECOND;
	ck_assert_int_eq(update(a, FUNC(4)), 0);
	expect_modules(2);
	expect_list(a, 1);
	expect(c, 0x40, FUNC(4));
}
END_TEST

/* What was not patched is not stuck, whatever the error. */
START_TEST(test_module_that_was_not_patched)
{
	make_modules();
	put_call(a, 0x40, a);
	paper_text.prepare_error = -EIO;
	ck_assert_int_eq(add(a), 0);
	paper_text.stays = true;
	ck_assert_ptr_eq(leave(a), &a->module);
	expect_modules(0);
}
END_TEST

/* Only the text that is stuck is looked for. */
START_TEST(test_stuck_module_is_mapped)
{
	make_stuck(-EIO);
	ck_assert(sc_backend_is_mapped(&b->module));
	paper_text.gone = (uintptr_t)b->text + SECOND;
	ck_assert(!sc_backend_is_mapped(&b->module));
}
END_TEST

/* --------------------------------------------------------- a key leaves */

START_TEST(test_orphans)
{
	struct sc_key *key;

	make_modules();
	put_call(a, 0x40, a);
	put_call(b, 0x40, a);
	put_call(b, 0x60, b);
	put_record(b, functions, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(add(b), 0);
	key = entry(a);
	if (_i) {
		paper_text.prepare_error = -EIO;
		said[0] = '\0';
	}
	ck_assert_int_eq(sc_enter(), 0);
	sc_backend_orphan(key, &sc_world->plan);
	sc_leave();
	ck_assert_uint_eq(paper_text.n_changes, 2);
	ck_assert_ptr_null(paper_text.changes[0].target);
	ck_assert_str_eq(said, _i ? "key a: leaves, and calls elsewhere are not restored, -5\n" : "");
	expect(a, 0x40, _i ? FUNC(1) : a->text);
	expect(b, 0x40, _i ? FUNC(1) : a->text);
	expect(b, 0x60, FUNC(2));
	ck_assert_ptr_null(place(a, 0x40)->key);
	ck_assert_ptr_null(place(b, 0x40)->key);
	expect_list(a, 0);
	expect_list(b, 1);
}
END_TEST

/* ------------------------------------------------ in a child of fork() */

/*
 * What the child believes: the modules that are known, and the entries of keys.
 * @b was coming or going, so it is not known, and its key is spare.
 */
START_TEST(test_repair)
{
	struct sc_key *keys[3];
	size_t i;

	make_modules();
	for (i = 0; i < 3; i++) {
		put_call(made + i, 0x40, a);
		put_call(made + i, 0x60, b);
		put_call(made + i, 0x80, c);
		put_call(made + i, SECOND, made + i);
		ck_assert_int_eq(add(made + i), 0);
	}
	for (i = 0; i < 3; i++) {
		keys[i] = entry(made + i);
		keys[i]->places = NULL;
		keys[i]->n_places = 0;
	}
	keys[1]->key = NULL;
	ck_assert_ptr_eq(sc_world->modules, &c->module);
	c->module.next = &a->module;
	a->module.next = NULL;
	ck_assert_int_eq(sc_enter(), 0);
	sc_backend_repair(sc_world->modules);
	sc_leave();
	ck_assert_uint_eq(paper_text.engine_repairs, 1);
	ck_assert_uint_eq(paper_text.repairs, 6);
	expect_modules(2);
	ck_assert_uint_eq(sc_world->n_places, 8);
	ck_assert_uint_gt(sc_world->n_waiting, 0);
	expect_list(a, 3);
	expect_list(c, 3);
	ck_assert_ptr_null(place(a, 0x60)->key);
	ck_assert_ptr_null(place(c, 0x60)->key);
	expect(a, 0x40, a->text);
	/* it is as good as new */
	ck_assert_int_eq(update(a, FUNC(4)), 0);
	ck_assert_uint_eq(paper_text.n_changes, 3);
	expect(a, 0x40, FUNC(4));
	expect(c, 0x40, FUNC(4));
	ck_assert_uint_eq(sc_world->n_waiting, 0);
}
END_TEST

/* ---------------------------------------------------------- the reports */

START_TEST(test_states_are_counted)
{
	struct static_call_info info = { .size = sizeof(info) };
	size_t i;

	make_modules();
	put_call(a, 0x40, a);
	put_call(a, SC_PAGE - 2, a);
	for (i = 0; i < 2; i++)
		put_record(a, a->text + 0x400 + i, a);
	for (i = 0; i < 3; i++)
		put_record(a, functions + i, a);
	for (i = 0; i < 4; i++)
		put_call(b, 0x40 + 16 * i, b);
	for (i = 0; i < 5; i++)
		put_call(b, 0x100 + 16 * i, c);
	b->key.func = FAR;
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(add(b), 0);
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.sites, 16);
	ck_assert_uint_eq(info.sites_patched, 1);
	ck_assert_uint_eq(info.sites_crossing, 1);
	ck_assert_uint_eq(info.sites_foreign, 2);
	ck_assert_uint_eq(info.sites_unsafe, 3);
	ck_assert_uint_eq(info.sites_far, 4);
	ck_assert_uint_eq(info.sites_waiting, 5);
	ck_assert_uint_eq(info.copies_dropped, 11);
	ck_assert_uint_eq(info.sites_given_up, 12);
	ck_assert_uint_eq(sc_backend_patched(entry(a)), 1);
	ck_assert_uint_eq(sc_backend_patched(entry(b)), 0);
	ck_assert_uint_eq(sc_backend_patched(entry(c)), 0);
}
END_TEST

/* What the text is counts before where the place is; that it is foreign, not. */
START_TEST(test_states_in_text_that_is_not_patched)
{
	struct static_call_info info = { .size = sizeof(info) };

	make_modules();
	paper_text.blind = !_i;
	paper_text.unfit = true;
	put_call(a, 0x40, a);
	put_call(a, SC_PAGE - 2, a);
	put_record(a, a->text + 0x400, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.sites_foreign, 1);
	ck_assert_uint_eq(_i ? info.sites_unsafe : info.sites_waiting, 2);
}
END_TEST

/*
 * A pristine place is patched if that is what the encoder makes, waits if it is
 * not, and waits for a key if it has none.  One that could not be made pristine
 * as its key left is patched still.
 */
START_TEST(test_states_of_pristine_places)
{
	struct static_call_info info = { .size = sizeof(info) };

	make_modules();
	put_call(a, 0x40, a);
	if (_i == 0)
		a->key.func = a->text;
	else if (_i == 1)
		paper_text.prepare_error = -EIO;
	ck_assert_int_eq(add(a), 0);
	if (_i == 3)
		paper_text.prepare_error = -EIO;
	if (_i >= 2)
		sc_backend_orphan(entry(a), &sc_world->plan);
	ck_assert_int_eq(static_call_get_info(&info), 0);
	ck_assert_uint_eq(info.sites_patched, _i == 0 || _i == 3);
	ck_assert_uint_eq(info.sites_waiting, _i == 1 || _i == 2);
}
END_TEST

static struct sc_site_cursor cursor;

static void expect_next(const struct made *m, size_t at)
{
	struct static_call_site_info site;

	ck_assert(sc_backend_next_site(&cursor, &site));
	ck_assert_ptr_eq(site.addr, m->text + at);
	ck_assert_uint_eq(site.len, 5);
	ck_assert_int_eq(site.kind, STATIC_CALL_KIND_CALL);
	ck_assert_int_eq(site.state, STATIC_CALL_SITE_PATCHED);
	ck_assert_ptr_eq(site.key, &m->key);
	ck_assert_str_eq(site.name, m->define.name);
}

/* Newest first; what comes meanwhile is passed over, what went is not there. */
START_TEST(test_walk_over_all_places)
{
	struct static_call_site_info site;
	size_t i;

	make_modules();
	for (i = 0; i < 2; i++) {
		put_call(made + i, 0x40, made + i);
		put_call(made + i, 0x60, made + i);
		ck_assert_int_eq(add(made + i), 0);
	}
	put_call(c, 0x40, c);
	cursor = (struct sc_site_cursor){ .serial = ~0ul };
	expect_next(b, 0x40);
	if (_i == 1)
		ck_assert_int_eq(add(c), 0);
	expect_next(b, 0x60);
	if (_i == 2)
		ck_assert_int_eq(add(c), 0);
	if (_i != 3) {
		expect_next(a, 0x40);
		expect_next(a, 0x60);
	} else {
		ck_assert_ptr_eq(leave(a), &a->module);
	}
	ck_assert(!sc_backend_next_site(&cursor, &site));
	ck_assert(!sc_backend_next_site(&cursor, &site));
}
END_TEST

/* One whose key has gone has no name. */
START_TEST(test_walk_over_orphans)
{
	struct static_call_site_info site;

	make_modules();
	put_call(b, 0x40, a);
	ck_assert_int_eq(add(a), 0);
	ck_assert_int_eq(add(b), 0);
	ck_assert_ptr_eq(leave(a), &a->module);
	cursor = (struct sc_site_cursor){ .serial = ~0ul };
	ck_assert(sc_backend_next_site(&cursor, &site));
	ck_assert_ptr_null(site.key);
	ck_assert_str_eq(site.name, "");
	ck_assert_int_eq(site.state, STATIC_CALL_SITE_WAITING);
}
END_TEST

static bool reserved(const struct made *m, size_t start, size_t end)
{
	return sc_backend_reserved(m->text + start, m->text + end);
}

START_TEST(test_reserved)
{
	make_modules();
	put_call(a, 0x40, a);
	put_call(b, 0x80, b);
	put_record(b, b->text + 0x400, b);
	ck_assert_int_eq(add(a), 0);
	paper_text.unfit = true;
	ck_assert_int_eq(add(b), 0);
	ck_assert(!reserved(a, 0x3f, 0x3f));
	ck_assert(reserved(a, 0x3f, 0x40));
	ck_assert(reserved(a, 0x44, 0x50));
	ck_assert(!reserved(a, 0x45, 0x50));
	ck_assert(reserved(a, 0, SC_PAGE));
	/* what may not be patched, and what is foreign, is nobody's */
	ck_assert(!reserved(b, 0, SC_PAGE));
}
END_TEST

int main(void)
{
	TCase *tc = unit_begin("places");

	tcase_add_test(tc, test_places_are_in_order_and_once);
	tcase_add_test(tc, test_module_without_places);
	tcase_add_test(tc, test_keys_of_other_modules);
	tcase_add_loop_test(tc, test_update_of_a_key_that_is_not_ours, 0, 2);
	tcase_add_test(tc, test_room);
	tcase_add_loop_test(tc, test_add_without_memory, 0, N_ALLOCATIONS + 1);
	tcase_add_loop_test(tc, test_records_in_order_need_no_room, 0, 2);
	tcase_add_test(tc, test_text_that_is_not_what_its_file_holds);
	tcase_add_loop_test(tc, test_what_is_said_of_a_module, 0, 6);
	tcase_add_test(tc, test_key_of_another_copy);
	tcase_add_test(tc, test_module_that_is_not_patched);
	tcase_add_loop_test(tc, test_module_is_patched_part_by_part, 0, 2);
	tcase_add_test(tc, test_patching_is_forbidden);
	tcase_add_test(tc, test_reason);
	tcase_add_test(tc, test_patching_begins_late);
	tcase_add_loop_test(tc, test_texts_are_asked_again, 0, 2);
	tcase_add_loop_test(tc, test_modules_leave_in_any_order, 0, 6);
	tcase_add_loop_test(tc, test_lists_without_a_module, 0, 3);
	tcase_add_test(tc, test_module_that_cannot_be_given_back);
	tcase_add_loop_test(tc, test_stuck_module, 0, 2);
	tcase_add_test(tc, test_module_that_was_not_patched);
	tcase_add_test(tc, test_stuck_module_is_mapped);
	tcase_add_loop_test(tc, test_orphans, 0, 2);
	tcase_add_test(tc, test_repair);
	tcase_add_test(tc, test_states_are_counted);
	tcase_add_loop_test(tc, test_states_in_text_that_is_not_patched, 0, 2);
	tcase_add_loop_test(tc, test_states_of_pristine_places, 0, 4);
	tcase_add_loop_test(tc, test_walk_over_all_places, 0, 4);
	tcase_add_test(tc, test_walk_over_orphans);
	tcase_add_test(tc, test_reserved);
	return unit_end();
}
